"""Which tasks may start: what holds them back, and how many may be under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.steps import EndTask

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState


def occupies(task: TaskState) -> bool:
    """Whether a task holds one of the places for tasks under way."""
    return task.started and not task.reviewing and task.ended is None


def blocked(run: RunState, task: TaskState) -> EndTask | str | None:
    """The task another waits for, or its end when that one did not land; None: it may start."""
    for other_id in task.spec.after:
        other = run.tasks.get(other_id)
        if other is None or other.ended == "landed":
            continue
        if other.ended is not None:
            return EndTask(task.id, "stopped", f"{other_id}, which comes before, did not land")
        return other_id
    return None
