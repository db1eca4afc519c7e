"""What a mark does to a hunk, and when a task's marks are complete."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.errors import PolicyDenied, StateError
from makeitso.review import hunks as hunks_of
from makeitso.review.cuts import cut as cut_up

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from makeitso.protocol.change import Change, Hunk
    from makeitso.protocol.words import Actor, HunkState, Mark
    from makeitso.review.cuts import Cut


def mark(hunk: Hunk, mark: Mark, *, actor: Actor) -> HunkState:
    """The state a hunk is in after a mark; a conflict may be accepted again, to try once more.

    Raises:
        StateError: the hunk is refused and was to be accepted, or it has landed.
        PolicyDenied: somebody else than a person accepts what only a person may, or the mark comes
            from somebody who never marks.
    """
    if actor not in ("person", "policy"):
        raise PolicyDenied(f"A {actor} does not mark hunks.")
    if hunk.state == "landed":
        raise StateError(
            f"Hunk {hunk.id} has landed.", hint="Undo it in the editor; it stays undone."
        )
    if hunk.state == "refused":
        if mark == "accepted":
            raise StateError(
                f"Hunk {hunk.id} cannot be accepted: {hunk.reason}.",
                hint=f"Make that change to {hunk.path} by hand if you want it.",
            )
        return "refused"
    if mark == "accepted" and actor == "policy" and "protected" in hunk.flags:
        raise PolicyDenied(
            f"{hunk.path} is protected: a person decides on it.",
            hint="Review it with `mis review`.",
        )
    return mark


def all_hunks(change: Change) -> Iterator[Hunk]:
    """Every hunk of a change, in order."""
    for file in change.files:
        yield from file.hunks


def with_states(
    change: Change, states: Mapping[str, HunkState], *, reasons: Mapping[str, str] | None = None
) -> Change:
    """The change with recorded states and reasons in its hunks; refused ones stay refused."""

    def restated(hunk: Hunk) -> Hunk:
        if hunk.state == "refused" or hunk.id not in states:
            return hunk
        reason = (reasons or {}).get(hunk.id, "")
        return hunk.model_copy(update={"state": states[hunk.id], "reason": reason})

    return _mapped(change, lambda hunk: (restated(hunk),))


def with_splits(
    change: Change, split: Collection[str], *, cuts: Mapping[str, Cut] | None = None
) -> Change:
    """The change with the named hunks, and the named parts of them, split.

    `cuts` says where those are cut that are not split at their unchanged lines.
    """

    def parts(hunk: Hunk) -> tuple[Hunk, ...]:
        if hunk.id not in split:
            return (hunk,)
        cut = (cuts or {}).get(hunk.id)
        own = hunks_of.split(hunk) if cut is None else cut_up(hunk, cut)
        return own if own == (hunk,) else tuple(leaf for part in own for leaf in parts(part))

    return _mapped(change, parts)


def with_overlaps(change: Change, others: Mapping[str, tuple[str, ...]]) -> Change:
    """The change with what other proposals touch, too, in its hunks."""
    return _mapped(
        change, lambda hunk: (hunk.model_copy(update={"overlaps": others.get(hunk.id, ())}),)
    )


def find(change: Change, hunk_id: str) -> Hunk | None:
    """The hunk of that id, or None."""
    return next((hunk for hunk in all_hunks(change) if hunk.id == hunk_id), None)


def settled(change: Change) -> bool:
    """Whether nothing waits for a mark any more: no hunk is pending."""
    return all(hunk.state != "pending" for hunk in all_hunks(change))


def held(change: Change) -> tuple[Hunk, ...]:
    """Hunks that hold the whole task: protected, and nobody has decided on them yet."""
    return tuple(
        hunk for hunk in all_hunks(change) if hunk.state == "pending" and "protected" in hunk.flags
    )


def landable(change: Change) -> tuple[Hunk, ...]:
    """Accepted hunks that may land now: none while the task is held."""
    if held(change):
        return ()
    return tuple(hunk for hunk in all_hunks(change) if hunk.state == "accepted")


def policy_may_land(change: Change) -> bool:
    """Whether a policy may land it without a person: nothing in it is protected or refused."""
    return not any(file.protected or file.refused for file in change.files)


def counts(change: Change) -> dict[str, int]:
    """How many hunks are in each state, states that occur only."""
    return dict(Counter(hunk.state for hunk in all_hunks(change)))


def _mapped(change: Change, over: Callable[[Hunk], tuple[Hunk, ...]]) -> Change:
    files = tuple(
        file.model_copy(update={"hunks": tuple(new for hunk in file.hunks for new in over(hunk))})
        for file in change.files
    )
    return change.model_copy(update={"files": files})
