"""Ending waits early, from any process: a person decides, and the first decision holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError, StoreError
from makeitso.protocol import events as ev
from makeitso.runs.ask import person

if TYPE_CHECKING:
    from makeitso.runs.book import Book


def skip_waits(book: Book, run_id: str, task_id: str | None = None) -> tuple[str, ...]:
    """Let tasks go on that wait for time or for a command; whoever drives the run acts on it.

    Args:
        book: the runs.
        run_id: the run.
        task_id: the task; None: all of the run that wait.

    Returns:
        The tasks that go on.

    Raises:
        NotFoundError: no such run or task.
        StateError: nothing waits there any more.
        StoreError: the journal cannot be written.
    """
    book.refresh()
    run = book.run(run_id)
    if task_id is not None and task_id not in run.tasks:
        known = ", ".join(run.tasks) or "none yet"
        raise NotFoundError(f"{run_id} has no task {task_id}", hint=f"its tasks: {known}")
    wanted = [run.tasks[task_id]] if task_id is not None else list(run.tasks.values())
    skipped: list[str] = []
    for task in wanted:
        opened = task.wait
        if opened is not None and run.finished is None and _skip(book, run_id, task.id, opened.id):
            skipped.append(task.id)
    if not skipped:
        who = f"{task_id} of {run_id}" if task_id is not None else run_id
        raise StateError(f"{who} does not wait", hint=f"`mis status {run_id}` shows what goes on")
    return tuple(skipped)


def _skip(book: Book, run_id: str, task_id: str, wait: int) -> bool:
    def guard() -> str | None:
        # Inside the transaction: nobody can end it between this look and our row.
        over = book.journal.mentions(("wait.ended",), "wait", wait)
        return f"the wait of {task_id} is over already" if over else None

    try:
        book.journal.append(
            ev.WaitEnded(wait=wait, reason="skipped", who=person()),
            actor="person",
            run=run_id,
            task=task_id,
            guard=guard,
        )
    except StoreError:
        book.refresh()
        opened = book.run(run_id).tasks[task_id].wait
        if opened is not None and opened.id == wait:
            raise
        return False
    return True
