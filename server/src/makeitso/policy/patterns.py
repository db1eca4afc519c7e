"""Patterns of commands: a command in words, each of which may have `*` and `?`.

A last `*` stands for any further words, or none. A pattern that denies is read widely: one command
of a line that has its form is enough. A pattern that allows is read narrowly: what a shell would
make something else of than what is written has no form at all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.policy.shell_wrappers import well_known

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.policy.shell_chains import Command
    from makeitso.policy.shell_words import Redirect, Word

_EXPANDS = re.compile(r"[*?\[{]")
_HOME = re.compile(r"(?:^|[=:])~")
_UPWARDS = re.compile(r"(?:^|[/=:,])\.\.(?:/|$)")

_STARTS_PROGRAMS: dict[str, tuple[str, ...]] = {
    "git": (
        "--config", "--config-env", "--exec", "--exec-path", "--ext-diff", "--extcmd",
        "--git-dir", "--receive-pack", "--template", "--textconv", "--upload-pack", "--work-tree",
    ),
    "git clone": ("-c", "-u"),
    "git grep": ("-O", "--open-files-in-pager"),
    "git rebase": ("-x",),
    "cargo": ("--config", "--manifest-path"),
    "curl": ("-K", "-O", "-o", "--config", "--output", "--remote-name"),
    "make": ("-C", "-I", "-f", "--directory", "--eval", "--file", "--makefile", "="),
    "npm": ("-C", "--node-options", "--prefix", "--script-shell"),
    "pip": ("--config-settings", "--global-option", "--python"),
    "pytest": ("-c", "-o", "-p", "--confcutdir", "--rootdir"),
    "rsync": ("-e", "--rsh", "--rsync-path"),
    "scp": ("-F", "-S", "-o"),
    "sftp": ("-F", "-S", "-o"),
    "sort": ("-o", "--compress-program", "--output"),
    "tar": (
        "-F", "-I", "--checkpoint-action", "--info-script", "--new-volume-script", "--rsh-command",
        "--to-command", "--use-compress-program",
    ),
    "wget": ("-O", "-P", "-e", "--directory-prefix", "--execute", "--output-document"),
}  # fmt: skip
"""Options by which a program starts another one, or acts elsewhere: no `*` stands for them. Keys
are programs, or a program and its verb. `=`: any word with one."""


def denied_form(pattern: str, command: Command) -> bool:
    """Whether a command has the form of a pattern, read widely."""
    wanted = pattern.split()
    words = [word.written for word in command.words]
    if not wanted:
        return False
    if "/" not in wanted[0]:
        words[0] = command.program or words[0]
    if wanted[-1] == "*" and len(wanted) > 1:
        wanted.pop()
        words = words[: len(wanted)]
    return len(words) == len(wanted) and all(map(fits, words, wanted))


def allowed_form(pattern: str, command: Command) -> bool:
    """Whether a command has the form of a pattern, and nothing about it is anything else.

    It is started by itself and not through another program, sets no variables, writes and reads no
    files by redirection, and its program is one of the system or is named with its whole path.
    """
    wanted = pattern.split()
    if not wanted or command.wrapped or command.settings or not harmless(command.redirects):
        return False
    if any(word.literal is None for word in command.words):
        return False
    if not _same_program(command.words[0], wanted[0]):
        return False
    words, forms = command.words[1:], wanted[1:]
    rest: Sequence[Word] = ()
    if forms and forms[-1] == "*":
        forms = forms[:-1]
        words, rest = words[: len(forms)], words[len(forms) :]
    return (
        len(words) == len(forms)
        and all(_word_fits(word, form, command) for word, form in zip(words, forms, strict=True))
        and not any(_beyond_a_star(word, command) for word in rest)
    )


def harmless(redirects: Iterable[Redirect]) -> bool:
    """Whether redirections only join streams or throw output away."""
    for redirect in redirects:
        target = redirect.target.literal
        joins = redirect.text in (">&", "<&") and target is not None and target.isdecimal()
        if not joins and target != "/dev/null":
            return False
    return True


def fits(text: str, form: str) -> bool:
    """Whether a text has a form with `*` for any characters and `?` for one; time is bounded."""
    at = star = mark = 0
    begun = False
    place = 0
    while at < len(text):
        if place < len(form) and form[place] == "*":
            begun, star, mark = True, place, at
            place += 1
        elif place < len(form) and form[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif begun:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return not form[place:].strip("*")


def wild(form: str) -> bool:
    """Whether a word of a pattern stands for more than itself."""
    return "*" in form or "?" in form


def _same_program(word: Word, form: str) -> bool:
    text = word.literal or ""
    if wild(form) or _expands(word):
        return False
    return text == form if "/" in form else well_known(word) and text.rpartition("/")[2] == form


def _word_fits(word: Word, form: str, command: Command) -> bool:
    text = word.literal or ""
    if _expands(word):
        return False
    if not wild(form):
        return text == form
    return fits(text, form) and not _beyond_a_star(word, command)


def _expands(word: Word) -> bool:
    """Whether a shell may make another word, or several, of it: names of files a worker chose."""
    texts = [part.text for part in word.parts if part.kind == "text"]
    return any(_EXPANDS.search(text) for text in texts) or _HOME.search(word.bare) is not None


def _beyond_a_star(word: Word, command: Command) -> bool:
    """Whether no `*` stands for a word: it may expand, leads upwards or starts a program."""
    text = word.literal or ""
    if _expands(word) or _UPWARDS.search(text):
        return True
    name, verb = command.program or "", command.arguments[0].literal if command.arguments else ""
    options = (*_STARTS_PROGRAMS.get(name, ()), *_STARTS_PROGRAMS.get(f"{name} {verb}", ()))
    return any(_is_option(text, option) for option in options)


def _is_option(text: str, option: str) -> bool:
    if option == "=":
        return "=" in text
    if option.startswith("--"):
        key = text.partition("=")[0]  # which may be cut short: `--upload-p`
        return len(key) > 3 and key.startswith("--") and option.startswith(key)
    # A short one may stand among others: `-vo`.
    return text.startswith("-") and not text.startswith("--") and option[1] in text
