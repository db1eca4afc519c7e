"""A person saves a whole file of a proposal: that is what is proposed of it, and accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.protocol import events as ev
from makeitso.runs.marking import mark
from makeitso.runs.overlapping import proposals_beside, with_overlaps
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change
from makeitso.workspace import snapshots, trees

if TYPE_CHECKING:
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
    if saved == base and file.base_blob is not None:
        mark(book, [hunk.id for hunk in now.hunks], "rejected")
    elif saved == proposal:
        mark(book, [hunk.id for hunk in now.hunks], "accepted")
    else:
        _propose(book, repo, file, saved, run_id=run_id, task_id=task_id)
        task = book.run(run_id).tasks[task_id]
        fresh = _of(repo, run_id, task_id, book, file.path)
        mark(book, [hunk.id for hunk in fresh], "accepted")
    return _of(repo, run_id, task_id, book, file.path)


def _of(repo: Repository, run_id: str, task_id: str, book: Book, path: str) -> tuple[Hunk, ...]:
    change = present_change(repo, run_id, book.run(run_id).tasks[task_id])
    return next((file.hunks for file in change.files if file.path == path), ())


def _propose(
    book: Book, repo: Repository, file: ChangedFile, saved: bytes, *, run_id: str, task_id: str
) -> None:
    run = book.run(run_id)
    task = run.tasks[task_id]
    if task.change is None:
        raise StateError(f"{task_id} proposes nothing")
    entry = trees.Entry(file.new_mode or "100644", trees.write_blob(repo, saved))
    tree = trees.with_entries(repo, task.change.tree, {file.path: entry})
    number = 1 + sum(1 for e in book.journal.read(run=run_id) if e.type == "change.proposed")
    ref = snapshots.ref_name(run=run_id, task=task_id, name=f"edited-{number}")
    parent = (task.base.commit or None) if task.base else None
    commit = snapshots.keep(repo, tree, ref=ref, parent=parent, message=ref)
    data = proposed(repo, run_id, task, tree=tree, commit=commit)
    others = proposals_beside(book.runs, run_id, task_id)
    data = with_overlaps(repo, others, run_id=run_id, task_id=task_id, change=data)
    for approval in run.pending:
        if approval.kind == "change" and task_id in approval.tasks:
            # It asked about the file as it was; an answer would be to something else.
            gone = ev.ApprovalVoided(id=approval.id, reason=f"{file.path} was edited")
            book.journal.append(gone, actor="person", run=run_id, task=task_id)
    book.journal.append(data, actor="person", run=run_id, task=task_id)
