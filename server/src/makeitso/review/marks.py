"""The hunks of a change: found by id, as parts, and with the states that are recorded of them."""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING

from makeitso.review import hunks as hunks_of
from makeitso.review.cuts import cut as cut_up

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.protocol.words import HunkState
    from makeitso.review.cuts import Cut


def all_hunks(change: Change) -> Iterator[Hunk]:
    """Every hunk of a change, in order."""
    for file in change.files:
        yield from file.hunks


def with_states(
    change: Change,
    states: Mapping[str, HunkState],
    *,
    reasons: Mapping[str, str] | None = None,
) -> Change:
    """The change with recorded states and reasons in its hunks, by hunk; refused ones stay so."""

    def restated(hunk: Hunk) -> tuple[Hunk]:
        if hunk.state == "refused" or hunk.id not in states:
            return (hunk,)
        state, reason = states[hunk.id], (reasons or {}).get(hunk.id, "")
        if (hunk.state, hunk.reason) == (state, reason):
            return (hunk,)
        return (hunk.model_copy(update={"state": state, "reason": reason}),)

    return _mapped(change, restated)


def parts_of(hunk: Hunk, split: Collection[str], *, cuts: Mapping[str, Cut]) -> tuple[Hunk, ...]:
    """What a hunk stands as: itself, or its parts down to the smallest."""
    if hunk.id not in split:
        return (hunk,)
    cut = cuts.get(hunk.id)
    own = hunks_of.split(hunk) if cut is None else cut_up(hunk, cut)
    if own == (hunk,):
        return own
    return tuple(leaf for part in own for leaf in parts_of(part, split, cuts=cuts))


def find(change: Change, hunk_id: str) -> Hunk | None:
    """The hunk of that id, or None."""
    return next((hunk for hunk in all_hunks(change) if hunk.id == hunk_id), None)


def held(change: Change) -> tuple[Hunk, ...]:
    """Hunks that hold the whole task: protected, and nobody has decided on them yet."""
    return tuple(
        hunk for hunk in all_hunks(change) if hunk.state == "pending" and "protected" in hunk.flags
    )


def _mapped(change: Change, over: Callable[[Hunk], tuple[Hunk, ...]]) -> Change:
    return _with_files(
        change,
        tuple(
            _with_hunks(file, tuple(new for hunk in file.hunks for new in over(hunk)))
            for file in change.files
        ),
    )


def _with_files(change: Change, files: tuple[ChangedFile, ...]) -> Change:
    """The change with these files; itself when they are its own."""
    return change if _are(files, change.files) else change.model_copy(update={"files": files})


def _with_hunks(file: ChangedFile, hunks: tuple[Hunk, ...]) -> ChangedFile:
    """The file with these hunks; itself when they are its own."""
    return file if _are(hunks, file.hunks) else file.model_copy(update={"hunks": hunks})


def _are(found: Sequence[object], known: Sequence[object]) -> bool:
    return len(found) == len(known) and all(map(is_, found, known))
