"""A change as it stands: splits, states, overlaps and what is new, laid over what git sees.

A mark concerns one hunk of maybe ten thousand, and the rest stands as it stood before it: files
about which nothing was recorded since are taken over, so that a mark costs what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from operator import is_
from typing import TYPE_CHECKING, Any

from makeitso.review.hunks import parent_id
from makeitso.review.marks import parts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.protocol.words import HunkState
    from makeitso.review.cuts import Cut


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What the journal says of the hunks of a change, at one moment; all by hunk.

    Attributes:
        states: marks and what became of them; refused hunks stay refused.
        reasons: why they are so.
        split: hunks, and parts of hunks, that stand as their parts.
        cuts: where those are cut that are not split at their unchanged lines.
        overlaps: what others propose that touches the same.
        seen: whole hunks a person has looked at or marked, also a part of, and parts of which that
            is so alone; while there are none, no hunk is new.
    """

    states: Mapping[str, HunkState] = field(default_factory=dict[str, "HunkState"])
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    split: frozenset[str] = frozenset()
    cuts: Mapping[str, Cut] = field(default_factory=dict[str, "Cut"])
    overlaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    seen: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A change with what is recorded of it laid over."""

    computed: Change
    """As git sees it."""
    recorded: Recorded
    change: Change
    """As it stands."""
    where: Mapping[str, int]
    """Which file a hunk is in, by its place in the change."""


def stand(change: Change, recorded: Recorded, *, before: Standing | None = None) -> Standing:
    """Lay what is recorded over a change.

    `before` is how a change stood earlier, if it is known: where it is this one, only files that
    something was recorded about since are made anew.
    """
    if before is None or before.computed is not change:
        where = {hunk.id: at for at, file in enumerate(change.files) for hunk in file.hunks}
        files = [_file(file, recorded) for file in change.files]
    else:
        where, files = before.where, list(before.change.files)
        for at in _concerned(before, recorded):
            files[at] = _file(change.files[at], recorded)
    shown = change.model_copy(update={"files": tuple(files)})
    return Standing(computed=change, recorded=recorded, change=shown, where=where)


def _concerned(before: Standing, now: Recorded) -> set[int]:
    """Files with a hunk about which something else is recorded now."""
    then = before.recorded
    if bool(then.seen) != bool(now.seen):
        return set(before.where.values())
    names = {
        *_differing(then.states, now.states),
        *_differing(then.reasons, now.reasons),
        *_differing(then.cuts, now.cuts),
        *_differing(then.overlaps, now.overlaps),
        *(then.split ^ now.split),
        *(then.seen ^ now.seen),
    }
    wholes = map(parent_id, names)
    return {before.where[name] for name in wholes if name in before.where}


def _differing(then: Mapping[str, object], now: Mapping[str, object]) -> set[str]:
    if then == now:
        return set()
    missing = object()
    return {
        name
        for name in then.keys() | now.keys()
        if then.get(name, missing) != now.get(name, missing)
    }


def _file(file: ChangedFile, recorded: Recorded) -> ChangedFile:
    leaves = [
        leaf for hunk in file.hunks for leaf in parts_of(hunk, recorded.split, cuts=recorded.cuts)
    ]
    hunks = tuple([_hunk(hunk, recorded) for hunk in leaves])
    if len(hunks) == len(file.hunks) and all(map(is_, hunks, file.hunks)):
        return file
    return file.model_copy(update={"hunks": hunks})


def _hunk(hunk: Hunk, recorded: Recorded) -> Hunk:
    changes: dict[str, Any] = {}
    state = hunk.state
    if state != "refused" and hunk.id in recorded.states:
        state = recorded.states[hunk.id]
        reason = recorded.reasons.get(hunk.id, "")
        if (hunk.state, hunk.reason) != (state, reason):
            changes.update(state=state, reason=reason)
    if hunk.id in recorded.overlaps:
        changes["overlaps"] = recorded.overlaps[hunk.id]
    if recorded.seen and state in ("pending", "conflict") and not _seen(hunk.id, recorded.seen):
        changes["flags"] = (*hunk.flags, "new")
    return hunk.model_copy(update=changes) if changes else hunk


def _seen(name: str, seen: Collection[str]) -> bool:
    """Whether a person has seen a hunk, or what it is a part of."""
    return name in seen or ("." in name and _seen(name.rpartition(".")[0], seen))
