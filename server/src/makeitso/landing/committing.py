"""The commit a landing makes, or the one that takes it back: on what is checked out, or apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.landing.git_side import Moved
from makeitso.workspace import person_commit, snapshots
from makeitso.workspace.git import read_head
from makeitso.workspace.git_process import run_git, try_git
from makeitso.workspace.trees import empty, entries, with_entries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.workspace.git import Repository
    from makeitso.workspace.trees import Entry


@dataclass(frozen=True, kw_only=True)
class Tip:
    """What a commit goes on top of."""

    ref: str
    """HEAD, or the full name of a branch."""
    branch: str | None
    """Without `refs/heads/`; None: HEAD is detached."""
    at: str | None
    """Commit the ref is at; None: it is not there yet."""
    parent: str | None
    """Commit it follows; None: it is the first."""
    tree: str

    @property
    def where(self) -> str:
        """In words."""
        return f"on {self.branch}" if self.ref != "HEAD" and self.branch else "in HEAD"


@dataclass(frozen=True, kw_only=True)
class Committed:
    """A commit that is made, and the ref that is to go there."""

    commit: str
    asked: str
    """Tree that was to be committed."""
    tree: str
    """Tree that is: hooks may have changed files."""
    moved: Moved


def head_tip(repo: Repository) -> Tip:
    """What is checked out.

    Raises:
        StateError: a merge, rebase, cherry-pick or revert is under way.
    """
    person_commit.require_free(repo)
    head = read_head(repo)
    tree = snapshots.tree_of(repo, head.commit) if head.commit else empty(repo)
    return Tip(ref="HEAD", branch=head.branch, at=head.commit, parent=head.commit, tree=tree)


def branch_tip(repo: Repository, branch: str, *, start: str | None) -> Tip:
    """A branch apart; where there is none it begins at `start`, or with its first commit.

    Raises:
        StateError: the name is none for a branch, or the branch is checked out somewhere.
    """
    ref = f"refs/heads/{branch}"
    if try_git(["check-ref-format", ref], place=repo.objects()).code != 0:
        raise StateError(
            f"{branch!r} is no name for a branch", hint="set [review] branch to another one"
        )
    out = run_git(["worktree", "list", "--porcelain"], place=repo.place())
    place = ""
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        key, _, value = line.partition(" ")
        place = value if key == "worktree" else place
        if key == "branch" and value == ref:
            raise StateError(
                f"{branch} is checked out in {place}, so nothing lands on it behind its back",
                hint="land there with --target commit, or check out another branch",
            )
    at = person_commit.commit_at(repo, ref)
    parent = at or start
    tree = snapshots.tree_of(repo, parent) if parent else empty(repo)
    return Tip(ref=ref, branch=branch, at=at, parent=parent, tree=tree)


def commit_onto(
    repo: Repository,
    tip: Tip,
    changed: Mapping[str, Entry | None],
    *,
    message: str,
    name: str,
    reason: str,
) -> Committed | None:
    """Make a commit of a tip with these entries; None: that is what the tip has already.

    Raises:
        StateError: a hook, or git, refused it.
        EnvironmentFault: git failed.
    """
    asked = with_entries(repo, tip.tree, changed)
    if asked == tip.tree:
        return None
    made = person_commit.make(
        repo, asked, parent=tip.parent, branch=tip.branch, message=message, name=name
    )
    moved = Moved(ref=tip.ref, old=tip.at, new=made.commit, reason=reason)
    return Committed(commit=made.commit, asked=asked, tree=made.tree, moved=moved)


def difference(
    repo: Repository, one: str, other: str
) -> dict[str, tuple[Entry | None, Entry | None]]:
    """The entries in which two trees differ, by path."""
    if one == other:
        return {}
    first, second = entries(repo, one), entries(repo, other)
    return {
        path: (first.get(path), second.get(path))
        for path in sorted({*first, *second})
        if first.get(path) != second.get(path)
    }
