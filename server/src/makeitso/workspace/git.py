"""Finding the repository and saying what stands at its HEAD. Nothing here writes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from makeitso.errors import EnvironmentFault, UserError
from makeitso.workspace.git_process import GitPlace, GitResult, git_fault, run_git, try_git

OLDEST_GIT = (2, 31)
"""`rev-parse --path-format` came with 2.31."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What HEAD is.

    commit: on a branch with a commit; unborn: a branch without one; detached: no branch.
    """

    kind: Literal["commit", "unborn", "detached"]
    branch: str | None
    commit: str | None


@dataclass(frozen=True, kw_only=True)
class Repository:
    """A repository with a working tree, by real absolute paths."""

    root: Path
    """Top of the working tree."""
    git_dir: Path
    """Git directory of this working tree (of a linked worktree: its administrative directory)."""
    common_dir: Path
    """Git directory all its worktrees share; equals `git_dir` in the main one."""
    head: Head
    """As it was when the repository was opened."""
    git_version: str

    @property
    def state_dir(self) -> Path:
        """Where our private indexes live, inside the git directory and so never in a tree."""
        return self.common_dir / "makeitso"

    def place(self, *, index: Path | None = None) -> GitPlace:
        """Calls on this working tree."""
        return GitPlace(git_dir=self.git_dir, work_tree=self.root, index=index)

    def objects(self) -> GitPlace:
        """Calls that need objects and refs only."""
        return GitPlace(git_dir=self.common_dir)


def git_version() -> str:
    """The version of git on PATH, e.g. `2.39.5`.

    Raises:
        EnvironmentFault: git is missing or older than we can use.
    """
    text = run_git(["version"], place=GitPlace()).decode("ascii", "replace")
    found = re.search(r"(\d+)\.(\d+)(?:\.\d+)*", text)
    if found is None:
        raise EnvironmentFault(f"`git version` answered {text.strip()!r}, which names no version.")
    if (int(found[1]), int(found[2])) < OLDEST_GIT:
        raise EnvironmentFault(f"git {found[0]} is too old.", hint="Install git 2.31 or newer.")
    return found[0]


def open_repository(path: Path) -> Repository:
    """Find the repository `path` lies in.

    Git's own ownership check holds here: a repository of another user is refused as git would.

    Raises:
        EnvironmentFault: git is missing, too old or failed.
        UserError: no repository, a bare one, or one git refuses for its owner.
    """
    if not path.is_dir():
        raise UserError(f"{path} is not a directory.", hint="Name the directory of a repository.")
    version = git_version()
    asked = try_git(
        [
            "rev-parse",
            "--path-format=absolute",
            "--is-bare-repository",
            "--git-dir",
            "--git-common-dir",
        ],
        place=GitPlace(),
        cwd=path,
    )
    if asked.code != 0:
        raise _not_a_repository(path, asked)
    bare, git_dir, common_dir = os.fsdecode(asked.out).rstrip("\n").split("\n")
    if bare == "true":
        raise UserError(
            f"{path} is a bare repository: it has no files to work on.",
            hint="Clone it, or add a worktree with `git worktree add`, and run there.",
        )
    top = try_git(
        ["rev-parse", "--path-format=absolute", "--show-toplevel"], place=GitPlace(), cwd=path
    )
    if top.code != 0:
        raise UserError(
            f"{path} lies inside a git directory, not in a working tree.",
            hint="Run in the directory that holds your files.",
        )
    root = Path(os.fsdecode(top.out).rstrip("\n")).resolve()
    place = GitPlace(git_dir=Path(git_dir), work_tree=root)
    return Repository(
        root=root,
        git_dir=Path(git_dir).resolve(),
        common_dir=Path(common_dir).resolve(),
        head=_read_head(place),
        git_version=version,
    )


def read_head(repo: Repository) -> Head:
    """What HEAD is now."""
    return _read_head(repo.place())


def _read_head(place: GitPlace) -> Head:
    symbolic = try_git(["symbolic-ref", "-q", "HEAD"], place=place)
    commit = try_git(["rev-parse", "-q", "--verify", "HEAD^{commit}"], place=place)
    oid = commit.out.decode("ascii").strip() if commit.code == 0 else None
    if symbolic.code == 0:
        branch = os.fsdecode(symbolic.out).strip().removeprefix("refs/heads/")
        return Head(kind="commit" if oid else "unborn", branch=branch, commit=oid)
    if oid is None:
        raise git_fault("rev-parse HEAD", commit)
    return Head(kind="detached", branch=None, commit=oid)


def _not_a_repository(path: Path, result: GitResult) -> UserError | EnvironmentFault:
    complaint = result.complaint
    if "dubious ownership" in complaint or "unsafe repository" in complaint:
        return UserError(
            f"git refuses the repository at {path}: another user owns it.",
            hint=f"If you trust it: git config --global --add safe.directory {path}",
        )
    if "not a git repository" in complaint:
        return UserError(
            f"{path} is not in a git repository.",
            hint="`git init` makes one; a first commit is not needed.",
        )
    return git_fault("rev-parse", result)
