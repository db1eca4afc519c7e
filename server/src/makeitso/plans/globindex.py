"""Which of many globs overlap, without comparing each with each.

Two globs can only overlap when the literal start of one begins with that of the other, and the
literal end of one ends with that of the other. Only such pairs are compared.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from makeitso.plans.globs import literal_prefix, literal_suffix, overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MOST_WORK = 2_000_000
"""Pairs of characters compared before candidates are taken for overlapping unproved.

A few seconds in the worst case. Reached only by thousands of different globs that all begin and
end alike; a clash too many is then reported, never one too few.
"""


def overlapping_pairs(globs: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Every pair of different globs that overlap, once, in an order that is always the same."""
    groups: dict[str, _Group] = {}
    for glob in sorted(set(globs)):
        groups.setdefault(literal_prefix(glob), _Group()).add(glob)
    for group in groups.values():
        group.close()
    lengths = sorted({len(prefix) for prefix in groups})
    work = 0
    for prefix, group in groups.items():
        for length in lengths:
            if length > len(prefix):
                break
            shorter = groups.get(prefix[:length])
            if shorter is None:
                continue
            for glob in group.globs:
                for other in shorter.candidates(glob):
                    if shorter is group and other <= glob:
                        continue
                    work += len(glob) * len(other)
                    if work > _MOST_WORK or overlap(glob, other):
                        yield glob, other


class _Group:
    """Globs with one literal start, found again by their literal ends."""

    def __init__(self) -> None:
        self.globs: list[str] = []
        self._by_end: dict[str, list[str]] = {}
        self._ends: list[str] = []
        self._lengths: list[int] = []

    def add(self, glob: str) -> None:
        """Take a glob in."""
        self.globs.append(glob)
        self._by_end.setdefault(literal_suffix(glob)[::-1], []).append(glob)

    def close(self) -> None:
        """Sort what was taken in; after this `candidates` can be asked."""
        self._ends = sorted(self._by_end)
        self._lengths = sorted({len(end) for end in self._ends})

    def candidates(self, glob: str) -> Iterator[str]:
        """The globs of the group whose literal end goes with that of `glob`."""
        end = literal_suffix(glob)[::-1]
        for length in self._lengths:
            if length >= len(end):
                break
            yield from self._by_end.get(end[:length], ())
        position = bisect_left(self._ends, end)
        while position < len(self._ends) and self._ends[position].startswith(end):
            yield from self._by_end[self._ends[position]]
            position += 1
