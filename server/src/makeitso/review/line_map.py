"""Where the lines of one text stand in another: a base, and a buffer that people type in. Pure.

Lines that occur once on both sides are anchors, in the longest order both sides agree on; between
two anchors equal lines are paired from both ends. That is near linear, as it is done at every key.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class LineMap:
    """Base lines and where they stand now.

    Args:
        base: lines of the base, without their line ends.
        now: lines of the text as it is now.
    """

    def __init__(self, base: Sequence[str], now: Sequence[str]) -> None:
        self._at: list[int | None] = [None] * len(base)
        self._count = len(now)
        self._pair(base, now)

    def place(self, first: int, end: int) -> tuple[int, int]:
        """First and last line, zero-based, where the base lines `first..end` (exclusive) stand now.

        What is not there any more, and what only inserts, stands at the line above it; at the top
        of the text that is line 0.
        """
        found = [at for at in self._at[first:end] if at is not None]
        if found:
            return found[0], found[-1]
        above = next((at for at in reversed(self._at[:first]) if at is not None), None)
        line = above if above is not None else 0
        return line, line

    def _pair(self, base: Sequence[str], now: Sequence[str]) -> None:
        done_base = done_now = 0
        for at_base, at_now in [*_anchors(base, now), (len(base), len(now))]:
            self._between(base, now, (done_base, at_base), (done_now, at_now))
            if at_base < len(base):
                self._at[at_base] = at_now
            done_base, done_now = at_base + 1, at_now + 1

    def _between(
        self, base: Sequence[str], now: Sequence[str], old: tuple[int, int], new: tuple[int, int]
    ) -> None:
        (a, a_end), (b, b_end) = old, new
        while a < a_end and b < b_end and base[a] == now[b]:
            self._at[a] = b
            a, b = a + 1, b + 1
        while a < a_end and b < b_end and base[a_end - 1] == now[b_end - 1]:
            a_end, b_end = a_end - 1, b_end - 1
            self._at[a_end] = b_end


def _anchors(base: Sequence[str], now: Sequence[str]) -> list[tuple[int, int]]:
    """Lines unique on both sides, as the longest run of pairs that rises on both."""
    once = {line for line, count in Counter(base).items() if count == 1}
    once &= {line for line, count in Counter(now).items() if count == 1}
    places = {line: at for at, line in enumerate(now) if line in once}
    pairs = [(at, places[line]) for at, line in enumerate(base) if line in once]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(pairs):
        length = bisect_left(tails, at)
        before.append(ends[length - 1] if length else -1)
        if length == len(tails):
            tails.append(at)
            ends.append(number)
        else:
            tails[length], ends[length] = at, number
    chain: list[tuple[int, int]] = []
    number = ends[-1] if ends else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]
