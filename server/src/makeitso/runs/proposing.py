"""From a worktree to a proposed change: a final tree, its hunks, and which a person must see."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.workspace import changes, snapshots

if TYPE_CHECKING:
    from makeitso.protocol.change import Change
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree


async def propose(ctx: Context, task_id: str, worktree: Worktree) -> None:
    """Record what the task changed so far; nothing is recorded when that is already known."""
    task = ctx.task(task_id)
    if task.base is None:
        return
    base = task.base

    def compute() -> tuple[snapshots.Snapshot, Change]:
        taken = snapshots.take(
            ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name="proposal"
        )
        change = changes.between(
            ctx.ports.repo,
            base.tree,
            taken.tree,
            run=ctx.run_id,
            task=task_id,
            checks=task.spec.checks,
            notes=base.notes,
        )
        return taken, change

    taken, change = await to_thread.run_sync(compute)
    if task.change is not None and task.change.tree == taken.tree:
        return
    hunks = tuple(
        ev.HunkRef(
            id=hunk.id,
            path=file.path,
            must_ask=bool(file.protected or hunk.flags),
            refused=file.refused,
        )
        for file in change.files
        for hunk in file.hunks
    )
    form = "\n".join([base.tree, *(hunk.id for hunk in hunks)])
    ctx.append(
        ev.ChangeProposed(
            base_tree=base.tree,
            tree=taken.tree,
            commit=taken.commit,
            files=len(change.files),
            hunks=hunks,
            held=any(file.protected for file in change.files),
            digest=hashlib.sha256(form.encode()).hexdigest(),
        ),
        task=task_id,
        phase="task",
    )
