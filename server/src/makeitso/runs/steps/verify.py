"""verify: the declared checks on the proposed tree. Done is evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.runs.checks import run_checks
from makeitso.runs.steps.bootstrap import ensure_worktree

if TYPE_CHECKING:
    from makeitso.runs.context import Context


async def verify(ctx: Context, task_id: str) -> None:
    """Run the checks on the proposal; a red one fails the task, its work is kept."""
    ctx.append(ev.PhaseStarted(), task=task_id, phase="verify")
    task = ctx.task(task_id)
    if task.base is None or task.change is None or not task.spec.checks:
        ctx.append(
            ev.PhaseEnded(state="skipped", reason="the task declares no check", effects=False),
            task=task_id,
            phase="verify",
        )
        return
    worktree = await ensure_worktree(ctx, task_id, task.base)
    results = await run_checks(
        ctx,
        task_id,
        where="proposal",
        tree=task.change.tree,
        worktree=worktree,
        phase="verify",
        reuse=True,
    )
    red = [r.command for r in results if not r.passed]
    if red:
        ctx.append(
            ev.PhaseEnded(state="failed", reason=f"red: {'; '.join(red)}"),
            task=task_id,
            phase="verify",
        )
        return
    ctx.append(ev.PhaseEnded(state="passed", effects=False), task=task_id, phase="verify")
