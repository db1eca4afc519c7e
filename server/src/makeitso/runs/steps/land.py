"""Landing: accepted hunks into the workspace, one transaction a task, evidence afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import MisError
from makeitso.landing import land as landing
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.runs.checks import run_checks
from makeitso.runs.reviewing import present_change, write_review_document
from makeitso.runs.steps.bootstrap import ensure_worktree
from makeitso.runs.steps.review import ask_review
from makeitso.workspace import snapshots
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from makeitso.runs.context import Context


async def land(ctx: Context, task_id: str) -> None:
    """Write what is accepted into the workspace; conflicts are set aside, all the rest lands."""
    task = ctx.task(task_id)
    places, repo = ctx.ports.places, ctx.ports.repo
    landing_dir = places.dot / "landing"
    if task.landing is not None:
        await _recover(ctx, task_id, task.landing)
        return
    change = await to_thread.run_sync(present_change, repo, ctx.run_id, task)
    landing_id = f"{ctx.run_id}-{task_id}-{len(task.landings) + 1}"
    plan = await landing.prepare(
        repo, change, edited=task.edited, editor=ctx.ports.editor, landing_id=landing_id
    )
    ctx.append(ev.LandingStarted(id=landing_id, hunks=plan.landed, files=plan.files), task=task_id)
    ctx.ports.fault("landing.started")
    error = ""
    try:
        await landing.commit(
            repo, plan, editor=ctx.ports.editor, directory=landing_dir, fault=ctx.ports.fault
        )
    except MisError as failure:
        error = failure.message
    ctx.append(
        ev.LandingEnded(
            landing=Landing(
                id=landing_id,
                run=ctx.run_id,
                task=task_id,
                landed=() if error else plan.landed,
                conflicts=tuple(plan.conflicts),
                files=() if error else plan.files,
                merged=plan.merged,
                target="files",
            ),
            reasons=dict(plan.conflicts),
            error=error,
        ),
        task=task_id,
    )
    _after(ctx, task_id, error)


def _after(ctx: Context, task_id: str, error: str) -> None:
    task = ctx.task(task_id)
    if error:
        ctx.note(f"nothing landed: {error}", task=task_id, level="error")
    conflicts = [h for h, state in task.hunks.items() if state == "conflict"]
    if conflicts:
        ctx.note(
            f"{len(conflicts)} hunks of {task_id} are set aside: "
            + "; ".join(dict.fromkeys(task.hunk_reasons.get(h, "conflict") for h in conflicts)),
            task=task_id,
            level="warning",
        )
        ask_review(ctx, task_id)
    change = present_change(ctx.ports.repo, ctx.run_id, task)
    write_review_document(ctx.ports.places.dot, ctx.run, task, change)


async def _recover(ctx: Context, task_id: str, landing_id: str) -> None:
    raise NotImplementedError(landing_id)


async def check_landed(ctx: Context, task_id: str) -> None:
    """Run the checks on the workspace as it is now, in the task's worktree.

    When everything landed on an unmoved workspace the tree is the proposal's, and so is the result.
    """
    task = ctx.task(task_id)
    if task.base is None:
        return
    number = len(task.landings)
    now = await to_thread.run_sync(
        lambda: snapshots.take(
            ctx.ports.repo,
            ctx.ports.places.root,
            run=ctx.run_id,
            task=task_id,
            name=f"landed-{number}",
        )
    )
    ctx.append(
        ev.SnapshotTaken(
            name=f"landed-{number}", tree=now.tree, commit=now.commit, ref=now.ref, notes=()
        ),
        task=task_id,
    )
    worktree = await ensure_worktree(ctx, task_id, task.base)
    await to_thread.run_sync(restore, ctx.ports.repo, worktree, now.tree)
    results = await run_checks(
        ctx, task_id, where="landed", tree=now.tree, worktree=worktree, phase=None, reuse=True
    )
    red = [r.command for r in results if not r.passed]
    if red:
        ctx.note(
            f"red on the workspace after landing: {'; '.join(red)}", task=task_id, level="warning"
        )
