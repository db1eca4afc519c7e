"""What follows when the ground under a task has gone: said, asked about, done as a person says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.building import broken, undecided_below

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.journal.steps import Step
    from makeitso.protocol.approval import Approval


def set_aside(run: RunState, task: TaskState) -> list[Step] | None:
    """The steps of a task that is to stop or has lost its ground; None: it goes its ordinary way.

    An empty list lets it stand still until what is below it is decided.
    """
    from makeitso.journal.steps import EndTask, MarkStale  # a review asks about none of them

    if task.landing is not None or task.ended is not None:
        return None  # a landing that began comes to its end first
    if task.stop_requested is not None:
        return [EndTask(task.id, "stopped", task.stop_requested)]
    gone = broken(run, task) if task.started else ""
    if bool(gone) != bool(task.stale):
        return [MarkStale(task.id, gone)]
    return _when_stale(run, task) if task.stale else None


def _when_stale(run: RunState, task: TaskState) -> list[Step]:
    from makeitso.journal.steps import AskStale, TakeStale

    if undecided_below(run, task):
        return []
    for approval in reversed(run.approvals.values()):
        if approval.digest != task.stale_question or approval.state == "void":
            continue
        if (approval.id, task.id) in run.used:
            break  # what was answered could not be done: asked again
        return [] if approval.state == "pending" else [TakeStale(task.id)]
    return [AskStale(task.id)]


def interrupted(task: TaskState) -> bool:
    """Whether what is under way for a task is to end at once."""
    return task.ended is None and (task.stop_requested is not None or bool(task.stale))


def stale_reason(run: RunState, task: TaskState) -> str:
    """Why nothing of a task that goes on lands, also before its engine has said so; or empty."""
    if task.ended is not None or run.finished is not None:
        return ""
    return task.stale or (broken(run, task) if task.started else "")


def stale_asked(run: RunState, task: TaskState) -> Approval | None:
    """The open question what becomes of a stale task; None: it is not asked now."""
    if not task.stale:
        return None
    return next((a for a in run.pending if a.digest == task.stale_question), None)


def stale_line(run: RunState, task: TaskState) -> str:
    """`T3 is stale: …; nothing of it lands until a7 is answered`; empty: it is not stale."""
    reason = stale_reason(run, task)
    if not reason:
        return ""
    asked = stale_asked(run, task)
    until = f"{asked.id} is answered" if asked is not None else "you are asked and have answered"
    return f"{task.id} is stale: {reason}; nothing of it lands until {until}"
