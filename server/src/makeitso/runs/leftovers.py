"""Looking for what runs left behind: worktrees, directories, refs, outputs, set-ups, landings."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.runs.retention import Leftover
from makeitso.store import owner
from makeitso.store.replay_readings import noted_all
from makeitso.store.replays import kept, run_of
from makeitso.workspace import setups, snapshots, worktrees
from makeitso.workspace.paths import DotMakeitso, workspace_state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from makeitso.journal.state import RunState
    from makeitso.runs.retention import RunEnd
    from makeitso.workspace.git import Repository
    from makeitso.workspace.paths import WorkspaceState

_RUN = re.compile(r"r\d{8}-\d+")
_LANDING = re.compile(r"(?P<run>r\d{8}-\d+)-(?P<task>.+)-\d+")
_OPEN = frozenset({"pending", "accepted", "conflict"})


def run_end(run: RunState) -> RunEnd:
    """How a run stands, for what it may leave behind."""
    if run.finished is None:
        return "open"
    if run.opened is not None:
        return "settled"  # what it is of is elsewhere: nothing is lost with it
    open_hunks = any(_OPEN & set(task.hunks.values()) for task in run.tasks.values())
    landing = any(task.landing is not None for task in run.tasks.values())
    return "undecided" if open_hunks or landing else "settled"


def open_reviews(runs: Iterable[RunState]) -> Iterator[Leftover]:
    """Reviews of changes from elsewhere that have not ended."""
    for run in runs:
        if run.opened is not None and run.finished is None:
            source = run.opened.source
            yield Leftover(
                kind="review",
                name=f"{run.id}: review of {source.kind} {source.name}",
                run=run.id,
                since=run.started_at,
                half=any(task.landing is not None for task in run.tasks.values()),
            )


def survey(
    repo: Repository,
    state: WorkspaceState,
    *,
    artifacts: Path,
    replays: Path,
    demos: Path,
    ended: dict[str, int],
    landing: Collection[str],
) -> list[Leftover]:
    """Everything there is, also what must be kept.

    Args:
        repo: the repository.
        state: the workspace's directories outside it.
        artifacts: where outputs are kept.
        replays: where replays are.
        demos: where demos made their folders.
        ended: Unix milliseconds at which runs ended, by id.
        landing: ids of landings that started and have not ended.

    Raises:
        EnvironmentFault: git failed.
    """
    return [
        *_worktrees(repo, state.worktrees, ended),
        *_folders("home", state.codex, ended),
        *_folders("tmp", state.tmp, ended),
        *_refs(repo),
        *_folders("artifacts", artifacts, ended),
        *_replays(replays, ended),
        *_demos(demos),
        *_setups(state.setups),
        *_landings(repo.root, landing),
    ]


def _worktrees(repo: Repository, folder: Path, ended: dict[str, int]) -> Iterator[Leftover]:
    known: set[Path] = set()
    for tree in worktrees.listing(repo):
        known.add(tree.path)
        yield Leftover(
            kind="worktree",
            name=str(tree.path),
            run=tree.run,
            task=tree.task,
            size_bytes=size(tree.path),
            since=ended.get(tree.run) or _touched(tree.admin_dir),
            pid=tree.pid,
            alive=worktrees.owner_lives(tree),
        )
    for path in _children(folder):
        if path not in known and path.resolve() not in known:
            found = _RUN.match(path.name)
            yield Leftover(
                kind="worktree",
                name=str(path),
                run=found[0] if found else "",
                size_bytes=size(path),
                since=_touched(path),
                lost=True,
            )


def _folders(kind: str, folder: Path, ended: dict[str, int]) -> Iterator[Leftover]:
    for path in _children(folder):
        run = path.name if _RUN.fullmatch(path.name) else ""
        yield Leftover(
            kind="home" if kind == "home" else "tmp" if kind == "tmp" else "artifacts",
            name=str(path),
            run=run,
            size_bytes=size(path),
            since=ended.get(run) or _touched(path),
        )


def _refs(repo: Repository) -> Iterator[Leftover]:
    """The refs of each run as one; their age is that of the newest, which may be newer than it."""
    newest: dict[str, int] = {}
    for run, at in snapshots.kept_runs(repo):
        newest[run] = max(newest.get(run, 0), at)
    for run, at in newest.items():
        yield Leftover(kind="refs", name=f"refs/makeitso/{run}", run=run, since=at)


def _replays(folder: Path, ended: dict[str, int]) -> Iterator[Leftover]:
    """Replays, and what runs under way noted for theirs; that goes when nobody used it for long."""
    for path in (*kept(folder), *noted_all(folder)):
        run = run_of(path)
        yield Leftover(
            kind="replay",
            name=str(path),
            run=run if _RUN.fullmatch(run) else "",
            size_bytes=_size_of(path),
            since=ended.get(run) or _touched(path),
        )


def _demos(folder: Path) -> Iterator[Leftover]:
    for path in _children(folder):
        lives = [
            live
            for inside in _children(path)
            if (live := owner.current(DotMakeitso(inside).owner_lock)) is not None
        ]
        private = sum(size(workspace_state(inside).path) for inside in _children(path))
        yield Leftover(
            kind="demo",
            name=str(path),
            run="",
            size_bytes=size(path) + private,
            since=_touched(path),
            pid=lives[0].pid if lives else None,
            alive=bool(lives),
        )


def _setups(folder: Path) -> Iterator[Leftover]:
    for path in _children(folder):
        yield Leftover(
            kind="setup",
            name=str(path),
            run="",
            size_bytes=size(path),
            since=setups.used_ms(path),
            half=path.name.startswith(setups.NEW),
        )


def _landings(root: Path, open_now: Collection[str]) -> Iterator[Leftover]:
    for path in _children(DotMakeitso(root).landing):
        found = _LANDING.fullmatch(path.name)
        yield Leftover(
            kind="landing",
            name=str(path),
            run=found["run"] if found else "",
            task=found["task"] if found else "",
            size_bytes=size(path),
            since=_touched(path),
            half=path.name in open_now,
        )


def size(path: Path) -> int:
    """Bytes of the files below a directory; links are not followed, what vanishes is nothing."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += (Path(folder) / name).lstat().st_size
            except OSError:
                continue
    return total


def _size_of(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _children(folder: Path) -> Iterable[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return ()


def _touched(path: Path) -> int:
    try:
        return int(path.stat().st_mtime * 1000)
    except OSError:
        return 0
