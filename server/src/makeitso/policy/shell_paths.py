"""Where a word of a command line points, as far as that can be told without a file system."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.policy.shell_words import Word

HOME = "~"
PATH_MAX = 4096
_ONE_BELOW = ("/home", "/Users", "/usr")
_EVERYTHING = ("*", ".*", "**", "{*,.*}", "{.*,*}", ".[!.]*")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a command line starts, and what is ours there.

    Attributes:
        cwd: absolute directory it starts in; empty: not known.
        root: the worktree; empty: not known.
        pids: processes that supervise it.
    """

    cwd: str = ""
    root: str = ""
    pids: frozenset[int] = frozenset()


def moved(here: str | None, target: str | None) -> str | None:
    """The directory after `cd target`; None: it cannot be told."""
    if here is None and (target is None or not target.startswith(("/", "~"))):
        return None
    after = None if target is None else _joined(here or "/", target)
    return None if after is None or len(after) > PATH_MAX else after


def whereabouts(here: str | None, place: Place) -> str | None:
    """A directory of a command as seen from its place; relative when that is not known."""
    return None if here is None else _joined(place.cwd or ".", here)


def pointed(word: Word, here: str | None) -> str | None:
    """The path a word names: absolute, below `~`, or relative; None: worked out as it runs."""
    text = ""
    for index, part in enumerate(word.parts):
        if part.kind in ("text", "quoted"):
            text += part.text
        elif part.kind == "variable" and part.text == "HOME" and index == _first(word):
            text += HOME
        elif part.kind == "variable" and part.text == "PWD" and index == _first(word) and here:
            text += here
        else:
            return None
    if (
        text.startswith("~")
        and not word.bare.startswith("~")
        and word.parts[_first(word)].kind != ("variable")
    ):
        text = "./" + text  # a quoted `~` is a name
    if here is None and not text.startswith(("/", "~")):
        return None
    return _joined(here or ".", text) if text else None


def precious(path: str, place: Place) -> str:
    """What would be lost with everything below a path, in words; empty: nothing that is known."""
    parent, last = posixpath.split(path)
    below = last in _EVERYTHING
    if below:
        path = parent or "."
    if path == "/":
        return "the root directory"
    if path == HOME or (path.startswith("~") and "/" not in path):
        return "a home directory"
    folder = posixpath.dirname(path)
    if folder == "/" or folder in _ONE_BELOW:
        return f"the system directory {path}" if folder != "/home" else "a home directory"
    if set(path.split("/")) == {".."}:
        return "a directory above the worktree"
    if place.root and place.root.startswith(f"{path}/"):
        return "a directory above the worktree"
    if place.root and path == place.root and not below:
        return "the worktree as a whole"
    return ""


def outside(path: str, place: Place) -> bool:
    """Whether a path lies outside the worktree."""
    if path.startswith("/") and place.root:
        return path != place.root and not path.startswith(f"{place.root}/")
    return path.startswith(("/", "~", "../")) or path == ".."


def device(path: str) -> bool:
    """Whether writing to a path reaches a disk or another device that keeps or holds data."""
    if not path.startswith("/dev/"):
        return False
    name = path.removeprefix("/dev/")
    harmless = ("null", "zero", "full", "random", "urandom", "tty", "stdin", "stdout", "stderr")
    return name not in harmless and not name.startswith(("fd/", "shm/", "pts/", "tcp/", "udp/"))


def in_git(path: str) -> bool:
    """Whether a path lies in a `.git`, on whatever file system."""
    return any(part.casefold().rstrip(". ") == ".git" for part in path.split("/"))


def _first(word: Word) -> int:
    """Index of the first part that is not empty."""
    return next((i for i, part in enumerate(word.parts) if part.text), 0)


def _joined(here: str, text: str) -> str:
    if text.startswith("~"):
        return posixpath.normpath(text)
    joined = posixpath.normpath(posixpath.join(here, text))
    return joined[1:] if joined.startswith("//") else joined
