"""Asking for the checks on what is accepted, and ending them, from any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.journal.conversation import inside_now
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.words import Actor
    from makeitso.runs.book import Book


def request_check(book: Book, run_id: str, task_id: str) -> None:
    """Let the checks of a task run on exactly what is accepted of it.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: the task has no check or is not in review, or nothing of it is accepted.
    """
    book.refresh()
    run = book.run(run_id)
    task = run.tasks.get(task_id)
    if task is None:
        raise NotFoundError(
            f"{run_id} has no task {task_id}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    if not task.spec.checks:
        raise StateError(f"{task_id} declares no check", hint="`- done when:` in its plan does")
    if not task.reviewing:
        raise StateError(
            f"{task_id} is not in review", hint="`mis status` shows what its checks said"
        )
    if not inside_now(task):
        raise StateError("nothing is accepted", hint="`mis review accept ID…` or `mis review`")
    if not task.check_wanted:
        book.journal.append(ev.CheckRequested(), actor="person", run=run_id, task=task_id)


def end_check(book: Book, run_id: str, task_id: str, *, reason: str) -> None:
    """End checks that are wanted or under way; whoever runs them lets go of them.

    What had to be decided before they could go on falls away with them.
    """
    book.refresh()
    task = book.run(run_id).tasks[task_id]
    if task.check_wanted:
        ended = ev.AcceptedChecked(
            tree="", hunks=inside_now(task), of=len(task.hunks), passed=None, reason=reason
        )
        book.journal.append(ended, actor="person", run=run_id, task=task_id)
        void_questions(book, run_id, task_id, actor="person")


def void_questions(book: Book, run_id: str, task_id: str, *, actor: Actor) -> None:
    """Let questions fall away that nothing but the checks of this task, now ended, waited for.

    A task in review has no worker: a ceiling or a set-up that is asked about for it alone is that
    of its checks. A question that another task has, too, stays.
    """
    book.refresh()
    for approval in book.run(run_id).pending:
        if approval.kind in ("budget", "command") and approval.tasks == (task_id,):
            gone = ev.ApprovalVoided(id=approval.id, reason="the checks it was for were ended")
            book.journal.append(gone, actor=actor, run=run_id, task=task_id)
