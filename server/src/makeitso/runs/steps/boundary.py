"""The question at a phase boundary, with the difference so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.policy.digest import approval_digest
from makeitso.runs.ask import ask
from makeitso.workspace.patches import stat

if TYPE_CHECKING:
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context


async def ask_phase(ctx: Context, tasks: tuple[str, ...], phase: PhaseName) -> None:
    """One question for all tasks that stand at this boundary together."""
    lines: list[str] = []
    trees: list[str] = []
    for task_id in tasks:
        task = ctx.task(task_id)
        lines.append(f"{task_id}  {task.spec.title}")
        if task.base is None or task.change is None:
            continue
        trees.append(task.change.tree)
        stats = await to_thread.run_sync(stat, ctx.ports.repo, task.base.tree, task.change.tree)
        lines += [f"    {line}" for line in stats.splitlines()]
    names = ", ".join(tasks)
    ask(
        ctx,
        kind="phase",
        subject=f"enter {phase} with {names}",
        detail="\n".join(lines),
        digest=approval_digest("phase", f"{ctx.run_id} {phase} {names}", base_tree=" ".join(trees)),
        tasks=tasks,
        enters=phase,
        scopes=("once", "task", "until-red", "run"),
    )
