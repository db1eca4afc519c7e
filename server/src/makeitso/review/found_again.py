"""Lines of one proposal found again in the next one on the same base. Pure.

A removed line is known by its number in the base. An added one is known by its words and by how
many lines of the base stand before it: so whose line it is, and what it does when it lands alone,
are the same in both. What somebody decided on at once is found as a whole or not at all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from makeitso.review.hunks import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from makeitso.protocol.change import Hunk

MOST_PAIRS = 4_000_000
"""Pairs of lines that are compared in one place; where there are more, only its ends are."""
_BY_LINES = ("text", "create", "delete")
_NOT_UTF8 = "not-utf8"
Place = tuple[int, int, int]
"""Where a line is drawn among those of its block: it sorts by it."""


@dataclass(frozen=True, slots=True)
class Whose:
    """A changed line of the next proposal: which hunk of before it is of, and where to draw it."""

    owner: str | None
    """None: nobody has seen it, or what it was part of is not whole any more."""
    place: Place


@dataclass(kw_only=True)
class FoundAgain:
    """What of the hunks of a file is in its next proposal."""

    whole: frozenset[str]
    """Hunks of before all of whose lines are there, unchanged."""
    lines: dict[str, list[Whose]]
    """The changed lines of each hunk of the next proposal, as drawn."""


def find_again(before: Sequence[Hunk], after: Sequence[Hunk]) -> FoundAgain:
    """Find the lines of a file's hunks in its next proposal on the same base.

    Args:
        before: its hunks, splits and states laid over, in order.
        after: the same of the next proposal.
    """
    old = [line for block in _blocks(before) for line in block.lines]
    blocks = list(_blocks(after))
    sizes = Counter(line.hunk for line in old)
    there = _Search(blocks)
    possible = there.possible(old)
    there.match([line for line in old if line.hunk in possible])
    whole = {name for name in possible if there.found[name] == sizes[name]}
    whole -= there.unsure(old, whole, {hunk.id: hunk.state for hunk in before})
    lines: dict[str, list[Whose]] = {}
    for block in blocks:
        for line, one in zip(block.lines, _placed(block, there, whole), strict=True):
            lines.setdefault(line.hunk, []).append(one)
    return FoundAgain(whole=frozenset(whole), lines=lines)


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A changed line as it is drawn; `at` lines of the base stand before it."""

    hunk: str
    added: bool
    at: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Changed lines with nothing unchanged between them, of one hunk or of several parts."""

    begin: int
    end: int
    """The lines of the base it takes away; end exclusive."""
    lines: tuple[_Line, ...]

    @property
    def added(self) -> list[_Line]:
        return [line for line in self.lines if line.added]

    @property
    def is_cut(self) -> bool:
        """It stands as parts already, which are drawn as they are."""
        return self.lines[0].hunk != self.lines[-1].hunk


def _blocks(hunks: Iterable[Hunk]) -> Iterator[_Block]:
    block: list[_Line] = []
    end = (-1, -1)
    for hunk in hunks:
        if hunk.kind not in _BY_LINES or not hunk.diff.startswith("@@"):
            continue
        (old, new), lines, _ = opened(hunk)
        for number, line in enumerate(lines):
            tag = line[:1]
            if tag in ("-", "+"):
                if block and (old, new) != end:
                    yield _Block(block[0].at, end[0], tuple(block))
                    block = []
                block.append(_Line(hunk.id, tag == "+", old, _text(hunk, lines, number)))
            old += tag in (" ", "-")
            new += tag in (" ", "+")
            if tag in ("-", "+"):
                end = (old, new)
    if block:
        yield _Block(block[0].at, end[0], tuple(block))


def _text(hunk: Hunk, lines: Sequence[str], number: int) -> str:
    """What a changed line says, with the newline if it has one."""
    if _NOT_UTF8 in hunk.flags and "\\x" in lines[number]:
        return f"\n{hunk.id}:{number}"  # bytes that text cannot tell from others: only itself
    marked = "".join(lines[number + 1 : number + 2]).startswith("\\")
    return lines[number][1:] + "\n" * (not marked)


class _Search:
    """The lines of before, looked for in the blocks of the next proposal."""

    def __init__(self, blocks: Sequence[_Block]) -> None:
        self._blocks = blocks
        self._begins = [block.begin for block in blocks]
        self._removed = {line.at for b in blocks for line in b.lines if not line.added}
        self._then: dict[_Line, _Line] = {}
        self._owners: dict[int, str] = {}
        self.found: Counter[str] = Counter()

    def possible(self, old: Iterable[_Line]) -> set[str]:
        """Hunks whose lines are all there, if others leave them to them."""
        wanted: dict[str, Counter[tuple[int, str]]] = {}
        missing: set[str] = set()
        for line in old:
            counted = wanted.setdefault(line.hunk, Counter())
            at = self._block_of(line)
            if line.added and at is not None:
                counted[at, line.text] += 1
            elif line.added or line.at not in self._removed:
                missing.add(line.hunk)
        there = Counter((n, line.text) for n, b in enumerate(self._blocks) for line in b.added)
        return {name for name, lines in wanted.items() if lines <= there} - missing

    def match(self, old: Iterable[_Line]) -> None:
        """Find each of these lines at most once, in their order."""
        added: dict[int, list[_Line]] = {}
        for line in old:
            if line.added:
                added.setdefault(self._block_of(line) or 0, []).append(line)
            else:
                self._owners[line.at] = line.hunk
                self.found[line.hunk] += 1
        for at, then in added.items():
            block = self._blocks[at]
            now = block.added
            for a, b in _alike([line.text for line in then], [line.text for line in now]):
                if not block.is_cut or then[a].at == now[b].at:
                    self._then[now[b]] = then[a]
                    self.found[then[a].hunk] += 1

    def unsure(self, old: Iterable[_Line], whole: set[str], states: Mapping[str, str]) -> set[str]:
        """Hunks that nothing tells from one that is marked otherwise and is not there any more.

        Of two that add the same line at the same place and are marked unlike, one may be gone.
        """
        taken = set(self._then.values())
        gone: dict[tuple[int | None, str], set[str]] = {}
        for line in old:
            if line.added and line not in taken:
                gone.setdefault((self._block_of(line), line.text), set()).add(states[line.hunk])
        sure: set[str] = set()
        for line in old:
            others = gone.get((self._block_of(line), line.text)) if line.added else None
            if line.hunk in whole and not (others or set()) - {states[line.hunk]}:
                sure.add(line.hunk)
        return whole - sure

    def then(self, line: _Line) -> _Line | None:
        """The added line of before that an added line is."""
        return self._then.get(line)

    def owner(self, line: _Line) -> str | None:
        """Whose line of before a line is."""
        if not line.added:
            return self._owners.get(line.at)
        then = self.then(line)
        return then.hunk if then is not None else None

    def _block_of(self, line: _Line) -> int | None:
        at = bisect_right(self._begins, line.at) - 1
        return at if at >= 0 and line.at <= self._blocks[at].end else None


def _alike(then: Sequence[str], now: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of equal lines, rising on both sides."""
    begin, ends = 0, (len(then), len(now))
    while begin < min(ends) and then[begin] == now[begin]:
        yield begin, begin
        begin += 1
    tail = 0
    while tail < min(ends) - begin and then[-1 - tail] == now[-1 - tail]:
        tail += 1
        yield ends[0] - tail, ends[1] - tail
    left, right = then[begin : ends[0] - tail], now[begin : ends[1] - tail]
    if len(left) * len(right) > MOST_PAIRS:
        return
    for a, b, size in SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks():
        for n in range(size):
            yield begin + a + n, begin + b + n


def _placed(block: _Block, there: _Search, whole: set[str]) -> Iterator[Whose]:
    """Whose each line of a block is, and where it is drawn."""
    owners = [name if (name := there.owner(line)) in whole else None for line in block.lines]
    places = iter(_heights(block, there, owners))
    for number, (line, owner) in enumerate(zip(block.lines, owners, strict=True)):
        if line.added:
            yield Whose(owner, (next(places), 0, number))
        else:
            yield Whose(owner, (line.at, 1, number))


def _heights(block: _Block, there: _Search, owners: Sequence[str | None]) -> list[int]:
    """How many lines of the base stand before each added line of a block.

    What is found stands where it stood. What is new stands between, as far down as it can
    without taking apart what is found.
    """
    if block.is_cut:
        return [line.at for line in block.added]
    removed: dict[int, str | None] = {}
    added: list[tuple[int | None, str | None]] = []
    for line, owner in zip(block.lines, owners, strict=True):
        if not line.added:
            removed[line.at] = owner
            continue
        then = there.then(line) if owner is not None else None
        added.append((then.at if then is not None else None, owner))
    heights: list[int] = []
    above: tuple[int, str | None] = (block.begin, None)
    for number, (at, owner) in enumerate(added):
        if at is None:
            below = next(((q, o) for q, o in added[number:] if q is not None), (block.end, None))
            at = _between(removed, above, below)
        heights.append(at)
        above = (at, owner)
    return heights


def _between(
    removed: Mapping[int, str | None], above: tuple[int, str | None], below: tuple[int, str | None]
) -> int:
    """The lowest place between two lines that is not inside of what one hunk of before changes."""
    for at in range(below[0], above[0] - 1, -1):
        left = removed[at - 1] if at > above[0] else above[1]
        right = removed[at] if at < below[0] else below[1]
        if left is None or left != right:
            return at
    return below[0]
