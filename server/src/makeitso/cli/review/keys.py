"""What each key does to the hunk that is shown. Keys are those of `git add -p`, and some more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.cli.review.selecting import OPEN
from makeitso.errors import NotFoundError, UsageError
from makeitso.journal.conversation import may_go_back
from makeitso.review.cuts import parse_lines
from makeitso.runs.marking import join_hunk, mark, mark_lines, split_hunk, undo_marks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.cli.console import Console
    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import Mark
    from makeitso.wiring import Bridge

HELP = """y  accept this hunk
n  reject this hunk; n WHY: with a reason, which the worker gets
a  accept this and all later open hunks of the file
d  reject this and all later open hunks of the file
l  choose lines of this hunk by their numbers
s  split this hunk at its unchanged lines; s LINE: before that line
m  join this part with the others it was split from
e  edit this hunk; what you save is what lands
c  comment on this hunk, or on lines of it, and leave it open; c TEXT, c :3-7 TEXT
u  take back the last mark, edit, split or join; again: the one before
j  leave it open, go to the next open hunk
k  go back to the open hunk before
J  leave it, go to the next hunk
K  go back to the hunk before
g  choose a hunk to go to; g NUMBER
/  search for a regular expression; /REGEX
p  show this hunk again, also where it is folded
q  leave the rest open and stop
?  this help"""
KEYS = "y,n,a,d,l,s,m,e,c,u,j,k,J,K,g,/,p,q,?"

Move = Literal["ahead", "stay", "unfold", "quit"] | int
"""ahead: to the next open hunk from here on; a number: to that hunk."""


def act(bridge: Bridge, console: Console, hunks: Sequence[Hunk], at: int, *, typed: str) -> Move:
    """Do what was typed at a hunk.

    Raises:
        MisError: it cannot be done; nothing changed.
    """
    key, rest = typed[:1], typed[1:].strip()
    if key in _MARKS:
        why = rest if key == "n" and typed[1:2] == " " else ""
        mark(bridge.book, _meant(hunks, at, key), _MARKS[key], because=why)
        return "ahead"
    if key in _MOVES:
        return _MOVES[key](hunks, at)
    if key in _DOES:
        return _DOES[key](_At(bridge, console, hunks, at), rest)
    if key == "q":
        return "quit"
    if key == "p":
        return "unfold"
    console.note(HELP)
    return "stay"


@dataclass(frozen=True)
class _At:
    """A hunk among others, and what is needed to act on it."""

    bridge: Bridge
    console: Console
    hunks: Sequence[Hunk]
    at: int

    @property
    def hunk(self) -> Hunk:
        return self.hunks[self.at]


_MARKS: dict[str, Mark] = {"y": "accepted", "n": "rejected", "a": "accepted", "d": "rejected"}


_AT_LINES = re.compile(r":\s*(\d[\d,-]*)(?:\s+(.*))?$", re.DOTALL)
"""Lines of a hunk in front of a comment on them."""


_STYLES = {"+": "green", "-": "red"}


def _meant(hunks: Sequence[Hunk], at: int, key: str) -> list[str]:
    """This hunk, or with `a` and `d` it and the later open ones of its file."""
    hunk = hunks[at]
    if key in ("y", "n"):
        return [hunk.id]
    later = [h.id for h in hunks[at + 1 :] if h.path == hunk.path and h.state in OPEN]
    return [hunk.id, *later]


def _next_open(hunks: Sequence[Hunk], at: int) -> int:
    return next((i for i in range(at + 1, len(hunks)) if hunks[i].state in OPEN), len(hunks))


def _open_before(hunks: Sequence[Hunk], at: int) -> int:
    return next((i for i in range(at - 1, -1, -1) if hunks[i].state in OPEN), at)


def _next(hunks: Sequence[Hunk], at: int) -> int:
    if at + 1 == len(hunks):
        raise NotFoundError("this is the last hunk")
    return at + 1


def _before(hunks: Sequence[Hunk], at: int) -> int:
    del hunks
    if at == 0:
        raise NotFoundError("this is the first hunk")
    return at - 1


_MOVES: dict[str, Callable[[Sequence[Hunk], int], int]] = {
    "j": _next_open,
    "k": _open_before,
    "J": _next,
    "K": _before,
}


def _split(here: _At, rest: str) -> Move:
    if rest and not rest.isdecimal():
        raise UsageError(f"{rest} is no line number", hint="`l` shows the numbers")
    line = int(rest) if rest else None
    parts = split_hunk(here.bridge.book, here.bridge.repo, here.hunk.id, at=line)
    here.console.note(f"split into {len(parts)}")
    return "ahead"


def _join(here: _At, rest: str) -> Move:
    del rest
    name = join_hunk(here.bridge.book, here.hunk.id)
    here.console.note(f"{name} stands as one again")
    return next(i for i, hunk in enumerate(here.hunks) if hunk.id.startswith(f"{name}."))


def _edit(here: _At, rest: str) -> Move:
    del rest
    from makeitso.cli.review.editor import edit_hunk

    edit_hunk(here.bridge, here.hunk)
    return "ahead"


def _comment(here: _At, rest: str) -> Move:
    """Say something to the worker; `:3-7` in front says on which lines. The hunk stays open."""
    hunk, console = here.hunk, here.console
    if not rest:
        _number(here)
        typed = console.read("comment [:3-7 TEXT on these lines; nothing: your editor asks]? ")
        if typed is None:
            return "stay"
        rest = typed.strip()
    from makeitso.cli.review.commenting import line_of, say

    found = _AT_LINES.match(rest)
    lines, text = (found[1], (found[2] or "").strip()) if found else ("", rest)
    task = here.bridge.book.run(hunk.run).tasks[hunk.task]
    said = say(here.bridge, (hunk.run, hunk.task), text, hunk=hunk.id, lines=lines)
    why = may_go_back(task)
    console.note(line_of(said))
    console.note(f"    it goes to no worker: {why}" if why else "    `mis review fix` sends it")
    return "stay"


def _lines(here: _At, rest: str) -> Move:
    """Mark lines: `3,5-8` accepts these; with `n` in front they are rejected."""
    hunk, console = here.hunk, here.console
    if not rest:
        _number(here)
        rest = (console.read("accept which lines [3,5-8], or reject [n 3,5-8]? ") or "").strip()
    if not rest:
        return "stay"
    to: Mark = "rejected" if rest.startswith("n") else "accepted"
    name, lines = parse_lines(f"{hunk.id}:{rest.removeprefix('n').replace(' ', '')}")
    mark_lines(here.bridge.book, here.bridge.repo, {name: lines}, to)
    return "ahead"


def _number(here: _At) -> None:
    """Show the lines of the hunk with their numbers."""
    for number, line in enumerate(here.hunk.diff.removesuffix("\n").split("\n")[1:], start=1):
        here.console.note(f"{number:>4} {line}", style=_STYLES.get(line[:1]))


def _undo(here: _At, rest: str) -> Move:
    del rest
    run, task = here.hunk.run, here.hunk.task
    undone = undo_marks(here.bridge.book, run=run, task=task).hunks.get((run, task), ())
    here.console.note(f"taken back: {', '.join(undone) or 'nothing that is still there'}")
    known = list(here.bridge.book.run(run).tasks[task].hunks)
    return known.index(undone[0]) if undone else "stay"


def _go(here: _At, rest: str) -> Move:
    hunks = here.hunks
    if not rest:
        for number, hunk in enumerate(hunks, start=1):
            here.console.note(f"{number:>4}  {hunk.state:<9} {hunk.path}:{hunk.new_start}")
        rest = (here.console.read("go to which hunk? ") or "").strip()
    if not rest:
        return "stay"
    if not rest.isdecimal() or not 1 <= int(rest) <= len(hunks):
        raise UsageError(f"{rest} is no number of a hunk", hint=f"1-{len(hunks)}")
    return int(rest) - 1


def _search(here: _At, rest: str) -> Move:
    wanted = rest or (here.console.read("search for regex? ") or "").strip()
    if not wanted:
        return "stay"
    try:
        pattern = re.compile(wanted, re.MULTILINE)
    except re.error as error:
        raise UsageError(f"{wanted} is no regular expression: {error}") from error
    around = [*range(here.at + 1, len(here.hunks)), *range(here.at + 1)]
    for number in around:
        if any(pattern.search(text) for text in (here.hunks[number].path, here.hunks[number].diff)):
            return number
    raise NotFoundError(f"no hunk matches {wanted}")


_DOES: dict[str, Callable[[_At, str], Move]] = {
    "l": _lines,
    "s": _split,
    "m": _join,
    "e": _edit,
    "c": _comment,
    "u": _undo,
    "g": _go,
    "/": _search,
}
