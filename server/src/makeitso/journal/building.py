"""What a task is built on: hunks of earlier tasks that have not landed, and whether they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.boundary import policy_of
from makeitso.journal.parts import leaves
from makeitso.protocol.events import BuiltOn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import HunkState

_OPEN: frozenset[HunkState] = frozenset({"pending", "accepted", "conflict"})


def may_build_on(run: RunState, task: TaskState, earlier: TaskState, rules: Rules) -> bool:
    """Whether a task may start before an earlier one has landed.

    Under `delegate` from what the earlier one proposes; else only where landing is left to a
    person: from what is accepted, once every hunk has its answer.
    """
    if not earlier.reviewing or earlier.stale or earlier.landing is not None:
        return False
    states = set(earlier.hunks.values())
    if policy_of(run, task, "bootstrap") == "delegate":
        return bool(states & {"pending", "accepted"}) and not broken(run, earlier)
    by_hand = not run.options.land or rules.land == "manual"
    return (
        by_hand
        and not earlier.land_requested
        and "accepted" in states
        and not states & {"pending", "conflict"}
    )


def layers(run: RunState, task: TaskState) -> tuple[BuiltOn, ...]:
    """The hunks that belong into the base of a task besides the workspace, in the order to apply.

    What an earlier task was itself built on comes before it.
    """
    found: dict[str, dict[str, None]] = {}
    for name in task.spec.after:
        earlier = run.tasks.get(name)
        if earlier is None or earlier.ended is not None or earlier.change is None:
            continue
        for below in built_on(earlier):
            other = run.tasks.get(below.task)
            if other is not None:
                _add(found, other, below.hunks)
        _add(found, earlier, tuple(earlier.hunks))
    return tuple(BuiltOn(task=name, hunks=tuple(hunks)) for name, hunks in found.items() if hunks)


def _add(found: dict[str, dict[str, None]], task: TaskState, hunks: tuple[str, ...]) -> None:
    held = found.setdefault(task.id, {})
    for hunk in hunks:
        for part in parts_of(task, hunk):
            if task.hunks.get(part) in _OPEN:
                held[part] = None


def built_on(task: TaskState) -> tuple[BuiltOn, ...]:
    """The hunks that were in a task's base without having landed."""
    return task.base.on if task.base is not None else ()


def parts_of(task: TaskState, hunk: str) -> tuple[str, ...]:
    """The hunks a hunk stands as now: itself, or its parts."""
    return leaves(task.splits, hunk)


def foundations(run: RunState, task: TaskState) -> Iterator[tuple[TaskState, HunkState]]:
    """Each hunk a task is built on: the task that proposed it, and where it stands."""
    for below in built_on(task):
        earlier = run.tasks.get(below.task)
        if earlier is None:
            continue
        for hunk in below.hunks:
            for part in parts_of(earlier, hunk):
                yield earlier, earlier.hunks.get(part, "rejected")


def may_land(run: RunState, task: TaskState) -> bool:
    """Whether all a task is built on is in the workspace, so that its own hunks fit there."""
    return not task.stale and all(state == "landed" for _, state in foundations(run, task))


def broken(run: RunState, task: TaskState) -> str:
    """Why what a task is built on is no longer so, in words; empty: it stands."""
    for below in built_on(task):
        earlier = run.tasks.get(below.task)
        if earlier is None:
            return f"{below.task}, which it is built on, is no longer in the plan"
        if earlier.stale:
            return f"{earlier.id}, which it is built on, is stale"
        for hunk in below.hunks:
            reason = _gone(earlier, hunk)
            if reason:
                return reason
    return ""


def _gone(earlier: TaskState, hunk: str) -> str:
    """Why one hunk is not to be built on any more."""
    for part in parts_of(earlier, hunk):
        state = earlier.hunks.get(part)
        if state is None:
            return f"hunk {part} of {earlier.id}, which it is built on, was edited or made anew"
        if state in ("rejected", "refused"):
            return f"hunk {part} of {earlier.id}, which it is built on, was {state}"
        if earlier.ended is not None and state != "landed":
            return f"{earlier.id}, which it is built on, {_OUTCOMES.get(earlier.ended, 'ended')}"
    return ""


_OUTCOMES = {"failed": "failed", "stopped": "was stopped", "landed": "did not land whole"}


def undecided_below(run: RunState, task: TaskState) -> bool:
    """Whether something a stale task is built on has yet to become clear."""
    for below in built_on(task):
        earlier = run.tasks.get(below.task)
        if earlier is None or earlier.ended is not None:
            continue
        if earlier.stale or not earlier.reviewing:
            return True
    return False
