"""A hunk as a person rewrote it: whether it fits the base, and the proposal with it in place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.review.hunks import split, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import HunkState

NO_NEWLINE = "\\"
Piece = tuple[int, int, tuple[str, ...]]
"""One stretch that changed: base lines from and to (zero-based, end exclusive), and new lines."""


def with_edit(base: bytes, proposal: bytes, hunk: Hunk, saved: str) -> bytes:
    """The proposal with one hunk replaced by its edited form.

    Args:
        base: the file in the base.
        proposal: the file as proposed.
        hunk: the hunk as it stands, with lines.
        saved: unified diff text of the edited hunk; its `@@` line is not read, for people rarely
            keep its numbers right.

    Raises:
        UsageError: a line has no leading ` `, `+`, `-`, or context and removed lines are not
            exactly the lines of the base there.
    """
    old, new = _sides(saved)
    start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    expected = split_lines(base)[start : start + hunk.old_lines]
    if old != expected:
        place = next(
            (i for i, (a, b) in enumerate(zip(old, expected, strict=False)) if a != b),
            min(len(old), len(expected)),
        )
        raise UsageError(
            f"the edited hunk does not fit {hunk.path} at line {start + place + 1}: "
            "lines with a space or a - must stay as they were",
            hint="only change, remove or add lines that begin with +",
        )
    lines = split_lines(proposal)
    first = hunk.new_start - 1 if hunk.new_lines else hunk.new_start
    after = first + hunk.new_lines
    if after < len(lines) and new and not new[-1].endswith(b"\n"):
        new[-1] += b"\n"
    return b"".join([*lines[:first], *new, *lines[after:]])


def editable(base: bytes, proposal: bytes, hunk: Hunk) -> bool:
    """Whether a hunk's diff says its lines byte for byte: not where they are no UTF-8."""
    try:
        return with_edit(base, proposal, hunk, hunk.diff) == proposal
    except UsageError:
        return False


def carried(
    before: Sequence[Hunk], after: Sequence[Hunk], *, edited: str
) -> Iterator[tuple[str | None, dict[str, HunkState]]]:
    """Which hunks of a file are new after an edit, and how they are marked.

    What was edited is accepted; what was there before keeps its state, also when git draws both as
    one hunk now: that one is split. Where the two cannot be told apart, a person looks again.

    Args:
        before: the file's hunks, states and splits laid over, as they were.
        after: the same, with the edit in place.
        edited: id of the hunk that was edited.

    Yields:
        The hunk to be split or None, and the state of each of its parts by id.
    """
    known = {hunk.id for hunk in before}
    kept: dict[Piece, HunkState] = {
        piece: h.state for h in before if h.id != edited for piece in pieces(h)
    }
    moved = not kept.keys() <= {piece for hunk in after for piece in pieces(hunk)}
    for hunk in after:
        if hunk.id == edited:
            yield None, {hunk.id: "accepted"}
        elif hunk.id not in known:
            mixed = any(piece in kept for piece in pieces(hunk))
            parts = split(hunk) if mixed else (hunk,)
            marks: dict[str, HunkState] = dict.fromkeys((part.id for part in parts), "pending")
            if not moved:
                marks = {part.id: _mark(pieces(part), kept) for part in parts}
            yield (hunk.id if len(parts) > 1 else None), marks


def _mark(changed: set[Piece], kept: dict[Piece, HunkState]) -> HunkState:
    """The state of a part from what it is made of."""
    states: set[HunkState] = {kept[piece] for piece in changed if piece in kept}
    if not states:
        return "accepted"
    one: HunkState
    one, *others = states
    return "pending" if others or not changed <= kept.keys() else one


def pieces(hunk: Hunk) -> set[Piece]:
    """What a hunk of lines changes, wherever git draws its borders; empty for others."""
    header, *body = hunk.diff.removesuffix("\n").split("\n")
    if not header.startswith("@@"):
        return set()
    at = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    found: set[Piece] = set()
    begun, added = at, list[str]()
    changing = False
    for line in [*body, " "]:
        tag = line[:1]
        if tag in ("+", "-"):
            if not changing:
                begun, added, changing = at, [], True
            if tag == "+":
                added.append(line)
        elif tag == NO_NEWLINE and added:
            added.append(line)
        elif tag == " " and changing:
            found.add((begun, at, tuple(added)))
            changing = False
        at += tag in ("-", " ")
    return found


def body_of(saved: str) -> list[str]:
    """The lines of a hunk as it was saved, each with its first letter; without `@@` lines."""
    lines = [line for line in saved.split("\n") if not line.startswith("@@")]
    if lines and not lines[-1]:
        lines.pop()
    return [line or " " for line in lines]


def _sides(saved: str) -> tuple[list[bytes], list[bytes]]:
    """Old and new lines of the body of a hunk."""
    old: list[bytes] = []
    new: list[bytes] = []
    last: list[list[bytes]] = []
    lines = saved.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, start=1):
        if line.startswith("@@"):
            continue
        tag, text = line[:1], (line[1:] + "\n").encode("utf-8", "surrogatepass")
        if tag == NO_NEWLINE:
            for side in last:
                side[-1] = side[-1].removesuffix(b"\n")
            continue
        if tag not in ("", " ", "+", "-"):
            raise UsageError(
                f"line {number} of the edited hunk begins with {tag!r}",
                hint="each line begins with a space, + or -",
            )
        last = [side for side, tags in ((old, " -"), (new, " +")) if (tag or " ") in tags]
        for side in last:
            side.append(text)
    return old, new
