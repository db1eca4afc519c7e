"""What a person names to be reviewed: a worktree, revision, range, stash or patch, as two trees.

Nothing here writes but objects that no ref keeps.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, UsageError
from makeitso.protocol.events_foreign import ReviewSource
from makeitso.workspace import snapshots
from makeitso.workspace.git import read_head
from makeitso.workspace.git_process import GitPlace, run_git, try_git
from makeitso.workspace.patch_apply import MOST_BYTES, apply_patch
from makeitso.workspace.scratch import scratch
from makeitso.workspace.trees import entries

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workspace.git import Repository
    from makeitso.workspace.trees import Entry

_RANGE = re.compile(r"^(?P<left>.*?)(?P<dots>\.{2,3})(?P<right>.*)$")
_STASH = re.compile(r"^(?:refs/)?stash(?:@\{\d+\})?$")
_COMMITS = 50
"""Commits that are named in a summary."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A change from elsewhere: two trees, and what it says about itself."""

    source: ReviewSource
    base_tree: str
    base_commit: str | None
    """Commit of the base; None: HEAD is unborn, or the base is no commit."""
    tree: str
    title: str
    summary: str = ""
    notes: tuple[str, ...] = ()


def find(repo: Repository, name: str, *, start: Path) -> Found:
    """What a name stands for.

    A worktree of the repository comes first, then what git knows under that name, then a file.

    Args:
        repo: the repository whose HEAD the change is for.
        name: what the person named.
        start: directory that relative paths are relative to.

    Raises:
        NotFoundError: it names nothing.
        UsageError: it cannot be reviewed: the workspace itself, no common history, no patch.
        EnvironmentFault: git failed.
    """
    if not name or name.startswith("-") or "\0" in name:
        raise UsageError(f"{name!r} names nothing to review", hint=_WHAT)
    path = start / name
    if path.is_dir():
        tree = _worktree(repo, path)
        if tree is not None:
            return _of_worktree(repo, tree)
    ranged = _RANGE.match(name)
    if ranged is not None:
        ends = [_commit(repo, ranged[side] or "HEAD") for side in ("left", "right")]
        if all(ends):
            left, right = (end or "" for end in ends)
            return _of_range(repo, name, left, right, symmetric=ranged["dots"] == "...")
    commit = _commit(repo, name)
    if commit is not None:
        return _of_stash(repo, name, commit) if _STASH.match(name) else _of(repo, name, commit)
    if path.is_file():
        return _of_file(repo, name, path)
    raise NotFoundError(
        f"{name} is no worktree, revision, range or patch here",
        hint="another repository's directory: `git fetch` it, and name the branch"
        if path.is_dir()
        else _WHAT,
    )


_WHAT = "name a worktree, a branch, A..B, a stash, a patch file, or - for a patch on stdin"


def find_patch(repo: Repository, patch: bytes, *, name: str, key: str = "") -> Found:
    """What a patch would change at HEAD.

    Args:
        repo: the repository.
        patch: the patch.
        name: what people know it by.
        key: what makes it the same patch when it comes again; empty: its content.

    Raises:
        UsageError: it is no patch, or does not fit.
    """
    if not patch.strip():
        raise UsageError(f"{name} is empty", hint="`git diff` or `git format-patch` makes patches")
    head = read_head(repo).commit
    base = _tree(repo, head)
    applied = apply_patch(repo, base, patch, name=name)
    return Found(
        source=ReviewSource(
            kind="patch", name=name, key=f"patch:{key or hashlib.sha256(patch).hexdigest()}"
        ),
        base_tree=base,
        base_commit=head,
        tree=applied.tree,
        title=applied.title or name,
        summary=applied.summary,
    )


def _of_file(repo: Repository, name: str, path: Path) -> Found:
    try:
        with path.open("rb") as file:
            patch = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    return find_patch(repo, patch, name=name, key=os.fspath(path.resolve()))


def _worktree(repo: Repository, path: Path) -> Repository | None:
    """The worktree of this repository that a directory lies in; None: it lies in none.

    Only the repository is asked: what lies in the directory may name another one, with settings
    that start programs.
    """
    known = {_named(gitdir): gitdir.parent for gitdir in repo.common_dir.glob("worktrees/*/gitdir")}
    if repo.common_dir.name == ".git":
        known[repo.common_dir.parent] = repo.common_dir
    real = path.resolve()
    for place in (real, *real.parents):
        if place == repo.root:
            if place != real:
                return None  # a directory of this workspace may be called like a branch
            raise UsageError(
                "this is the workspace itself",
                hint="`git add -p` stages what you changed; name another worktree or a branch",
            )
        if place in known:
            there = replace(repo, root=place, git_dir=known[place])
            return replace(there, head=read_head(there))
    return None


def _named(gitdir: Path) -> Path:
    """The directory a worktree's administrative directory says it is at."""
    try:
        text = gitdir.read_text("utf-8", "surrogateescape").rstrip("\n")
    except OSError:
        return gitdir
    return (gitdir.parent / text).resolve().parent


def _of_worktree(repo: Repository, there: Repository) -> Found:
    here, theirs = read_head(repo).commit, there.head.commit
    base = theirs
    if here and theirs and not _of_ours(repo, theirs):
        base = _merge_base(repo, here, theirs)
    looked = snapshots.look(there)
    branch = f" on {there.head.branch}" if there.head.branch else ""
    return Found(
        source=ReviewSource(
            kind="worktree", name=os.fspath(there.root), key=f"worktree:{os.fspath(there.root)}"
        ),
        base_tree=_tree(repo, base or theirs),
        base_commit=base or theirs,
        tree=looked.tree,
        title=f"{there.root.name}{branch}",
        summary=_log(repo, base, theirs),
        notes=looked.notes,
    )


def _of_ours(repo: Repository, commit: str) -> bool:
    """Whether a commit is what a run here took of the workspace: its worktrees begin with that."""
    kept = try_git(
        ["for-each-ref", "--count=1", "--points-at", commit, "refs/makeitso/"], place=repo.place()
    )
    return kept.code == 0 and bool(kept.out.strip())


def _of(repo: Repository, name: str, commit: str) -> Found:
    """A branch, tag or commit, against where it left HEAD."""
    head = _commit(repo, "HEAD")
    base = _merge_base(repo, head, commit) if head else None
    if head is not None and base is None:
        raise UsageError(
            f"{name} and HEAD have no history in common", hint=f"name a range: `{name}~1..{name}`"
        )
    asked = try_git(
        ["rev-parse", "-q", "--verify", "--symbolic-full-name", name], place=repo.place()
    )
    ref = os.fsdecode(asked.out).strip() if asked.code == 0 else ""
    branch = ref.startswith("refs/") and ref != "refs/stash"
    log = _log(repo, base, commit)
    base_tree, tree = _trees(repo, base, commit)
    return Found(
        source=ReviewSource(
            kind="branch" if branch else "commit",
            name=name,
            key=f"ref:{ref}" if branch else f"commit:{commit}",
        ),
        base_tree=base_tree,
        base_commit=base,
        tree=tree,
        title=_title(name, log),
        summary=log,
    )


def _of_range(repo: Repository, name: str, left: str, right: str, *, symmetric: bool) -> Found:
    base = _merge_base(repo, left, right) if symmetric else left
    if base is None:
        raise UsageError(
            f"the two ends of {name} have no history in common", hint="name it with two dots"
        )
    log = _log(repo, base, right)
    base_tree, tree = _trees(repo, base, right)
    return Found(
        source=ReviewSource(kind="range", name=name, key=f"range:{name}"),
        base_tree=base_tree,
        base_commit=base,
        tree=tree,
        title=_title(name, log),
        summary=log,
    )


def _of_stash(repo: Repository, name: str, commit: str) -> Found:
    """A stash against what it was made on, its untracked files with it."""
    base = _commit(repo, f"{commit}^1")
    tree = _tree(repo, commit)
    untracked = _commit(repo, f"{commit}^3")
    if untracked is not None:
        tree = _with(repo, tree, entries(repo, _tree(repo, untracked)))
    subject = _subject(repo, commit)
    return Found(
        source=ReviewSource(kind="stash", name=name, key=f"commit:{commit}"),
        base_tree=_tree(repo, base),
        base_commit=base,
        tree=tree,
        title=subject or name,
    )


def _with(repo: Repository, tree: str, more: dict[str, Entry]) -> str:
    """The tree with more files in it."""
    lines = b"".join(
        f"{entry.mode} {entry.blob}\t{path}".encode("utf-8", "surrogateescape") + b"\0"
        for path, entry in more.items()
    )
    with scratch(repo) as folder:
        place = GitPlace(git_dir=repo.common_dir, index=folder / "index")
        run_git(["read-tree", tree], place=place)
        run_git(["update-index", "-z", "--index-info"], place=place, stdin=lines)
        return run_git(["write-tree"], place=place).decode("ascii").strip()


def _commit(repo: Repository, name: str) -> str | None:
    if name.startswith("-"):
        return None
    asked = try_git(["rev-parse", "-q", "--verify", f"{name}^{{commit}}"], place=repo.place())
    return asked.out.decode("ascii").strip() if asked.code == 0 else None


def _tree(repo: Repository, commit: str | None) -> str:
    """The tree of a commit; of none: the empty one."""
    if commit is None:
        return (
            run_git(["hash-object", "-t", "tree", "-w", "--stdin"], place=repo.objects())
            .decode("ascii")
            .strip()
        )
    return snapshots.tree_of(repo, commit)


def _trees(repo: Repository, base: str | None, tip: str) -> tuple[str, str]:
    """The trees of two commits; that of no base is the empty one."""
    if base is None:
        return _tree(repo, None), _tree(repo, tip)
    one, other = snapshots.trees_of(repo, base, tip)
    return one, other


def _merge_base(repo: Repository, one: str, other: str) -> str | None:
    asked = try_git(["merge-base", one, other], place=repo.objects())
    return asked.out.decode("ascii").split("\n")[0] if asked.code == 0 else None


def _log(repo: Repository, base: str | None, tip: str | None) -> str:
    """The commits of a change, oldest first, one line each."""
    if tip is None:
        return ""
    which = f"{base}..{tip}" if base else tip
    out = run_git(
        ["log", f"-{_COMMITS + 1}", "--no-show-signature", "--encoding=UTF-8", "--format=%h %s",
         which],
        place=repo.objects(),
    )  # fmt: skip
    lines = out.decode("utf-8", "replace").splitlines()
    shown = list(reversed(lines[:_COMMITS]))
    return "\n".join([*(["… and earlier ones"] if len(lines) > _COMMITS else []), *shown])


def _title(name: str, log: str) -> str:
    commits = log.count("\n") + bool(log)
    if commits == 1:
        return f"{name}: {log.partition(' ')[2].strip()}"
    return f"{name}, {commits} commits" if commits else name


def _subject(repo: Repository, commit: str) -> str:
    out = run_git(
        ["log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", commit],
        place=repo.objects(),
    )
    return out.decode("utf-8", "replace").strip()
