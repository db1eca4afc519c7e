"""Refusals about git: see `refusals`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.policy.refusals_files import flagged, operands
from makeitso.policy.shell_paths import outside, pointed, whereabouts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.policy.shell_chains import Chain, Command
    from makeitso.policy.shell_paths import Place
    from makeitso.policy.shell_words import Word

_VALUED = frozenset(
    [
        "-C",
        "-c",
        "--git-dir",
        "--work-tree",
        "--namespace",
        "--exec-path",
        "--config-env",
        "--super-prefix",
    ]
)
_PLACES = ("-C", "--git-dir", "--work-tree")


@dataclass(frozen=True)
class _Git:
    verb: str
    arguments: Sequence[Word]
    places: tuple[Word, ...]
    """Directories named before the verb."""


def rewrites_published(command: Command, index: int, chain: Chain, place: Place) -> str:
    """A push that overwrites or deletes."""
    del index, chain, place
    git = _git(command)
    if git is None or git.verb != "push" or flagged(git.arguments, "n", "dry-run"):
        return ""
    if flagged(git.arguments, "fd", "force", "force-with-lease", "mirror", "delete", "prune"):
        return "`git push` would overwrite or delete what is published"
    for word in list(operands(git.arguments))[1:]:
        if word.written.startswith(("+", ":")):
            return f"`git push … {word.written}` would overwrite or delete what is published"
    return ""


def discards_elsewhere(command: Command, index: int, chain: Chain, place: Place) -> str:
    """Discarding work outside the worktree, which no snapshot of ours has."""
    del index, chain
    git = _git(command)
    if git is None or not _discards(git):
        return ""
    here = whereabouts(command.here, place)
    settings = [word for name, word in command.settings if name in ("GIT_DIR", "GIT_WORK_TREE")]
    paths = [here, *(pointed(word, here) for word in (*git.places, *settings))]
    away = next((path for path in paths if path is not None and outside(path, place)), None)
    return f"`git {git.verb}` would discard work in {away}" if away else ""


def _discards(git: _Git) -> bool:
    if git.verb == "reset":
        return flagged(git.arguments, "", "hard", "merge", "keep")
    if git.verb == "clean":
        return flagged(git.arguments, "f", "force") and not flagged(git.arguments, "n", "dry-run")
    if git.verb in ("checkout", "switch"):
        return flagged(git.arguments, "f", "force", "discard-changes")
    return git.verb in ("restore", "filter-branch", "filter-repo")


def _git(command: Command) -> _Git | None:
    """A git command line taken apart; None: it is none, or names no verb that is known."""
    if command.program != "git":
        return None
    words, at = command.arguments, 0
    places: list[Word] = []
    while at < len(words):
        text = words[at].written
        if not text.startswith("-"):
            return _Git(text, words[at + 1 :], tuple(places))
        key, sign, _ = text.partition("=")
        if key in _PLACES and sign:
            places.append(_value(words[at], len(key) + 1))
        elif key in _PLACES and at + 1 < len(words):
            places.append(words[at + 1])
        at += 2 if key in _VALUED and not sign else 1
    return None


def _value(word: Word, length: int) -> Word:
    """What follows the `=` of an option."""
    first, *rest = word.parts
    return type(word)((type(first)(first.kind, first.text[length:]), *rest))
