"""bootstrap: a snapshot of the workspace, a worktree, declared set-up, the checks on the base."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import StateError
from makeitso.protocol import events as ev
from makeitso.runs.cannot_run import why_not
from makeitso.runs.checks import run_checks
from makeitso.runs.outlook import outlook, refusal
from makeitso.runs.preparing import prepare
from makeitso.runs.unable import ask_unable
from makeitso.workspace import snapshots, worktrees

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.protocol.events import CheckRan, SnapshotTaken
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree


async def bootstrap(ctx: Context, task_id: str, *, nobody: Callable[[], bool]) -> None:
    """Make ready what a worker needs, before a token is spent.

    Raises:
        Unanswered: a person must decide on the network of set-up, or on a check that cannot run,
            and nobody is there.
        Given: a person stopped the task, because a check of it cannot run.
    """
    ctx.append(ev.PhaseStarted(), task=task_id, phase="bootstrap")
    base = ctx.task(task_id).base or await _snapshot(ctx, task_id)
    worktree = await ensure_worktree(ctx, task_id, base, nobody=nobody)
    results = await run_checks(
        ctx, task_id, where="base", tree=base.tree, worktree=worktree, phase="bootstrap", reuse=True
    )
    _look_at(ctx, task_id, results)
    await ask_unable(ctx, task_id, results, nobody=nobody)
    ctx.append(
        ev.PhaseEnded(state="passed", effects=bool(ctx.ports.config.bootstrap.commands)),
        task=task_id,
        phase="bootstrap",
    )


def _look_at(ctx: Context, task_id: str, results: Sequence[CheckRan]) -> None:
    """Say what the results on the base tell besides red and green."""
    for check, result in zip(ctx.task(task_id).spec.checks, results, strict=True):
        if result.passed and check.was_failing:
            ctx.note(
                f"`{check.command}` passes before the task, though the plan says it was failing",
                task=task_id,
                level="warning",
            )
        reason = why_not(result)
        if reason:
            ctx.note_once(
                f"`{check.command}` seems unable to run in a worktree: {reason}. If that is not"
                " what the task is to mend: `[bootstrap] commands` make an environment there,"
                " `[bootstrap] copy` brings files that git ignores",
                task=task_id,
                level="warning",
            )


def _nobody() -> bool:
    return True


async def ensure_worktree(
    ctx: Context, task_id: str, base: SnapshotTaken, *, nobody: Callable[[], bool] = _nobody
) -> Worktree:
    """The task's worktree, prepared; made at its base, with its newest round, when it is gone.

    Raises:
        Unanswered: a person must decide on the network of set-up, and nobody is there.
        EnvironmentFault: git or a set-up command failed.
        StateError: its files are there and git does not know them: nobody may delete them.
    """
    found = await stand_worktree(ctx, task_id, base)
    if not ctx.task(task_id).prepared:
        await prepare(ctx, task_id, found, base, nobody=nobody)
    return found


async def stand_worktree(ctx: Context, task_id: str, base: SnapshotTaken) -> Worktree:
    """The task's worktree, prepared or not; made at its base when it is gone.

    Raises:
        EnvironmentFault: git failed.
        StateError: its files are there and git does not know them: nobody may delete them.
    """
    found = await to_thread.run_sync(find_worktree, ctx, task_id)
    path = ctx.task(task_id).worktree
    there = path is not None and await to_thread.run_sync(Path(path).is_dir)
    if there and found is None:
        raise StateError(
            f"git does not know the worktree {path} any more, and its files are there",
            hint="look at them and move them away; then `mis resume` makes it again",
        )
    if path is not None and not there:
        # On record, so that a half-made new one is not taken for the one that was whole.
        ctx.append(ev.WorktreeRemoved(path=path), task=task_id)
    if found is None or not there:
        found = await to_thread.run_sync(_create, ctx, task_id, base)
        ctx.append(
            ev.WorktreeCreated(path=str(found.path), commit=found.base_commit),
            task=task_id,
            phase="bootstrap",
        )
    return found


def _create(ctx: Context, task_id: str, base: SnapshotTaken) -> Worktree:
    """Make it, in the place of what a crash left of one that was being made."""
    path = ctx.ports.places.worktrees / f"{ctx.run_id}-{task_id}"
    ctx.ports.fault("worktree.create")
    worktrees.discard(ctx.ports.repo, path)
    return worktrees.create(
        ctx.ports.repo,
        snapshots.Snapshot(tree=base.tree, commit=base.commit, ref=base.ref, notes=base.notes),
        path,
        run=ctx.run_id,
        task=task_id,
        fault=ctx.ports.fault,
    )


def find_worktree(ctx: Context, task_id: str) -> Worktree | None:
    """The worktree git has registered for a task of this run."""
    for tree in worktrees.listing(ctx.ports.repo):
        if (tree.run, tree.task) == (ctx.run_id, task_id):
            return tree
    return None


async def _snapshot(ctx: Context, task_id: str) -> SnapshotTaken:
    ctx.ports.fault("snapshot.take")
    repo, root = ctx.ports.repo, ctx.ports.places.root
    async with ctx.ports.landing:  # not in the middle of a landing of several files
        taken = await to_thread.run_sync(
            lambda: snapshots.take(repo, root, run=ctx.run_id, task=task_id, name="base")
        )
    data = ev.SnapshotTaken(
        name="base", tree=taken.tree, commit=taken.commit, ref=taken.ref, notes=taken.notes
    )
    ctx.append(data, task=task_id, phase="bootstrap")
    for note in taken.notes:
        if not note.startswith(snapshots.IGNORED_NOTE):  # said below, with the way out
            ctx.note_once(note, task=task_id)
    seen = await to_thread.run_sync(
        lambda: outlook(repo, root, ctx.ports.config.bootstrap, refuse=refusal(ctx.ports.redactor))
    )
    for line in seen.lacks:
        ctx.note_once(line, task=task_id)
    return data
