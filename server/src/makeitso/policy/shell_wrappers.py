"""Programs that start another program, and programs that are given code: what is inside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.policy.shell_words import Part, Word, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHELLS = frozenset(["sh", "bash", "zsh", "dash", "ksh", "mksh", "ash", "rbash", "fish"])

SYSTEM_DIRECTORIES = frozenset(
    [
        "/bin",
        "/sbin",
        "/usr/bin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
        "/opt/homebrew/sbin",
        "/home/linuxbrew/.linuxbrew/bin",
        "/run/current-system/sw/bin",
    ]
)
"""Where a program is what its name says: no worker can write there."""

_TAKES_VALUE: dict[str, tuple[str, frozenset[str]]] = {
    "sudo": (
        "ugpCDRTUrth",
        frozenset(
            [
                "user",
                "group",
                "prompt",
                "chdir",
                "chroot",
                "host",
                "other-user",
                "role",
                "type",
                "close-from",
            ]
        ),
    ),
    "doas": ("uC", frozenset()),
    "env": ("uCS", frozenset(["unset", "chdir", "split-string"])),
    "nice": ("n", frozenset(["adjustment"])),
    "ionice": ("cnpPu", frozenset(["class", "classdata", "pid"])),
    "nohup": ("", frozenset()),
    "setsid": ("", frozenset()),
    "timeout": ("ks", frozenset(["kill-after", "signal"])),
    "time": ("fo", frozenset(["format", "output"])),
    "stdbuf": ("ioe", frozenset(["input", "output", "error"])),
    "xargs": (
        "ILlnPdasEei",
        frozenset(
            [
                "arg-file",
                "delimiter",
                "max-args",
                "max-procs",
                "max-chars",
            ]
        ),
    ),
    "exec": ("a", frozenset()),
    "command": ("", frozenset()),
    "builtin": ("", frozenset()),
    "busybox": ("", frozenset()),
    "toybox": ("", frozenset()),
    "chronic": ("", frozenset()),
    "unbuffer": ("", frozenset()),
    "caffeinate": ("tw", frozenset()),
    "catchsegv": ("", frozenset()),
    "chrt": ("TPD", frozenset()),
    "taskset": ("", frozenset()),
    "flock": ("wE", frozenset(["timeout", "wait", "conflict-exit-code"])),
}
"""Wrapper → short options that take a value, and long ones that do so without `=`."""

_OPERANDS = {"timeout": 1, "chrt": 1, "taskset": 1, "flock": 1}
"""Operands of its own before the command: a duration, a priority, a mask, a lock file."""

WRAPPERS = frozenset(_TAKES_VALUE)
"""Programs that start the program they are given."""

RUNNERS = frozenset(
    ["ssh", "watch", "parallel", "su", "script", "chroot", "unshare", "nsenter", "docker", "podman"]
)
"""They run a command line elsewhere or later, in ways of their own."""

_CODE = {
    "python": "c", "python2": "c", "python3": "c", "pypy": "c", "pypy3": "c", "perl": "eE",
    "ruby": "e", "node": "ep", "nodejs": "ep", "deno": "", "bun": "e", "php": "r", "lua": "e",
    "Rscript": "e", "osascript": "e", "tclsh": "", "awk": "", "gawk": "", "mawk": "",
}  # fmt: skip
INTERPRETERS = frozenset(_CODE)
"""Programs that can be given code."""
_VERSIONED = re.compile(r"(python|pypy|perl|ruby|php|lua)[0-9.]+")
MOST_WRAPPERS = 16
_GLOB = re.compile(r"[*?\[{]")


@dataclass
class Opened:
    """A command with its wrappers taken off."""

    words: list[Word]
    wrappers: list[str] = field(default_factory=list[str])
    settings: list[tuple[str, Word]] = field(default_factory=list[tuple[str, Word]])
    moves: list[str | None] = field(default_factory=list["str | None"])
    doubts: list[str] = field(default_factory=list[str])
    split: list[Word] = field(default_factory=list[Word])
    """What `env -S` puts before the rest."""
    mark: str | None = None
    """What stands for a line of the input of `xargs -I`."""
    delimiter: str = ""
    """What parts the input of `xargs -d`."""


def program(word: Word) -> str | None:
    """Name of the program a word names, without its directory; None: it cannot be known."""
    text = word.literal
    if text is None or any(p.kind == "text" and _GLOB.search(p.text) for p in word.parts):
        return text if text in ("[", "[[", "{") else None
    return text.rsplit("/", 1)[-1]


def well_known(word: Word) -> bool:
    """Whether a program is named plainly, or in a directory of the system."""
    text = word.literal
    return text is not None and ("/" not in text or text.rpartition("/")[0] in SYSTEM_DIRECTORIES)


def versionless(name: str) -> str:
    """An interpreter's name without its version: `python3.12` is `python`."""
    versioned = _VERSIONED.fullmatch(name)
    return versioned[1] if versioned else name


def unwrap(words: Sequence[Word]) -> Opened:
    """Take wrappers off until a program is left that does something itself."""
    out = Opened(list(words))
    while len(out.wrappers) < MOST_WRAPPERS:
        name = program(out.words[0])
        if name in RUNNERS:
            out.doubts.append(f"`{name}` runs what it is given in a way of its own")
        if name is None or name not in _TAKES_VALUE:
            return out
        rest = _inside(name, out)
        rest, out.split = [*out.split, *rest], []
        if not rest:
            return out
        if name == "xargs":
            out.doubts.append("`xargs` adds arguments as it runs")
        out.wrappers.append(name)
        out.words = rest
    out.doubts.append("too many programs start each other")
    return out


def _inside(name: str, out: Opened) -> list[Word]:
    """What a wrapper runs; empty: nothing."""
    short, long = _TAKES_VALUE[name]
    words, at = out.words[1:], 0
    while at < len(words):
        text = words[at].written
        if name in ("env", "sudo") and (found := re.match(r"([A-Za-z_]\w*)=", words[at].bare)):
            first, *others = words[at].parts
            value = Word((Part(first.kind, first.text[found.end() :]), *others))
            out.settings.append((found[1], value))
            at += 1
        elif text == "--":
            at += 1
            break
        elif not text.startswith("-") or text == "-":
            break
        elif name == "command" and text in ("-v", "-V"):
            return []
        else:
            at += _option(name, words, at, short, long, out)
    at += _OPERANDS.get(name, 0)
    if name == "flock" and at < len(words) and words[at].written in ("-c", "--command"):
        out.doubts.append("`flock -c` runs a command line of its own")
    return words[at:]


def _option(
    name: str, words: Sequence[Word], at: int, short: str, long: frozenset[str], out: Opened
) -> int:
    """How many words an option takes."""
    text = words[at].written
    value = words[at + 1] if at + 1 < len(words) else None
    if text.startswith("--"):
        key, sign, joined = text[2:].partition("=")
        if name == "env" and key == "split-string":
            _split(joined if sign else value.written if value else "", out)
        if name == "xargs":
            own = value.written if value and key in long else ""
            _parting(key[:1], joined if sign else own, out)
        if key == "chdir":
            out.moves.append(joined if sign else value.literal if value else None)
        return 2 if key in long and not sign else 1
    letters = text[1:]
    place = next((i for i, letter in enumerate(letters) if letter in short), None)
    if place is None:
        return 1
    joined = letters[place + 1 :]
    letter = letters[place]
    if (name, letter) == ("env", "S"):
        _split(joined or (value.written if value else ""), out)
    if (name, letter) in (("env", "C"), ("sudo", "D")):
        out.moves.append(joined or (value.literal if value else None))
    if name == "xargs":
        own = joined or (value.written if value and letter in "Id" else "")
        _parting({"I": "r", "i": "r"}.get(letter, letter), own, out)
    if (name, letter) in (("xargs", "i"), ("xargs", "e"), ("xargs", "l")):
        return 1  # their value is joined or absent
    return 1 if joined else 2


def _parting(letter: str, value: str, out: Opened) -> None:
    """Note how `xargs` reads its input: what parts it, and what stands for a part."""
    if letter == "r":
        out.mark = value or "{}"
    elif letter == "d":
        out.delimiter = value


def _split(text: str, out: Opened) -> None:
    out.doubts.append("`env -S` splits what it runs in a way of its own")
    words = [token for token in tokenise(text).tokens if isinstance(token, Word)]
    out.split += words


def dashed_script(arguments: Sequence[Word]) -> Word | None:
    """The command line given to a shell with `-c`."""
    at = 0
    while at < len(arguments):
        text = arguments[at].written
        if len(text) < 2 or text[0] not in "-+" or text == "--":
            return None
        if text.startswith("--"):
            at += 2 if text in ("--rcfile", "--init-file") else 1
            continue
        if text[0] == "-" and "c" in text:
            # More options may stand between it and the command line.
            rest = [word for word in arguments[at + 1 :] if not word.written.startswith(("-", "+"))]
            return rest[1 if "o" in text and len(rest) > 1 else 0] if rest else None
        at += 2 if text[-1] in "oO" else 1
    return None


def script_operand(arguments: Sequence[Word]) -> Word | None:
    """The file a shell is told to run; None: it reads its input."""
    at = 0
    while at < len(arguments):
        text = arguments[at].written
        if text == "--":
            at += 1
            break
        if text == "-" or not text.startswith(("-", "+")):
            break
        if text == "-s":
            return None
        at += 2 if text[-1] in "oO" and not text.startswith("--") else 1
    if at >= len(arguments) or arguments[at].written in ("-", "/dev/stdin"):
        return None
    return arguments[at]


def inline_code(name: str, arguments: Sequence[Word]) -> str:
    """Why an interpreter's command cannot be understood: it is given code; empty: it is not."""
    letters = _CODE.get(versionless(name))
    if letters is None:
        return ""
    texts = [word.written for word in arguments]
    given = [t for t in texts if t.startswith("-") and any(c in t[1:] for c in letters)]
    reads = not arguments or texts[0] == "-"
    if name in ("awk", "gawk", "mawk", "tclsh", "deno") or given or reads or "--eval" in texts:
        return f"`{name}` is given code in another language"
    return ""


def find_commands(arguments: Sequence[Word]) -> Iterator[list[Word]]:
    """What `find` runs on each file."""
    at = 0
    while at < len(arguments):
        if arguments[at].written not in ("-exec", "-execdir", "-ok", "-okdir"):
            at += 1
            continue
        argv: list[Word] = []
        at += 1
        while at < len(arguments) and arguments[at].written not in (";", "+"):
            argv.append(arguments[at])
            at += 1
        if argv:
            yield argv
