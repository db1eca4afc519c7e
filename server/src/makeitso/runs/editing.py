"""A person edits a hunk: the proposal becomes what they saved, and that hunk is accepted."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.review.edited import with_edit
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import locate, mark, present_change
from makeitso.workspace import blobs, snapshots
from makeitso.workspace.git_process import GitPlace, run_git

if TYPE_CHECKING:
    from makeitso.protocol.change import ChangedFile
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def edit_hunk(book: Book, repo: Repository, hunk_id: str, saved: str) -> None:
    """Put the edited hunk into the proposal; other hunks keep their marks.

    Raises:
        NotFoundError: no such hunk.
        StateError: it has landed, or is no hunk of lines.
        UsageError: what was saved does not fit the file; nothing changed.
    """
    book.refresh()
    run, task = locate(book, hunk_id)
    change = present_change(repo, run.id, task)
    file, hunk = next((f, h) for f in change.files for h in f.hunks if h.id == hunk_id)
    if hunk.kind not in ("text", "create") or file.new_blob is None or "\ufffd" in hunk.diff:
        raise StateError(f"hunk {hunk_id} cannot be edited: it is not lines of text")
    if hunk.state not in ("pending", "accepted", "rejected", "conflict"):
        raise StateError(f"hunk {hunk_id} is {hunk.state}")
    contents = blobs.read(repo, [b for b in (file.base_blob, file.new_blob) if b])
    base = contents[file.base_blob] if file.base_blob else b""
    text = with_edit(base, contents[file.new_blob], hunk, saved)
    tree = _tree_with(repo, change.tree, file, text)
    number = 1 + sum(1 for e in book.journal.read(run=run.id) if e.type == "change.proposed")
    ref = snapshots.ref_name(run=run.id, task=task.id, name=f"edited-{number}")
    commit = snapshots.keep(
        repo, tree, ref=ref, parent=task.base.commit if task.base else None, message=ref
    )
    fresh = proposed(repo, run.id, task, tree=tree, commit=commit)
    book.journal.append(fresh, actor="person", run=run.id, task=task.id)
    known = {h.id for f in change.files for h in f.hunks}
    new = [h.id for h in fresh.hunks if h.path == file.path and h.id not in known]
    if new:
        mark(book, new, "accepted")


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
