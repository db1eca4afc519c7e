"""Worktrees of workers: made outside the repository, registered, removed only when told.

What a worker can write is never trusted: each call names the administrative directory, which lies
in the person's git directory, and not the `.git` file a worker may have rewritten.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import psutil

from makeitso.errors import EnvironmentFault, StateError
from makeitso.workspace import snapshots
from makeitso.workspace.atomic import replace_file
from makeitso.workspace.git_process import GitPlace, git_fault, run_git, try_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from makeitso.workspace.git import Repository
    from makeitso.workspace.snapshots import Snapshot

OWNER_FILE = "makeitso.json"
TRIES = 5
"""Attempts at having git add a worktree beside others that change."""
_REGISTER = threading.Lock()
"""Held while the list of worktrees changes: steps of several tasks run in threads side by side."""
START_TOLERANCE_S = 1.0
"""Process start times are rounded differently by different readers."""


@dataclass(frozen=True, kw_only=True)
class Worktree:
    """A directory a worker works in, checked out at the snapshot its task starts from."""

    path: Path
    admin_dir: Path
    """Its administrative directory inside the repository's git directory."""
    run: str
    task: str
    base_commit: str
    base_tree: str
    pid: int
    """Process that made it, with its start time in Unix seconds: a pid alone may be reused."""
    started: float

    @property
    def private_index(self) -> Path:
        """The index snapshots start from; the worker's own one may lie about files."""
        return self.admin_dir / "makeitso.index"

    @property
    def private_paths(self) -> Path:
        """List of the files that were copied in beside the snapshot, each ended by a zero byte."""
        return self.admin_dir / "makeitso.private"

    def place(self) -> GitPlace:
        """Calls on this worktree that do not ask its `.git` file."""
        return GitPlace(git_dir=self.admin_dir, work_tree=self.path)


def create(
    repo: Repository,
    snapshot: Snapshot,
    path: Path,
    *,
    run: str,
    task: str,
    fault: Callable[[str], None] = lambda name: None,
) -> Worktree:
    """Make a worktree at `path` with the files of `snapshot`, HEAD detached at its commit.

    Raises:
        StateError: `path` exists and is not an empty directory.
        EnvironmentFault: `path` lies inside the repository, or git failed.
    """
    path = path.parent.resolve() / path.name
    for place in (repo.root, repo.common_dir):
        if path.is_relative_to(place):
            raise EnvironmentFault(
                f"A worktree may not lie inside the repository: {path}",
                hint="Set the state directory to one outside it.",
            )
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise StateError(f"{path} is in the way of a new worktree.", hint="Move it away.")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _REGISTER:
        _register(repo, path, snapshot.commit, reason=f"makeitso {run}/{task}")
    fault("worktree.added")
    me = psutil.Process()
    tree = Worktree(
        path=path,
        admin_dir=_admin_dir(repo, path),
        run=run,
        task=task,
        base_commit=snapshot.commit,
        base_tree=snapshot.tree,
        pid=me.pid,
        started=me.create_time(),
    )
    _write_owner(tree)
    fault("worktree.owned")
    run_git(
        ["-c", "core.sparseCheckout=false", "read-tree", "--reset", "-u", snapshot.commit],
        place=tree.place(),
    )
    fault("worktree.filled")
    shutil.copy2(tree.admin_dir / "index", tree.private_index)
    return tree


def listing(repo: Repository) -> tuple[Worktree, ...]:
    """All worktrees of ours that the repository knows, by path, whether or not they still exist."""
    found: list[Worktree] = []
    for owner in (repo.common_dir / "worktrees").glob(f"*/{OWNER_FILE}"):
        tree = _read_owner(owner)
        if tree is not None:
            found.append(tree)
    return tuple(sorted(found, key=lambda tree: tree.path))


def set_private(worktree: Worktree, paths: Iterable[str]) -> None:
    """Say which files are the person's own and no part of any work, whatever is ignored later."""
    data = b"".join(os.fsencode(path) + b"\0" for path in paths)
    replace_file(worktree.private_paths, data, mode=0o600)


def owner_lives(worktree: Worktree) -> bool:
    """Whether the process that made it still runs."""
    try:
        started = psutil.Process(worktree.pid).create_time()
    except psutil.Error:
        return False
    return abs(started - worktree.started) <= START_TOLERANCE_S


def adopt(worktree: Worktree) -> Worktree:
    """Make this process its owner, after the one that made it has gone."""
    me = psutil.Process()
    mine = Worktree(
        path=worktree.path,
        admin_dir=worktree.admin_dir,
        run=worktree.run,
        task=worktree.task,
        base_commit=worktree.base_commit,
        base_tree=worktree.base_tree,
        pid=me.pid,
        started=me.create_time(),
    )
    _write_owner(mine)
    return mine


def discard(repo: Repository, path: Path) -> None:
    """Delete what a crash left of a worktree that was being made; nobody has worked in it.

    Only for a path that was never reported as made. Twice is the same as once.

    Raises:
        EnvironmentFault: it cannot be deleted.
    """
    path = path.parent.resolve() / path.name
    for gitdir in (repo.common_dir / "worktrees").glob("*/gitdir"):
        try:
            named = gitdir.read_text("utf-8", "surrogateescape").rstrip("\n")
        except OSError:
            continue
        if Path(named) == path / ".git":
            with _REGISTER:
                _delete(gitdir.parent)
    _delete(path)


def remove(
    repo: Repository,
    worktree: Worktree,
    *,
    saved: str | None = None,
    fault: Callable[[str], None] = lambda name: None,
) -> Snapshot | None:
    """Delete a worktree whose change is settled, and forget it.

    Its files are kept first as the ref `<task>/final`, unless `saved` names a ref or commit that
    holds them. Returns that snapshot; None when nothing had to be saved. Twice is the same as once.

    Raises:
        EnvironmentFault: the last snapshot or the deletion failed; the worktree is still there.
    """
    kept: Snapshot | None = None
    if saved is None and worktree.path.is_dir() and worktree.admin_dir.is_dir():
        kept = snapshots.take(repo, worktree, run=worktree.run, task=worktree.task, name="final")
    elif saved is not None and snapshots.commit_of(repo, saved) is None:
        raise StateError(f"{saved} names nothing, so the worktree is kept.")
    _delete(worktree.path)
    fault("worktree.emptied")
    with _REGISTER:
        _delete(worktree.admin_dir)
    return kept


def prune(repo: Repository) -> tuple[Worktree, ...]:
    """Forget those of our worktrees whose directory is gone; returns them. Deletes no work."""
    gone = tuple(tree for tree in listing(repo) if not tree.path.exists())
    for tree in gone:
        with _REGISTER:
            _delete(tree.admin_dir)
    return gone


def lock(repo: Repository, worktree: Worktree, *, reason: str) -> None:
    """Tell git why this worktree must not be pruned; the present reason is replaced."""
    admin = worktree.admin_dir
    if admin.parent != repo.common_dir / "worktrees" or not admin.is_dir():
        raise StateError(f"{worktree.path} is not a worktree of this repository.")
    (admin / "locked").write_text(reason + "\n", encoding="utf-8")


def _register(repo: Repository, path: Path, commit: str, *, reason: str) -> None:
    """Let git add a worktree without files.

    git reads what it knows of every other worktree first, and fails on one that somebody else, whom
    our lock does not hold, is just making or removing: then it is asked again.
    """
    command = ["worktree", "add", "--quiet", "--detach", "--no-checkout", "--lock"]
    command += ["--reason", reason, os.fspath(path), commit]
    for tries_left in reversed(range(TRIES)):
        result = try_git(command, place=repo.objects())
        if result.code == 0:
            return
        if "commondir" not in result.complaint or any(path.glob("*")) or not tries_left:
            raise git_fault("worktree", result)


def _admin_dir(repo: Repository, path: Path) -> Path:
    """Ask the `.git` file git has just written; nobody else has had the chance to change it."""
    place = GitPlace()
    asked = try_git(["rev-parse", "--path-format=absolute", "--git-dir"], place=place, cwd=path)
    admin = Path(os.fsdecode(asked.out).rstrip("\n")).resolve()
    if asked.code != 0 or admin.parent != repo.common_dir / "worktrees":
        raise EnvironmentFault(f"git made a worktree at {path} that it cannot find again.")
    return admin


def _write_owner(worktree: Worktree) -> None:
    facts = {
        "path": os.fspath(worktree.path),
        "run": worktree.run,
        "task": worktree.task,
        "base_commit": worktree.base_commit,
        "base_tree": worktree.base_tree,
        "pid": worktree.pid,
        "started": worktree.started,
    }
    fresh = worktree.admin_dir / f"{OWNER_FILE}.new"
    fresh.write_text(json.dumps(facts), encoding="utf-8")
    fresh.replace(worktree.admin_dir / OWNER_FILE)


def _read_owner(owner: Path) -> Worktree | None:
    """One owner file; None when it is damaged or just being removed."""
    try:
        facts = cast("dict[str, object]", json.loads(owner.read_text(encoding="utf-8")))
        return Worktree(
            path=Path(str(facts["path"])),
            admin_dir=owner.parent,
            run=str(facts["run"]),
            task=str(facts["task"]),
            base_commit=str(facts["base_commit"]),
            base_tree=str(facts["base_tree"]),
            pid=int(str(facts["pid"])),
            started=float(str(facts["started"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _delete(path: Path) -> None:
    """Delete a directory and all in it, never through a symlink, read-only directories included."""
    if path.is_symlink() or not path.exists():
        return

    try:
        try:
            shutil.rmtree(path)
        except PermissionError:
            _open_up(path)
            shutil.rmtree(path)
    except OSError as error:
        raise EnvironmentFault(
            f"The worktree {path} could not be deleted: {error.strerror}.",
            hint="Close what still uses it and try again.",
        ) from error


def _open_up(path: Path) -> None:
    """Give ourselves back the right to list and empty every directory below."""
    path.chmod(stat.S_IRWXU)
    for directory, names, _ in os.walk(path):
        for name in names:
            below = Path(directory) / name
            if not below.is_symlink():
                below.chmod(stat.S_IRWXU)
