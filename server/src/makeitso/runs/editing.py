"""A person edits a hunk: the proposal becomes what they saved, and that hunk is accepted."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.journal.parts import leaves
from makeitso.review import hunks as hunk_rules
from makeitso.review.edited import carried, editable, with_edit
from makeitso.review.marks import parts_of
from makeitso.review.owners import owned
from makeitso.runs.edits import next_proposal, record_edit
from makeitso.runs.marking import mark
from makeitso.runs.reviewing import cuts_of, locate, present_change, splits_of
from makeitso.workspace import blobs
from makeitso.workspace.git_process import GitPlace, run_git

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.protocol import events as ev
    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.protocol.words import HunkState
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def edit_hunk(book: Book, repo: Repository, hunk_id: str, saved: str) -> None:
    """Put the edited hunk into the proposal; other hunks, and parts of it, keep their marks.

    It is taken back like a mark.

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
    if text == proposal:
        mark(book, [hunk_id], "accepted")
        return
    tree = _tree_with(repo, change.tree, file, text)
    data = next_proposal(book, repo, run_id=run.id, task=task, tree=tree)
    data = _with_marks(repo, data, file, hunk, saved=saved, run_id=run.id, task=task)
    record_edit(book, repo, data, run_id=run.id, task_id=task.id, reason="a hunk was edited")


def _with_marks(
    repo: Repository,
    data: ev.ChangeProposed,
    file: ChangedFile,
    hunk: Hunk,
    *,
    saved: str,
    run_id: str,
    task: TaskState,
) -> ev.ChangeProposed:
    """The proposal with the edited hunk accepted, and with the marks of what stands beside it."""
    now = dataclasses.replace(task, change=data, splits={}, cuts={})
    cuts = cuts_of(task)

    def lay(one: Hunk) -> tuple[Hunk, ...]:
        return parts_of(one, task.splits, cuts=cuts)

    drawn = _of(present_change(repo, run_id, now), file.path)
    kept = owned(file.hunks, drawn, edited=hunk, saved=saved, lay=lay)
    if kept is not None:
        return data.model_copy(
            update={
                "splits": kept.splits,
                "cuts": splits_of(kept.cuts),
                "carried": kept.names,
                "marks": dict.fromkeys(kept.edited, "accepted"),
            }
        )
    laid = tuple(part for one in drawn for part in lay(one))
    splits: dict[str, tuple[str, ...]] = {}
    marks: dict[str, HunkState] = {}
    for split, states in carried(file.hunks, laid, edited=hunk.id):
        if split is not None:
            splits[split] = tuple(states)
        marks.update(states)
    marked = {name: state for name, state in marks.items() if state in ("accepted", "rejected")}
    return data.model_copy(update={"splits": splits, "marks": marked})


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
