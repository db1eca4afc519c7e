"""A working tree as a commit, without touching the person's index, stash or HEAD.

A private index is brought up to date with the files on disk and written as a tree. The index is
filled by `ls-files` and `update-index`, not by `add -A`: that one runs `git status` inside nested
repositories, and with it whatever filter a worker configured there.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.git import read_head
from makeitso.workspace.git_process import GitPlace, git_fault, run_git, try_git
from makeitso.workspace.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from makeitso.workspace.git import Repository
    from makeitso.workspace.worktrees import Worktree

ATTEMPTS = 3
"""A file may vanish or turn into a directory between listing and reading; then list again."""

IGNORED_NOTE = "Ignored files are not included: "
"""How the note on ignored files begins."""

_IDENTITY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (("NAME", "makeitso"), ("EMAIL", "makeitso@localhost"))
}


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A working tree, kept in the object database under a ref of ours."""

    tree: str
    commit: str
    ref: str
    notes: tuple[str, ...]
    """What is on disk and not in it, in words for a person."""


def ref_name(*, run: str, task: str, name: str) -> str:
    """The ref a snapshot lives at: `refs/makeitso/<run>/<task>/<name>`, dots written `%2E`."""
    parts = [part.replace(".", "%2E") for part in (run, task, name)]
    return "/".join(["refs/makeitso", *parts])


def take(
    repo: Repository, worktree: Path | Worktree, *, run: str, task: str, name: str
) -> Snapshot:
    """Snapshot a working tree: tracked and untracked files as they are on disk.

    `worktree` is the repository's own root, or a worktree of ours, whose commit becomes the parent.
    Ignored files, what is uncommitted inside submodules and nested repositories are not in it, nor
    is what was copied into the worktree, even if a worker takes it off the list of the ignored.

    Raises:
        EnvironmentFault: git failed: a file cannot be read, the disk is full.
    """
    if isinstance(worktree, Path):
        root, seed, parent = worktree, repo.git_dir / "index", read_head(repo).commit
    else:
        root, seed, parent = worktree.path, worktree.private_index, worktree.base_commit
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="snapshot-", dir=repo.state_dir) as scratch:
        index = Path(scratch) / "index"
        place = GitPlace(git_dir=repo.git_dir, work_tree=root, index=index)
        _seed_index(place, seed=seed, index=index, commit=parent)
        without = frozenset[bytes]() if isinstance(worktree, Path) else private(worktree)
        nested = _refresh(place, root=root, without=without)
        tree = run_git(["write-tree"], place=place).decode("ascii").strip()
        notes = _notes(place, nested=nested)
    ref = ref_name(run=run, task=task, name=name)
    commit = keep(repo, tree, ref=ref, parent=parent, message=f"{run}/{task}: {name}")
    return Snapshot(tree=tree, commit=commit, ref=ref, notes=notes)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """The files of a working tree as a tree that no ref keeps, so that git may forget it."""

    tree: str
    notes: tuple[str, ...]


def look(repo: Repository) -> Looked:
    """The files of a repository's working tree, tracked and untracked, as they are on disk.

    Objects are written, no ref, so that looking at somebody's work leaves nothing behind.

    Raises:
        EnvironmentFault: git failed: a file cannot be read, the disk is full.
    """
    with scratch(repo) as folder:
        index = folder / "index"
        place = GitPlace(git_dir=repo.git_dir, work_tree=repo.root, index=index)
        _seed_index(place, seed=repo.git_dir / "index", index=index, commit=read_head(repo).commit)
        nested = _refresh(place, root=repo.root, without=frozenset())
        tree = run_git(["write-tree"], place=place).decode("ascii").strip()
        return Looked(tree=tree, notes=_notes(place, nested=nested))


def keep(repo: Repository, tree: str, *, ref: str, parent: str | None, message: str) -> str:
    """Put a tree under a ref as a commit of ours and return the commit."""
    parents = ["-p", parent] if parent else []
    commit = (
        run_git(
            ["-c", "i18n.commitEncoding=utf-8", "commit-tree", tree, *parents, "-F", "-"],
            place=repo.objects(),
            stdin=message.encode("utf-8", "backslashreplace"),
            environment=_IDENTITY,
        )
        .decode("ascii")
        .strip()
    )
    run_git(["update-ref", "-m", "makeitso", ref, commit], place=repo.objects())
    return commit


def commit_of(repo: Repository, ref: str) -> str | None:
    """The commit a ref points at; None: no such ref."""
    found = try_git(["rev-parse", "-q", "--verify", f"{ref}^{{commit}}"], place=repo.objects())
    return found.out.decode("ascii").strip() if found.code == 0 else None


def tree_of(repo: Repository, revision: str) -> str:
    """The tree of a commit or tree name.

    Raises:
        EnvironmentFault: it names neither.
    """
    found = run_git(["rev-parse", "--verify", f"{revision}^{{tree}}"], place=repo.objects())
    return found.decode("ascii").strip()


def trees_of(repo: Repository, *revisions: str) -> tuple[str, ...]:
    """The trees of commits or trees, in one call of git.

    Args:
        repo: the repository.
        revisions: object ids.

    Raises:
        EnvironmentFault: one names neither.
    """
    found = run_git(
        ["rev-parse", *(f"{revision}^{{tree}}" for revision in revisions)], place=repo.objects()
    )
    return tuple(found.decode("ascii").split())


def drop(repo: Repository, *, run: str) -> int:
    """Delete all refs of a run, so that git may collect its objects; returns how many."""
    prefix = "refs/makeitso/" + run.replace(".", "%2E") + "/"
    out = run_git(["for-each-ref", "--format=%(refname)", prefix], place=repo.objects())
    refs = out.split()
    stdin = b"".join(b"delete " + ref + b"\n" for ref in refs)
    run_git(["update-ref", "--stdin"], place=repo.objects(), stdin=stdin)
    return len(refs)


def kept_runs(repo: Repository) -> tuple[tuple[str, int], ...]:
    """Each ref of ours by the run it belongs to, with the Unix milliseconds of its commit."""
    form = "--format=%(refname) %(committerdate:unix)"
    out = run_git(["for-each-ref", form, "refs/makeitso/"], place=repo.objects())
    found: list[tuple[str, int]] = []
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        ref, _, at = line.rpartition(" ")
        found.append((ref.split("/")[2].replace("%2E", "."), int(at or 0) * 1000))
    return tuple(found)


def _seed_index(place: GitPlace, *, seed: Path, index: Path, commit: str | None) -> None:
    """Start from a copy of an index for its stat cache, else from a commit, else from nothing.

    The copy keeps its time of change: git trusts what it cached of a file only when the index is
    younger than the file, so a copy that looks younger would hide an edit made in the same tick.
    """
    try:
        shutil.copy2(seed, index)
    except FileNotFoundError:
        if commit is not None:
            run_git(["read-tree", commit], place=place)


def private(worktree: Worktree) -> frozenset[bytes]:
    """The files of a worktree that were copied in beside its snapshot."""
    try:
        return frozenset(worktree.private_paths.read_bytes().split(b"\0")) - {b""}
    except FileNotFoundError:
        return frozenset()


def _refresh(place: GitPlace, *, root: Path, without: Collection[bytes]) -> tuple[bytes, ...]:
    """Bring the index up to date with the disk; returns nested repositories left out."""
    for attempt in range(1, ATTEMPTS + 1):
        tracked = _list(place, "--cached")
        others = _list(place, "--others", "--exclude-standard")
        nested = tuple(path.rstrip(b"/") for path in others if path.endswith(b"/"))
        hidden = _behind_a_non_directory(root, tracked)
        present = [path for path in tracked if path not in hidden]
        files = [path for path in others if not path.endswith(b"/") and path not in without]
        if hidden:
            _update(place, ["--force-remove"], hidden)
        result = try_git(
            [
                "update-index",
                "--add",
                "--remove",
                "--ignore-skip-worktree-entries",
                "-z",
                "--stdin",
            ],
            place=place,
            stdin=b"".join(path + b"\0" for path in present + files),
        )
        if result.code == 0:
            return nested
        if attempt == ATTEMPTS or "Permission denied" in result.complaint:
            raise git_fault("update-index", result)
    raise EnvironmentFault("The files changed faster than they could be read.")


def _update(place: GitPlace, options: list[str], paths: Iterable[bytes]) -> None:
    run_git(
        ["update-index", *options, "-z", "--stdin"],
        place=place,
        stdin=b"".join(path + b"\0" for path in paths),
    )


def _list(place: GitPlace, *options: str) -> list[bytes]:
    out = run_git(["ls-files", "-z", *options], place=place)
    return list(dict.fromkeys(path for path in out.split(b"\0") if path))


def _behind_a_non_directory(root: Path, paths: Collection[bytes]) -> set[bytes]:
    """Tracked paths whose directory is now a symlink or a file: they are gone.

    `update-index` stops at a path beyond a symlink instead of taking it for removed.
    """
    known: dict[bytes, bool] = {b"": True}
    base = os.fsencode(root)

    def is_directory(path: bytes) -> bool:
        if path not in known:
            known[path] = is_directory(path.rpartition(b"/")[0]) and _is_real_directory(base, path)
        return known[path]

    return {path for path in paths if not is_directory(path.rpartition(b"/")[0])}


def _is_real_directory(base: bytes, path: bytes) -> bool:
    try:
        mode = os.lstat(base + b"/" + path).st_mode
    except OSError:
        return True  # gone altogether: update-index removes what was below by itself
    return stat.S_ISDIR(mode)


def _notes(place: GitPlace, *, nested: tuple[bytes, ...]) -> tuple[str, ...]:
    """Say what is on disk and not in the tree."""
    ignored = run_git(
        ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"],
        place=place,
    )
    notes: list[str] = []
    names = [path for path in ignored.split(b"\0") if path and not path.startswith(b".makeitso/")]
    if names:
        notes.append(f"{IGNORED_NOTE}{_some(names)}.")
    staged = run_git(["ls-files", "-z", "--stage"], place=place).split(b"\0")
    submodules = [entry.partition(b"\t")[2] for entry in staged if entry.startswith(b"160000 ")]
    if submodules:
        notes.append(
            "Submodules are included at their commit, not with what is uncommitted inside them: "
            f"{_some(submodules)}."
        )
    if nested:
        notes.append(f"Nested repositories are not included: {_some(nested)}.")
    return tuple(notes)


def _some(paths: Collection[bytes], *, most: int = 5) -> str:
    shown = [path.decode("utf-8", "backslashreplace") for path in list(paths)[:most]]
    more = f" and {len(paths) - most} more" if len(paths) > most else ""
    return ", ".join(shown) + more
