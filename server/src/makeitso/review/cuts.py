"""Lines of a hunk: choosing some of them, and cutting it so that these are parts of their own.

Lines are numbered as they are shown: 1 is the first line after the `@@` line, and every line
counts, unchanged ones, too. Cuts are recorded as ordinals of changed lines, because the id of a
hunk speaks for those and not for the unchanged lines around them.

A removed line that is not chosen stays, an added one that is not chosen is left out: a new file is
there with the chosen lines, and a deleted one stays with those that are not chosen. A block in
which as many lines come as go is taken line by line when the choice takes some of both sides: each
new line stands where its old one was, whatever else of the block is chosen later.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import StateError, UsageError
from makeitso.review.hunks import opened, with_body

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from makeitso.protocol.change import Hunk

_CHOICE = re.compile(r"([0-9a-f]{12}(?:\.\d+)*):(\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)")
_CHANGED = ("-", "+")
_NO_NEWLINE = "\\"


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Where a hunk is cut.

    Attributes:
        before: ordinals, from 1, of the changed lines that begin a part; the first part is implied.
        paired: ordinals, from 0, of the first lines of the blocks that are drawn line by line.
        drawn: all changed lines by their ordinals, from 0, in the order they are drawn in; empty:
            as git draws them, but for `paired`.
    """

    before: tuple[int, ...]
    paired: tuple[int, ...] = ()
    drawn: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Chosen lines of a hunk as a cut.

    Attributes:
        cut: None when every changed line is chosen.
        chosen: which parts hold the chosen lines, from 0.
    """

    cut: Cut | None
    chosen: tuple[int, ...]


def parse_lines(name: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A hunk id, and the line ranges in `ID:3,5-8`; none for a bare id.

    Raises:
        UsageError: what follows the colon is no list of lines.
    """
    if ":" not in name:
        return name, ()
    found = _CHOICE.fullmatch(name)
    if found is None:
        raise UsageError(f"{name} names no lines of a hunk", hint="write ID:3-7 or ID:3,5-8")
    ranges: list[tuple[int, int]] = []
    for word in found[2].split(","):
        first, _, last = word.partition("-")
        ranges.append((int(first), int(last or first)))
    return found[1], tuple(ranges)


def choose(hunk: Hunk, ranges: Sequence[tuple[int, int]]) -> Choice:
    """Choose lines of a hunk, by ranges of numbers as shown, ends included.

    Raises:
        StateError: the hunk stands or falls as one.
        UsageError: a range is outside of it, or holds no changed line.
    """
    lines = _body(hunk)
    for first, last in ranges:
        if not 1 <= first <= last <= len(lines):
            raise UsageError(
                f"hunk {hunk.id} has no lines {first}-{last}", hint=f"its lines are 1-{len(lines)}"
            )
    wanted = {n - 1 for first, last in ranges for n in range(first, last + 1)}
    if not any(lines[at][:1] in _CHANGED for at in wanted):
        raise UsageError(
            f"these lines of hunk {hunk.id} are unchanged", hint="name lines with + or -"
        )
    ordinals = {at: n for n, at in enumerate(_changed(lines))}
    paired = tuple(
        ordinals[block.start] for block in _blocks(lines) if _is_mixed(block, lines, wanted)
    )
    order = _order(lines, Cut(before=(), paired=paired))
    picked = [at in wanted for at in order if lines[at][:1] in _CHANGED]
    before = tuple(n for n in range(1, len(picked)) if picked[n] != picked[n - 1])
    if not before:
        return Choice(cut=None, chosen=(0,))
    chosen = tuple(n for n, start in enumerate((0, *before)) if picked[start])
    return Choice(cut=Cut(before=before, paired=paired), chosen=chosen)


def cut_at(hunk: Hunk, line: int) -> Cut:
    """A cut before a line, by its number as shown.

    Raises:
        StateError: the hunk stands or falls as one.
        UsageError: nothing is changed on one side of it.
    """
    lines = _body(hunk)
    if not 1 <= line <= len(lines):
        raise UsageError(f"hunk {hunk.id} has no line {line}", hint=f"its lines are 1-{len(lines)}")
    before = sum(at < line - 1 for at in _changed(lines))
    if not 0 < before < len(_changed(lines)):
        raise UsageError(
            f"cut before line {line}, hunk {hunk.id} has all its changes on one side",
            hint="name a line with changes before it, and at or after it",
        )
    return Cut(before=(before,))


def cut(hunk: Hunk, where: Cut) -> tuple[Hunk, ...]:
    """The parts, `<id>.1`, `<id>.2`, …; unchanged lines between two are shared out."""
    starts, drawn, section = opened(hunk)
    lines = [drawn[at] for at in _order(drawn, where)]
    changed = _changed(lines)
    cuts = [_cut_between(lines, changed[n - 1], changed[n]) for n in where.before]
    old, new = starts
    parts: list[Hunk] = []
    bounds = itertools.pairwise([0, *cuts, len(lines)])
    for number, (begin, end) in enumerate(bounds, start=1):
        own = lines[begin:end]
        part = with_body(hunk, own, old=old, new=new, section=section)
        parts.append(part.model_copy(update={"id": f"{hunk.id}.{number}"}))
        old += sum(line[:1] in (" ", "-") for line in own)
        new += sum(line[:1] in (" ", "+") for line in own)
    return tuple(parts)


@dataclass(frozen=True)
class _Block:
    """Removed lines and the added ones right behind them, without their markers."""

    removed: tuple[int, ...]
    added: tuple[int, ...]

    @property
    def start(self) -> int:
        return (*self.removed, *self.added)[0]


def _body(hunk: Hunk) -> list[str]:
    if hunk.kind not in _BY_LINES or not hunk.diff.startswith("@@"):
        raise StateError(
            f"hunk {hunk.id} stands or falls as one: it is no lines of text",
            hint="decide on it as a whole",
        )
    return opened(hunk)[1]


_BY_LINES = ("text", "create", "delete")


def _changed(lines: Sequence[str]) -> list[int]:
    return [at for at, line in enumerate(lines) if line[:1] in _CHANGED]


def _blocks(lines: Sequence[str]) -> Iterator[_Block]:
    removed: list[int] = []
    added: list[int] = []
    for at, line in enumerate([*lines, " "]):
        tag = line[:1]
        if tag == " " or (tag == "-" and added):
            if removed or added:
                yield _Block(tuple(removed), tuple(added))
            removed, added = [], []
        if tag == "-":
            removed.append(at)
        elif tag == "+":
            added.append(at)


def _is_mixed(block: _Block, lines: Sequence[str], wanted: Collection[int]) -> bool:
    """Whether a choice takes some of both sides of a block that can be taken line by line."""
    if len(block.removed) != len(block.added) or len(block.removed) < 2:
        return False
    old = sum(at in wanted for at in block.removed)
    new = sum(at in wanted for at in block.added)
    return bool(old and new) and old + new < 2 * len(block.removed)


def _order(lines: Sequence[str], where: Cut) -> list[int]:
    """The lines in the order they are drawn in: paired blocks old, new, old, new."""
    if where.drawn:
        return _as_drawn(lines, where.drawn)
    paired = where.paired
    ordinals = {at: n for n, at in enumerate(_changed(lines))}
    order: list[int] = []
    moved: set[int] = set()
    drawn = {block.start: block for block in _blocks(lines) if ordinals[block.start] in paired}
    for at in range(len(lines)):
        block = drawn.get(at)
        if block is not None:
            for pair in zip(block.removed, block.added, strict=True):
                for line in pair:
                    order += _with_marker(lines, line)
            moved.update(order)
        elif at not in moved:
            order.append(at)
    return order


def _as_drawn(lines: Sequence[str], drawn: Sequence[int]) -> list[int]:
    """The lines with the changed ones in this order; it leaves each of them in its block."""
    changed = _changed(lines)
    turns = iter(drawn)
    order: list[int] = []
    for at, line in enumerate(lines):
        if line[:1] in _CHANGED:
            order += _with_marker(lines, changed[next(turns)])
        elif not line.startswith(_NO_NEWLINE) or lines[at - 1][:1] not in _CHANGED:
            order.append(at)
    return order


def _with_marker(lines: Sequence[str], at: int) -> list[int]:
    """A line and the mark behind it that it has no newline."""
    marked = at + 1 < len(lines) and lines[at + 1].startswith(_NO_NEWLINE)
    return [at, at + 1] if marked else [at]


def _cut_between(lines: Sequence[str], last: int, first: int) -> int:
    """Where to cut between two changed lines: in the middle of what is unchanged between them."""
    context = sum(line.startswith(" ") for line in lines[last + 1 : first])
    return first - context // 2
