"""Marks over a new proposal on the same base: what changes the same lines alike keeps its mark.

A hunk that somebody decided on keeps its mark when all of its lines are there as they were, also
where git draws them in one with something new. Such a hunk stands as parts then: those that keep
their marks, and those that are open.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.review.cuts import Cut, cut
from makeitso.review.found_again import find_again
from makeitso.review.hunks import opened, split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.review.found_again import Whose

_KEPT = ("accepted", "rejected", "landed", "conflict")


@dataclass(kw_only=True)
class Carried:
    """What of the proposal before is found again under another id."""

    splits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Hunks that stand as their parts, because git draws something marked and something new as
    one."""
    cuts: dict[str, tuple[Cut, tuple[str, ...]]] = field(
        default_factory=dict[str, tuple[Cut, tuple[str, ...]]]
    )
    """The same of those that nothing unchanged stands between: they are cut between lines."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Id now → id before."""
    changed: tuple[str, ...] = ()
    """Accepted hunks of before that are not in the proposal any more as they were."""


def carry(before: Change, after: Change) -> Carried:
    """Find the marked hunks of a proposal in the next one.

    Args:
        before: states and splits laid over.
        after: the same task's next proposal on the same base, with known splits laid over.
    """
    found = Carried()
    known = {file.path: file for file in before.files}
    there: set[str] = set()
    for file in after.files:
        there.update(hunk.id for hunk in file.hunks)
        earlier = known.get(file.path)
        if earlier is not None and _comparable(earlier, file):
            there |= _file(earlier, file, found)
    found.changed = tuple(
        hunk.id
        for file in before.files
        for hunk in file.hunks
        if hunk.state == "accepted" and hunk.id not in there
    )
    return found


def _comparable(before: ChangedFile, after: ChangedFile) -> bool:
    """Whether the same lines are the same change: of one base, and of a file that comes or goes."""
    if before.base_blob != after.base_blob:
        return False
    if before.base_blob is None:
        return before.new_mode == after.new_mode
    return (before.new_blob is None) == (after.new_blob is None)


def _file(before: ChangedFile, after: ChangedFile, found: Carried) -> frozenset[str]:
    """Carry the marks of one file; returns the hunks of before that are found whole."""
    same = {hunk.id for hunk in before.hunks}
    marked = {hunk.id for hunk in before.hunks if hunk.state in _KEPT}
    if not marked or all(hunk.id in same for hunk in after.hunks):
        return frozenset()
    again = find_again(before.hunks, after.hunks)
    for hunk in after.hunks:
        lines = again.lines.get(hunk.id, [])
        if hunk.id not in same and any(line.owner in marked for line in lines):
            _name(hunk, lines, marked, found)
    return again.whole


def _name(hunk: Hunk, lines: Sequence[Whose], marked: set[str], found: Carried) -> None:
    """Say whose a hunk is, or whose its parts are."""
    for parts in ((hunk,), split(hunk)):
        shares = list(_shares(parts, lines))
        if all(_agree([one if one in marked else None for one in share]) for share in shares):
            if len(parts) > 1:
                found.splits[hunk.id] = tuple(part.id for part in parts)
            break
    else:
        order = sorted(range(len(lines)), key=lambda n: lines[n].place)
        owners = [lines[n].owner for n in order]
        starts = tuple(n for n in range(1, len(owners)) if owners[n] != owners[n - 1])
        where = Cut(before=starts, drawn=tuple(order) if order != sorted(order) else ())
        parts = cut(hunk, where)
        found.cuts[hunk.id] = (where, tuple(part.id for part in parts))
        shares = [[owners[n]] for n in (0, *starts)]
    for part, share in zip(parts, shares, strict=True):
        if share[0] is not None and _agree(share):
            found.names[part.id] = share[0]


def _shares(parts: Sequence[Hunk], lines: Sequence[Whose]) -> Iterator[list[str | None]]:
    """The owners of the changed lines of each part, in order."""
    turns = iter(lines)
    for part in parts:
        yield [next(turns).owner for line in opened(part)[1] if line[:1] in ("-", "+")]


def _agree(owners: Sequence[str | None]) -> bool:
    return len(set(owners)) == 1
