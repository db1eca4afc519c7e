"""Putting a worktree back to a tree: what a check wrote there is no part of the work."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.workspace import snapshots
from makeitso.workspace.git_process import GitPlace, run_git

if TYPE_CHECKING:
    from makeitso.workspace.git import Repository
    from makeitso.workspace.worktrees import Worktree


def restore(repo: Repository, worktree: Worktree, tree: str) -> tuple[str, ...]:
    """Make the files of a worktree those of `tree`, ignored files left alone.

    Returns the paths that were different.

    Raises:
        EnvironmentFault: git failed or a file cannot be written.
    """
    now = snapshots.take(
        repo, worktree, run=worktree.run, task=worktree.task, name="before-restore"
    ).tree
    if now == tree:
        return ()
    raw = run_git(
        ["diff-tree", "-r", "-z", "--name-status", "--no-renames", now, tree],
        place=repo.objects(),
    )
    fields = [field for field in raw.split(b"\0") if field]
    pairs = list(zip(fields[::2], fields[1::2], strict=True))
    gone = [path for status, path in pairs if status == b"D"]
    wanted = [path for status, path in pairs if status != b"D"]
    for path in gone:
        _unlink(worktree.path, path)
    if wanted:
        with tempfile.TemporaryDirectory(prefix="restore-", dir=repo.state_dir) as scratch:
            place = GitPlace(
                git_dir=repo.git_dir, work_tree=worktree.path, index=Path(scratch) / "index"
            )
            run_git(["read-tree", tree], place=place)
            run_git(
                ["checkout-index", "-f", "-z", "--stdin"],
                place=place,
                stdin=b"".join(path + b"\0" for path in wanted),
            )
    return tuple(path.decode("utf-8", "backslashreplace") for _, path in pairs)


def _unlink(root: Path, path: bytes) -> None:
    """Remove one file and the directories that become empty, never through a symlink."""
    target = root / Path(path.decode("utf-8", "surrogateescape"))
    if not target.parent.resolve().is_relative_to(root.resolve()):
        return
    target.unlink(missing_ok=True)
    parent = target.parent
    while parent != root:
        try:
            parent.rmdir()
        except OSError:
            return
        parent = parent.parent
