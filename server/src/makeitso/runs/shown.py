"""The file as a task proposes it, as a read-only copy beside the review document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.store.outputs import keep
from makeitso.workspace import blobs

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change, Hunk
    from makeitso.workspace.git import Repository


def write_proposal(dot: Path, repo: Repository, change: Change, hunk: Hunk) -> Path:
    """Write the proposed file of a hunk; its bytes, whatever its mode is.

    Raises:
        StateError: nothing is there to be shown: it is deleted, or no file.
    """
    file = next(file for file in change.files if file.path == hunk.path)
    if file.new_blob is None or file.refused or file.new_mode not in ("100644", "100755"):
        raise StateError(
            f"there is no {file.path} to show: {file.refused or 'the proposal deletes it'}",
            hint="the review document says what changes",
        )
    data = blobs.read(repo, [file.new_blob])[file.new_blob]
    folder = dot / "review" / f"{change.run}-{change.task}"
    path = folder / file.path
    keep(folder, file.path, data)
    path.chmod(0o400)
    return path
