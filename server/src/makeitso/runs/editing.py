"""A person edits a hunk: the proposal becomes what they saved, and that hunk is accepted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.journal.parts import leaves
from makeitso.protocol import events as ev
from makeitso.review import hunks as hunk_rules
from makeitso.review.edited import carried, editable, with_edit
from makeitso.runs.overlapping import proposals_beside, with_overlaps
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import locate, present_change
from makeitso.workspace import blobs, snapshots
from makeitso.workspace.git_process import GitPlace, run_git

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def edit_hunk(book: Book, repo: Repository, hunk_id: str, saved: str) -> None:
    """Put the edited hunk into the proposal; other hunks keep their marks.

    Raises:
        NotFoundError: no such hunk.
        StateError: it has landed, stands as its parts, or is no hunk of lines.
        UsageError: what was saved does not fit the file; nothing changed.
    """
    book.refresh()
    run, task = locate(book, hunk_id)
    change = present_change(repo, run.id, task)
    file, hunk = _editable(change, task, hunk_id)
    contents = blobs.read(repo, [b for b in (file.base_blob, file.new_blob) if b])
    base = contents[file.base_blob] if file.base_blob else b""
    proposal = contents[file.new_blob or ""]
    if not editable(base, proposal, hunk):
        raise StateError(
            f"hunk {hunk_id} cannot be edited: {file.path} is not UTF-8 there",
            hint="accept or reject it as it is",
        )
    text = with_edit(base, proposal, hunk, saved)
    tree = _tree_with(repo, change.tree, file, text)
    number = 1 + sum(1 for e in book.journal.read(run=run.id) if e.type == "change.proposed")
    ref = snapshots.ref_name(run=run.id, task=task.id, name=f"edited-{number}")
    commit = snapshots.keep(
        repo, tree, ref=ref, parent=task.base.commit if task.base else None, message=ref
    )
    data = proposed(repo, run.id, task, tree=tree, commit=commit)
    others = proposals_beside(book.runs, run.id, task.id)
    data = with_overlaps(repo, others, run_id=run.id, task_id=task.id, change=data)

    def record(event: ev.EventData) -> None:
        book.journal.append(event, actor="person", run=run.id, task=task.id)

    for approval in run.pending:
        if approval.kind == "change" and task.id in approval.tasks:
            # It asked about the hunks as they were; an answer would be to something else.
            record(ev.ApprovalVoided(id=approval.id, reason="a hunk was edited"))
    record(data)
    fresh = present_change(repo, run.id, book.run(run.id).tasks[task.id])
    for split, marks in carried(_of(change, file.path), _of(fresh, file.path), edited=hunk_id):
        if split is not None:
            record(ev.HunkSplit(hunk=split, parts=tuple(marks)))
        accepted = tuple(part for part, state in marks.items() if state == "accepted")
        rejected = tuple(part for part, state in marks.items() if state == "rejected")
        if accepted:
            record(ev.HunkMarked(hunks=accepted, mark="accepted"))
        if rejected:
            record(ev.HunkMarked(hunks=rejected, mark="rejected"))


def _of(change: Change, path: str) -> tuple[Hunk, ...]:
    return next((file.hunks for file in change.files if file.path == path), ())


def _editable(change: Change, task: TaskState, hunk_id: str) -> tuple[ChangedFile, Hunk]:
    if hunk_id in task.splits:
        raise StateError(
            f"hunk {hunk_id} stands as its parts",
            hint=f"edit one of {', '.join(leaves(task.splits, hunk_id))}",
        )
    file, hunk = next((f, h) for f in change.files for h in f.hunks if h.id == hunk_id)
    if hunk.kind not in ("text", "create") or file.new_blob is None:
        raise StateError(
            f"hunk {hunk_id} cannot be edited: it is not lines of text",
            hint="accept or reject it as a whole",
        )
    if hunk.state not in ("pending", "accepted", "rejected", "conflict"):
        raise StateError(f"hunk {hunk_id} is {hunk.state}", hint="edit the file itself")
    whole = hunk_rules.parent_id(hunk_id)
    if any(h.state == "landed" for h in file.hunks if hunk_rules.parent_id(h.id) == whole):
        raise StateError(
            f"hunk {hunk_id} cannot be edited: another part of hunk {whole} has landed",
            hint="accept it and change the file afterwards",
        )
    return file, hunk


def _tree_with(repo: Repository, tree: str, file: ChangedFile, text: bytes) -> str:
    """The tree with one file's content replaced."""
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="edit-", dir=repo.state_dir) as scratch:
        place = GitPlace(git_dir=repo.common_dir, index=Path(scratch) / "index")
        blob = run_git(["hash-object", "-w", "--stdin"], place=place, stdin=text).decode().strip()
        run_git(["read-tree", tree], place=place)
        entry = f"{file.new_mode} {blob}\t{file.path}".encode("utf-8", "surrogateescape")
        run_git(["update-index", "-z", "--index-info"], place=place, stdin=entry + b"\0")
        return run_git(["write-tree"], place=place).decode().strip()
