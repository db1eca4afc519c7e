"""Which hunk of the next proposal stands where one of the last did. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.review.carrying import renamed
from makeitso.review.edited import pieces

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.protocol.change import Change, ChangedFile, Hunk


def follows(before: Change, after: Change, names: Collection[str]) -> dict[str, str]:
    """Hunks that are gone, by id, with the id of the one that is in their place.

    Another base has other line numbers: there only what says the same is the same. Nothing is
    said of a hunk in whose place nothing changes any more.

    Args:
        before: splits laid over.
        after: the same task's next proposal, splits laid over.
        names: the hunks asked for, others are left out.
    """
    there = {hunk.id for file in after.files for hunk in file.hunks}
    files = {file.path: file for file in after.files}
    alike = {then: now for now, then in renamed(before, after).items()}
    found: dict[str, str] = {}
    for file in before.files:
        for hunk in file.hunks:
            if hunk.id not in names or hunk.id in there:
                continue
            now = _in_place_of(hunk, file, files.get(file.path)) or alike.get(hunk.id)
            if now is not None:
                found[hunk.id] = now
    return found


def _in_place_of(hunk: Hunk, before: ChangedFile, after: ChangedFile | None) -> str | None:
    if after is None or after.base_blob != before.base_blob:
        return None
    near = [(away, other.id) for other in after.hunks if (away := _away(hunk, other)) is not None]
    return min(near, key=lambda one: one[0])[1] if near else None


def _away(hunk: Hunk, other: Hunk) -> tuple[bool, int] | None:
    """How far a hunk is from the place of another; None: it is at another place.

    What changes the same lines is nearer than what only has lines around it in common, as when
    a person took a change back and changed the line beside it.
    """
    mine, theirs = _span(hunk), _span(other)
    if mine is None or theirs is None:
        return (False, 0) if hunk.kind == other.kind else None
    changed = any(
        first <= end and begun <= last
        for first, last, _ in pieces(hunk)
        for begun, end, _ in pieces(other)
    )
    around = mine[0] <= theirs[1] and theirs[0] <= mine[1]
    return (not changed, abs(mine[0] - theirs[0])) if changed or around else None


def _span(hunk: Hunk) -> tuple[int, int] | None:
    """The lines of the base a hunk shows, zero-based, end exclusive; None: it shows none."""
    if not hunk.diff.startswith("@@"):
        return None
    first = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    return first, first + hunk.old_lines
