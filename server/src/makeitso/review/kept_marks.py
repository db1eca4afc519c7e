"""Marks over a new proposal on the same base: what changes the same lines alike keeps its mark."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.review.edited import pieces
from makeitso.review.hunks import split

if TYPE_CHECKING:
    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.review.edited import Piece

_KEPT = ("accepted", "rejected", "landed", "conflict")


@dataclass(kw_only=True)
class Carried:
    """What of the proposal before is found again under another id."""

    splits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Hunks that stand as their parts, because git draws something marked and something new as
    one."""
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
    kept: dict[str, set[Piece]] = {}
    for file in after.files:
        earlier = known.get(file.path)
        if earlier is not None and earlier.base_blob == file.base_blob:
            kept[file.path] = _file(earlier, file, found)
    there = {hunk.id for file in after.files for hunk in file.hunks}
    found.changed = tuple(
        hunk.id
        for file in before.files
        for hunk in file.hunks
        if hunk.state == "accepted" and hunk.id not in there
        if not pieces(hunk) or not pieces(hunk) <= kept.get(file.path, set())
    )
    return found


def _file(before: ChangedFile, after: ChangedFile, found: Carried) -> set[Piece]:
    """Carry the marks of one file; returns what keeps one."""
    same = {hunk.id for hunk in before.hunks}
    owner: dict[Piece, Hunk] = {
        piece: hunk for hunk in before.hunks if hunk.state in _KEPT for piece in pieces(hunk)
    }
    kept: set[Piece] = set()
    for hunk in after.hunks:
        if hunk.id in same or not any(piece in owner for piece in pieces(hunk)):
            continue
        parts = split(hunk) if _one_mark(hunk, owner) is None else (hunk,)
        names = {part.id: then for part in parts if (then := _one_mark(part, owner)) is not None}
        if names and len(parts) > 1:
            found.splits[hunk.id] = tuple(part.id for part in parts)
        found.names.update(names)
        kept.update(piece for part in parts if part.id in names for piece in pieces(part))
    return kept


def _one_mark(hunk: Hunk, owner: dict[Piece, Hunk]) -> str | None:
    """A hunk of before that has the mark of all this one changes; None: it has no one mark."""
    mine = pieces(hunk)
    if not mine or not mine <= owner.keys():
        return None
    owners = [owner[piece] for piece in sorted(mine)]
    return owners[0].id if len({one.state for one in owners}) == 1 else None
