"""The difference a task made so far, from git, as a manager or worker is shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.prompts.cut import cut_diff
from makeitso.workspace import snapshots
from makeitso.workspace.patches import patch

if TYPE_CHECKING:
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree

DIFF_CHARS = 60_000
"""Most of a difference that is shown."""


async def difference(ctx: Context, task_id: str, worktree: Worktree) -> str:
    """The difference so far, from git, redacted and cut at hunk borders."""
    task = ctx.task(task_id)
    base = task.base.tree if task.base else ""

    def compute() -> str:
        now = snapshots.take(ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name="present")
        return patch(ctx.ports.repo, base, now.tree)

    return cut_diff(ctx.ports.redactor.text(await to_thread.run_sync(compute)), DIFF_CHARS)
