"""Removing what is left over, one thing after the other; nothing unsaved is ever deleted."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault, StateError
from makeitso.protocol import events as ev
from makeitso.workspace import setups, snapshots, worktrees
from makeitso.workspace.paths import workspace_state

if TYPE_CHECKING:
    from makeitso.runs.book import Book
    from makeitso.runs.retention import Leftover
    from makeitso.workspace.git import Repository


def put_away(book: Book, item: Leftover) -> None:
    """End the review of a change from elsewhere; twice is the same as once."""
    book.refresh()
    run = book.run(item.run)
    if run.finished is None:
        for approval in run.pending:
            gone = ev.ApprovalVoided(id=approval.id, reason="the review was put away")
            book.journal.append(gone, actor="person", run=run.id)
        ended = ev.RunFinished(state="stopped", reason="put away; `mis review open` takes it up")
        book.journal.append(ended, actor="person", run=run.id)


def remove(repo: Repository, item: Leftover) -> str:
    """Remove one leftover; twice is the same as once. Returns where its files are kept, or empty.

    The caller owns the workspace, so that no run uses what goes.

    Raises:
        StateError: it is a landing.
        EnvironmentFault: it could not be saved or deleted; what is there of it is still whole or
            can be removed by calling again.
    """
    path = Path(item.name)
    match item.kind:
        case "worktree":
            for tree in worktrees.listing(repo):
                if tree.path == path:
                    kept = worktrees.remove(repo, tree)
                    return kept.ref if kept else ""
        case "refs":
            snapshots.drop(repo, run=item.run)
        case "demo":
            for inside in path.iterdir():
                _delete(workspace_state(inside).path)
            _delete(path)
        case "setup":
            setups.drop(path.parent, path.name)
        case "landing":
            raise StateError(
                f"{path} is a landing that stopped half-way; only a person deletes it",
                hint="`mis resume` ends it if its run is open",
            )
        case "review":
            raise StateError(f"{item.name} is ended in the journal", hint="`mis clean`")
        case "home" | "tmp" | "artifacts":
            _delete(path)
        case "replay":
            _unlink(path)
    return ""


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"{path} could not be deleted: {error.strerror}",
            hint="Check the permissions there.",
        ) from error


def _delete(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise EnvironmentFault(
            f"{path} could not be deleted: {error.strerror}",
            hint="close what still uses it and try again",
        ) from error
