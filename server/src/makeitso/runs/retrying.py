"""A task that failed or was stopped is taken up again by a person; its work is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from makeitso.journal.state import RunState, TaskState
    from makeitso.runs.book import Book


def take_up_again(book: Book, run_id: str, task_ids: Sequence[str]) -> tuple[str, ...]:
    """Open ended tasks again, and with them the run; returns all that are open now.

    Tasks that were stopped without having begun, only because one of these did not land, are open
    again, too. Whoever drives the run goes on with them.

    Raises:
        NotFoundError: no such run or task.
        StateError: a task is under way, has landed, or one before it did not land.
    """
    book.refresh()
    run = book.run(run_id)
    wanted = tuple(dict.fromkeys(task_ids))
    for task_id in wanted:
        _may_be_retried(run, task_id, wanted)
    behind = _stopped_behind(run, wanted)
    for task_id in (*wanted, *behind):
        why = "" if task_id in wanted else "what comes before it is taken up again"
        taken = ev.TaskTakenUp(how="retry", reason=why)
        book.journal.append(taken, actor="person", run=run_id, task=task_id)
    return (*wanted, *behind)


def newest_with_ended(book: Book, task_ids: Collection[str]) -> str:
    """The newest run in which one of these tasks failed or was stopped.

    Raises:
        StateError: there is none.
    """
    for run in reversed(book.runs.values()):
        ended = {task.id for task in run.tasks.values() if task.ended in ("failed", "stopped")}
        if ended.intersection(task_ids):
            return run.id
    raise StateError(
        f"no run has a failed or stopped task {', '.join(task_ids)}",
        hint="`mis status --all` shows the tasks of every run",
    )


def _may_be_retried(run: RunState, task_id: str, wanted: Collection[str]) -> None:
    task = run.tasks.get(task_id)
    if task is None:
        raise NotFoundError(
            f"{run.id} has no task {task_id}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    if task.ended not in ("failed", "stopped"):
        state = "has landed" if task.ended else "has not ended"
        raise StateError(f"{task_id} {state}", hint="only a failed or stopped task is retried")
    for name in task.spec.after:
        before = run.tasks.get(name)
        if before is not None and before.ended in ("failed", "stopped") and name not in wanted:
            raise StateError(
                f"{name}, which comes before {task_id}, did not land",
                hint=f"retry it first, or both: --retry {name} --retry {task_id}",
            )


def _stopped_behind(run: RunState, wanted: Collection[str]) -> tuple[str, ...]:
    """Tasks that never began and can begin now, in plan order; they may follow from each other."""
    opened = set(wanted)
    found: list[str] = []
    while fresh := [t.id for t in run.tasks.values() if _opens(run, t, opened)]:
        opened.update(fresh)
        found += fresh
    return tuple(found)


def _opens(run: RunState, task: TaskState, opened: Collection[str]) -> bool:
    if task.started or task.ended != "stopped" or task.id in opened:
        return False
    before = [run.tasks[name] for name in task.spec.after if name in run.tasks]
    return any(b.id in opened for b in before) and all(
        b.id in opened or b.ended in (None, "landed") for b in before
    )
