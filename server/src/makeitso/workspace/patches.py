"""The difference of two trees as one patch text, the kind `git apply` takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from makeitso.workspace.git import Repository


def patch(repo: Repository, base_tree: str, tree: str) -> str:
    """The patch from one tree to the other; bytes that are not UTF-8 are replaced.

    Raises:
        EnvironmentFault: a tree is missing or git failed.
    """
    raw = run_git(
        [
            "diff-tree",
            "-p",
            "--binary",
            "--full-index",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            base_tree,
            tree,
        ],
        place=repo.objects(),
    )
    return raw.decode("utf-8", "replace")


def stat(repo: Repository, base_tree: str, tree: str) -> str:
    """How many lines changed in which files, as `git diff --stat` says it."""
    raw = run_git(
        [
            "diff-tree",
            "--stat=100",
            "--no-renames",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            base_tree,
            tree,
        ],
        place=repo.objects(),
    )
    return raw.decode("utf-8", "replace").rstrip()
