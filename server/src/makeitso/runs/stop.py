"""Asking a run, or one task of it, to stop, from any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.runs.book import Book


def request_stop(book: Book, run_id: str, *, reason: str, owned: bool) -> None:
    """Record the wish; the owner acts on it. Without an owner the run is put down at once.

    Raises:
        NotFoundError: no such run.
        StateError: it is over.
    """
    book.refresh()
    run = book.run(run_id)
    if run.finished is not None:
        raise StateError(f"{run_id} is over: {run.finished.state}")
    if run.paused is not None and run.paused.state == "stopped":
        return
    data = (
        ev.StopRequested(reason=reason)
        if owned
        else ev.RunPaused(state="stopped", reason=reason, exit_code=130)
    )
    book.journal.append(data, actor="person", run=run_id)


def request_task_stop(book: Book, run_id: str, task_id: str, *, reason: str) -> None:
    """Record the wish that one task ends while the others go on; settling the run ends it.

    Raises:
        NotFoundError: no such run or task.
        StateError: the task or its run is over.
    """
    book.refresh()
    run = book.run(run_id)
    task = run.tasks.get(task_id)
    if task is None:
        raise NotFoundError(
            f"{run_id} has no task {task_id}",
            hint=f"its tasks: {', '.join(run.tasks) or 'none yet'}",
        )
    if task.ended is not None:
        raise StateError(f"{task_id} of {run_id} is over: {task.ended}")
    if run.finished is not None:
        raise StateError(f"{run_id} is over: {run.finished.state}")
    if task.stop_requested is None:
        wish = ev.StopRequested(reason=reason)
        book.journal.append(wish, actor="person", run=run_id, task=task_id)
