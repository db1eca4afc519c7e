"""A person saves a whole file of a proposal: that is what is proposed of it, and accepted."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.runs.edits import next_proposal, record_edit
from makeitso.runs.marking import mark
from makeitso.runs.reviewing import present_change
from makeitso.workspace import trees

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.protocol.change import ChangedFile, Hunk
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository

OPEN = ("pending", "accepted", "rejected", "conflict")


def whole(file: ChangedFile) -> bool:
    """Whether a file can be taken as what a person saves: lines on both sides, nothing landed."""
    return (
        not file.refused
        and not file.binary
        and file.new_blob is not None
        and file.new_mode in ("100644", "100755")
        and bool(file.hunks)
        and all(hunk.state in OPEN for hunk in file.hunks)
    )


def save_file(
    book: Book,
    repo: Repository,
    file: ChangedFile,
    saved: bytes,
    *,
    run_id: str,
    task_id: str,
    base: bytes,
    proposal: bytes,
) -> tuple[Hunk, ...]:
    """Take what a person saved of a file; returns its hunks as they stand then.

    As proposed, its hunks are accepted; as in the base, they are rejected; anything else becomes
    the proposal and is accepted. Other files keep their marks.

    Args:
        book: the journal.
        repo: the repository.
        file: the file, as it stood when the person began.
        saved: what they saved.
        run_id: run of the change.
        task_id: task of the change.
        base: the file in the base; empty where there is none.
        proposal: the file as proposed.

    Raises:
        StateError: the change has moved on since, or part of the file has landed.
    """
    book.refresh()
    task = book.run(run_id).tasks[task_id]
    now = next((f for f in present_change(repo, run_id, task).files if f.path == file.path), None)
    if now is None or now.new_blob != file.new_blob or not whole(now):
        raise StateError(
            f"{file.path} has moved on while it was open", hint="look at it again: `mis review`"
        )
    if saved == base != proposal and file.base_blob is not None:
        mark(book, [hunk.id for hunk in now.hunks], "rejected")
    elif saved == proposal:
        mark(book, [hunk.id for hunk in now.hunks], "accepted")
    else:
        if task.change is None:
            raise StateError(f"{task_id} proposes nothing")
        entry = trees.Entry(file.new_mode or "100644", trees.write_blob(repo, saved))
        tree = trees.with_entries(repo, task.change.tree, {file.path: entry})
        data = next_proposal(book, repo, run_id=run_id, task=task, tree=tree)
        after = dataclasses.replace(task, change=data)
        fresh = [hunk.id for hunk in _hunks(repo, run_id, after, file.path)]
        data = data.model_copy(update={"marks": dict.fromkeys(fresh, "accepted")})
        reason = f"{file.path} was edited"
        record_edit(book, repo, data, run_id=run_id, task_id=task_id, reason=reason)
    return _hunks(repo, run_id, book.run(run_id).tasks[task_id], file.path)


def _hunks(repo: Repository, run_id: str, task: TaskState, path: str) -> tuple[Hunk, ...]:
    change = present_change(repo, run_id, task)
    return next((file.hunks for file in change.files if file.path == path), ())
