"""What a person's edit makes of a proposal, recorded as one event that can be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.runs.following import with_follows
from makeitso.runs.marking import new_action, void_question
from makeitso.runs.overlapping import proposals_beside, with_overlaps
from makeitso.runs.proposing import proposed
from makeitso.workspace import snapshots

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.protocol import events as ev
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def next_proposal(
    book: Book, repo: Repository, *, run_id: str, task: TaskState, tree: str
) -> ev.ChangeProposed:
    """A tree as what a task proposes, kept under a private ref; nothing is recorded yet.

    Raises:
        EnvironmentFault: git failed.
    """
    number = 1 + sum(1 for e in book.journal.read(run=run_id) if e.type == "change.proposed")
    ref = snapshots.ref_name(run=run_id, task=task.id, name=f"edited-{number}")
    parent = (task.base.commit or None) if task.base else None
    commit = snapshots.keep(repo, tree, ref=ref, parent=parent, message=ref)
    data = proposed(repo, run_id, task, tree=tree, commit=commit)
    notes = task.change.notes if task.change is not None else ()
    return data.model_copy(update={"notes": notes})


def record_edit(
    book: Book,
    repo: Repository,
    data: ev.ChangeProposed,
    *,
    run_id: str,
    task_id: str,
    reason: str,
) -> None:
    """Let an edit stand for review; the question about what stood there before falls away.

    Args:
        book: the runs.
        repo: the repository.
        data: the proposal with the edit, and the marks that come with it.
        run_id: the run.
        task_id: the task.
        reason: why the question falls away.
    """
    others = proposals_beside(book.runs, run_id, task_id)
    data = with_overlaps(repo, others, run_id=run_id, task_id=task_id, change=data)
    task = book.run(run_id).tasks[task_id]
    # All of them: a comment on what the edit made goes back with it when it is taken back.
    data = with_follows(repo, run_id, task, data, names=task.hunks)
    void_question(book, book.run(run_id), task_id, reason=reason)
    done = data.model_copy(update={"action": new_action()})
    book.journal.append(done, actor="person", run=run_id, task=task_id)
