"""What is asked to land or to be taken back, what is under way, and what stands where it landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.parts import leaves
from makeitso.protocol import events as ev
from makeitso.protocol.events_review import INTERRUPTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.journal.state import TaskState
    from makeitso.protocol.events import CheckRan, Event
    from makeitso.protocol.words import HunkState


OPEN = ("pending", "accepted", "conflict")
"""States of hunks that somebody has still to decide on, or that have still to land."""


def undecided(task: TaskState) -> tuple[str, ...]:
    """Protected paths that nobody decided on yet: nothing of the task lands before that."""
    if task.change is None or not task.change.held:
        return ()
    return tuple(
        dict.fromkeys(
            hunk.path
            for hunk in task.change.hunks
            if hunk.protected
            if any(task.hunks.get(part) == "pending" for part in leaves(task.splits, hunk.id))
        )
    )


def whole(task: TaskState, *, hunks: Mapping[str, HunkState] | None = None) -> bool:
    """Whether a task that ended as landed is still so: nothing that was taken back is open.

    `hunks` are states it would have; None: those it has.
    """
    states = set((task.hunks if hunks is None else hunks).values())
    if task.ended != "landed" or not states.isdisjoint(OPEN):
        return False
    return "landed" in states or not task.landings


def since_landed(task: TaskState, check: CheckRan) -> str:
    """Why what a check said of the workspace after a landing says nothing now; empty: it does."""
    if check.where != "landed":
        return ""
    if not task.standing:
        return "taken back"
    return "" if (check.command, check.cwd) in task.checked_since_landing else "stale"


def take_landing(task: TaskState, event: Event) -> None:
    """Fold an event about landing, or about taking back what landed."""
    match event.data:
        case ev.LandRequested(target=target):
            task.land_requested, task.land_target = True, target
        case ev.LandingStarted(id=landing, undoes=undoes):
            task.landing, task.undoing = landing, undoes
        case ev.UndoRequested(landing=landing):
            task.undo_requested = landing
        case ev.LandingEnded() as ended:
            _landed(task, ended)
        case ev.LandingUndone() as undone:
            _undone(task, undone)
        case _:
            pass


def _landed(task: TaskState, ended: ev.LandingEnded) -> None:
    task.landing = None
    if ended.error != INTERRUPTED:
        task.land_requested, task.land_target = False, None
    if not ended.error:
        task.landings.append(ended.landing)
        if ended.landing.landed:
            task.standing[ended.landing.id] = ended.landing.landed
        task.checked_since_landing.clear()
        for hunk in ended.landing.landed:
            task.hunks[hunk] = "landed"
    for hunk in ended.landing.conflicts:
        task.hunks[hunk] = "conflict"
        task.hunk_reasons[hunk] = ended.reasons.get(hunk, "")


def _undone(task: TaskState, undone: ev.LandingUndone) -> None:
    task.landing = task.undoing = None
    task.undone += 1
    if undone.error != INTERRUPTED:
        task.undo_requested = None
    left = tuple(h for h in task.standing.pop(undone.landing, ()) if h not in undone.hunks)
    if left:
        task.standing[undone.landing] = left
    if undone.hunks:
        task.checked_since_landing.clear()
    for hunk in undone.hunks:
        if task.hunks.get(hunk) == "landed":
            task.hunks[hunk] = "pending"
            task.hunk_reasons.pop(hunk, None)
