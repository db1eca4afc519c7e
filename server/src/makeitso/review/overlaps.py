"""Where two changes touch the same thing, found before anybody reviews them.

Line ranges are compared on a common base. Neighbours count: git merges two changes only when a line
that neither touches stands between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.review import hunks as hunks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.protocol.events import OverlapKind
    from makeitso.review.hunks import LineEdit


@dataclass(frozen=True)
class Overlap:
    """Two hunks that cannot both land as they are, or not without a merge."""

    hunk: str
    other: str
    path: str
    kind: OverlapKind


def overlaps(
    mine: Change, other: Change, *, moved: Mapping[str, Sequence[LineEdit]]
) -> tuple[Overlap, ...]:
    """Find them, in review order of `mine`.

    Args:
        mine: a change.
        other: another one.
        moved: by path, how the base of `mine` differs from the base of `other`; empty where the
            file is the same in both.
    """
    theirs = {file.path: file for file in other.files if not file.refused}
    left = {file.origin: file for file in theirs.values() if file.origin is not None}
    found: list[Overlap] = []
    for file in mine.files:
        if file.refused:
            continue
        if file.origin is not None and file.origin in left:
            found += _both_rename(file, left[file.origin], moved.get(file.origin, ()))
            continue
        beside = theirs.get(file.origin or "") or left.get(file.path)
        if beside is not None:
            found.append(Overlap(file.hunks[0].id, beside.hunks[0].id, file.path, "rename"))
        if file.path in theirs:
            found += _in_file(file, theirs[file.path], moved.get(file.path, ()))
        elif file.status in ("added", "renamed"):
            found += _in_the_way(file, theirs)
    return tuple(found)


def base_edits(between: Change) -> dict[str, tuple[LineEdit, ...]]:
    """How each file differs between two bases, from the change between them."""
    return {
        file.path: tuple(edit for hunk in file.hunks for edit in hunks_of.edits(hunk))
        for file in between.files
        if not file.binary
    }


def moved_range(start: int, end: int, edits: Sequence[LineEdit]) -> tuple[int, int]:
    """Where lines `start` to `end` (zero-based, end exclusive) are after edits, in file order.

    A range that an edit touches grows by what the edit put there.
    """
    shift, low, high = 0, start, end
    touched_from: int | None = None
    touched_to: int | None = None
    for edit in edits:
        if edit.old_to < start or (edit.old_to == start and edit.old_from < edit.old_to):
            shift = edit.new_to - edit.old_to
        elif edit.old_from <= end:
            touched_from = edit.new_from if touched_from is None else touched_from
            touched_to = edit.new_to + max(0, end - edit.old_to)
    low, high = start + shift, end + shift
    if touched_from is not None and touched_to is not None:
        low, high = min(low, touched_from), max(touched_from, touched_to)
    return low, high


def _in_file(mine: ChangedFile, other: ChangedFile, moved: Sequence[LineEdit]) -> Iterator[Overlap]:
    if mine.new_blob == other.new_blob and mine.new_mode == other.new_mode:
        return  # both come to the same
    kind = _whole(mine, other)
    if kind is not None:
        yield Overlap(mine.hunks[0].id, other.hunks[0].id, mine.path, kind)
        return
    yield from _lines_of(mine, other, moved)


def _lines_of(
    mine: ChangedFile, other: ChangedFile, moved: Sequence[LineEdit]
) -> Iterator[Overlap]:
    for hunk in mine.hunks:
        for their in other.hunks:
            if hunk.kind == "mode" and their.kind == "mode" and mine.new_mode != other.new_mode:
                yield Overlap(hunk.id, their.id, mine.path, "mode")
            elif hunk.kind == "text" and their.kind == "text" and _touch(hunk, their, moved):
                yield Overlap(hunk.id, their.id, mine.path, "lines")


def _both_rename(
    mine: ChangedFile, other: ChangedFile, moved: Sequence[LineEdit]
) -> Iterator[Overlap]:
    """Two changes that rename the same file: to one name, what is within it counts."""
    if mine.path != other.path:
        yield Overlap(mine.hunks[0].id, other.hunks[0].id, mine.path, "rename")
    elif mine.new_blob != other.new_blob or mine.new_mode != other.new_mode:
        yield from _lines_of(mine, other, moved)


def _whole(mine: ChangedFile, other: ChangedFile) -> OverlapKind | None:
    """What two changes of one file have in common that concerns it as a whole; None: nothing."""
    states = {mine.status, other.status}
    if states == {"deleted"}:
        return None
    if "deleted" in states:
        return "delete"
    if states & {"added", "renamed"}:
        return "create"
    text = [hunk.kind for file in (mine, other) for hunk in file.hunks if hunk.kind != "mode"]
    both = all(any(h.kind != "mode" for h in file.hunks) for file in (mine, other))
    return "content" if both and any(kind != "text" for kind in text) else None


def _in_the_way(mine: ChangedFile, theirs: Mapping[str, ChangedFile]) -> Iterator[Overlap]:
    """A file where the other change has a directory, or the other way round."""
    for path, file in theirs.items():
        if file.status in ("added", "renamed") and (
            path.startswith(f"{mine.path}/") or mine.path.startswith(f"{path}/")
        ):
            yield Overlap(mine.hunks[0].id, file.hunks[0].id, mine.path, "create")


def _touch(mine: Hunk, other: Hunk, moved: Sequence[LineEdit]) -> bool:
    theirs = hunks_of.edits(other)
    for edit in hunks_of.edits(mine):
        start, end = moved_range(edit.old_from, edit.old_to, moved)
        for their in theirs:
            if start <= their.old_to and their.old_from <= end:
                same = (start, end) == (their.old_from, their.old_to)
                if not (same and _added(mine, edit) == _added(other, their)):
                    return True
    return False


def _added(hunk: Hunk, edit: LineEdit) -> tuple[str, ...]:
    """The lines an edit puts in, from the text of its hunk."""
    at = hunk.new_start - (1 if hunk.new_lines else 0)
    lines: list[str] = []
    for line in hunk.diff.split("\n")[1:]:
        if line.startswith("+") and edit.new_from <= at < edit.new_to:
            lines.append(line)
        at += line[:1] in ("+", " ")
    return tuple(lines)
