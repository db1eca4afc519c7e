"""What follows once a change is proposed: questions about it, landing, the end of its task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.building import may_land
from makeitso.journal.conversation import proof
from makeitso.journal.landings import undecided
from makeitso.journal.steps import (
    AskReview,
    CheckAccepted,
    CheckLanded,
    Cleanup,
    CloseReview,
    EndTask,
    Land,
    TakeAnswer,
    Undo,
    WantCheck,
)

if TYPE_CHECKING:
    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.journal.steps import Step


def review_steps(run: RunState, task: TaskState, rules: Rules) -> list[Step]:
    """What a task needs whose change stands for review."""
    states = list(task.hunks.values())
    if task.undo_requested is not None and task.landing is None:
        return [Undo(task.id)]
    if _answered(run, task):
        return [TakeAnswer(task.id)]
    wanted = "accepted" in states and (
        task.land_requested
        or (run.options.land and rules.land == "on-accept")
        or (run.options.land and rules.land == "when-settled" and task.settled)
    )
    ready = wanted and may_land(run, task) and not undecided(task)
    proven = proof(task, rules) if ready else "held"
    if task.landing is not None or (ready and proven == "go"):
        return [Land(task.id)]
    if task.check_wanted:
        return [CheckAccepted(task.id)]
    if proven == "check":
        return [WantCheck(task.id)]
    if "pending" in states or "conflict" in states:
        return [] if _open_question(run, task) else [AskReview(task.id)]
    if "accepted" in states:
        return []
    if _open_question(run, task):
        return [CloseReview(task.id)]
    if task.standing and not task.landed_checked and task.spec.checks:
        return [CheckLanded(task.id)]
    if "landed" in states:
        left = states.count("rejected")
        rejected = f"{left} {'hunk' if left == 1 else 'hunks'} rejected" if left else ""
        return [EndTask(task.id, "landed", rejected)]
    reason = "every hunk was rejected" if "rejected" in states else "nothing of it may land"
    return [EndTask(task.id, "stopped", reason)]


def waits_to_be_asked(run: RunState, task: TaskState, rules: Rules) -> bool:
    """Whether what is accepted of a task lands only when a person asks for it.

    What was taken back is so: to accept it again decides on the change, not on where it is.
    """
    if "accepted" not in task.hunks.values() or task.land_requested or task.landing is not None:
        return False
    if task.ended is not None:
        return True
    by_itself = run.options.land and rules.land != "manual"
    return task.reviewing and task.settled and not by_itself


def after_end(task: TaskState) -> list[Step]:
    """What is left to do for a task that has ended."""
    if task.undo_requested is not None and task.landing is None:
        return [Undo(task.id)]
    if task.landing is not None or _still_to_land(task):
        return [Land(task.id)]
    if task.standing and not task.landed_checked and task.spec.checks:
        return [CheckLanded(task.id)]
    open_hunks = {"pending", "accepted", "conflict"} & set(task.hunks.values())
    if task.worktree is not None and not open_hunks:
        return [Cleanup(task.id)]
    return []


def _still_to_land(task: TaskState) -> bool:
    return task.land_requested and "accepted" in task.hunks.values() and not undecided(task)


def _open_question(run: RunState, task: TaskState) -> bool:
    return any(a.kind == "change" and task.id in a.tasks for a in run.pending)


def _answered(run: RunState, task: TaskState) -> bool:
    return any(
        a.kind == "change"
        and task.id in a.tasks
        and a.state in ("granted", "denied")
        and (a.id, task.id) not in run.used
        and task.change is not None
        and a.digest == task.change.digest
        for a in run.approvals.values()
    )
