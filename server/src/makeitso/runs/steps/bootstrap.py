"""bootstrap: a snapshot of the workspace, a worktree, declared set-up, the checks on the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.runs.checks import run_checks
from makeitso.workspace import snapshots, worktrees
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.events import SnapshotTaken
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree


async def bootstrap(ctx: Context, task_id: str) -> None:
    """Make ready what a worker needs, before a token is spent."""
    ctx.append(ev.PhaseStarted(), task=task_id, phase="bootstrap")
    base = ctx.task(task_id).base or await _snapshot(ctx, task_id)
    worktree = await ensure_worktree(ctx, task_id, base)
    failure = await _set_up(ctx, task_id, worktree.path)
    if failure:
        ctx.append(ev.PhaseEnded(state="failed", reason=failure), task=task_id, phase="bootstrap")
        return
    results = await run_checks(
        ctx, task_id, where="base", tree=base.tree, worktree=worktree, phase="bootstrap", reuse=True
    )
    for check, result in zip(ctx.task(task_id).spec.checks, results, strict=True):
        if result.passed and check.was_failing:
            ctx.note(
                f"`{check.command}` passes before the task, though the plan says it was failing",
                task=task_id,
                level="warning",
            )
    ctx.append(
        ev.PhaseEnded(state="passed", effects=bool(ctx.ports.config.bootstrap.commands)),
        task=task_id,
        phase="bootstrap",
    )


async def ensure_worktree(ctx: Context, task_id: str, base: SnapshotTaken) -> Worktree:
    """The task's worktree; made at its base, with its newest round, when it is not there."""
    found = await to_thread.run_sync(find_worktree, ctx, task_id)
    recorded = ctx.task(task_id).worktree is not None
    if recorded and found is not None and await to_thread.run_sync(found.path.is_dir):
        return found
    path = ctx.ports.places.worktrees / f"{ctx.run_id}-{task_id}"
    ctx.ports.fault("worktree.create")
    trees = ctx.task(task_id).round_trees

    def create() -> Worktree:
        if found is not None:
            worktrees.prune(ctx.ports.repo)
        if not recorded:
            worktrees.discard(ctx.ports.repo, path)  # a crash while it was being made
        snapshot = snapshots.Snapshot(
            tree=base.tree, commit=base.commit, ref=base.ref, notes=base.notes
        )
        made = worktrees.create(
            ctx.ports.repo,
            snapshot,
            path,
            run=ctx.run_id,
            task=task_id,
            fault=ctx.ports.fault,
        )
        if trees:
            restore(ctx.ports.repo, made, trees[-1])
        return made

    created = await to_thread.run_sync(create)
    _record(ctx, task_id, created)
    return created


def find_worktree(ctx: Context, task_id: str) -> Worktree | None:
    """The worktree git has registered for a task of this run."""
    for tree in worktrees.listing(ctx.ports.repo):
        if (tree.run, tree.task) == (ctx.run_id, task_id):
            return tree
    return None


def _record(ctx: Context, task_id: str, tree: Worktree) -> None:
    ctx.append(
        ev.WorktreeCreated(path=str(tree.path), commit=tree.base_commit),
        task=task_id,
        phase="bootstrap",
    )


async def _snapshot(ctx: Context, task_id: str) -> SnapshotTaken:
    ctx.ports.fault("snapshot.take")
    taken = await to_thread.run_sync(
        lambda: snapshots.take(
            ctx.ports.repo, ctx.ports.places.root, run=ctx.run_id, task=task_id, name="base"
        )
    )
    data = ev.SnapshotTaken(
        name="base", tree=taken.tree, commit=taken.commit, ref=taken.ref, notes=taken.notes
    )
    ctx.append(data, task=task_id, phase="bootstrap")
    for note in taken.notes:
        ctx.note(note, task=task_id)
    return data


async def _set_up(ctx: Context, task_id: str, root: Path) -> str:
    """Run the declared commands that have not passed yet; the reason of a failure, or empty."""
    for command in ctx.ports.config.bootstrap.commands:
        if command in ctx.task(task_id).setup_done:
            continue
        ctx.door.output(task_id, "setup", f"$ {command}\n")

        async def show(channel: str, data: bytes) -> None:
            del channel
            clean = ctx.ports.redactor.text(data.decode("utf-8", "replace"))
            ctx.door.output(task_id, "setup", clean)

        outcome = await ctx.ports.checks.run(
            command,
            cwd=root,
            root=root,
            timeout_s=ctx.ports.config.workers.codex.wall_timeout_s or 3600.0,
            network=ctx.ports.config.bootstrap.network == "auto",
            on_output=show,
        )
        ctx.append(
            ev.SetupRan(
                command=command,
                exit_code=outcome.exit_code,
                duration_ms=outcome.duration_ms,
                tail=ctx.ports.redactor.text(outcome.tail),
            ),
            task=task_id,
            phase="bootstrap",
        )
        if outcome.exit_code != 0:
            return f"`{command}` failed with exit status {outcome.exit_code}"
    return ""
