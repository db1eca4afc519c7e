"""From a worktree to a proposed change: a final tree, its hunks, and which a person must see."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.review.deciding import why_ask
from makeitso.review.kept_marks import Carried, carry
from makeitso.runs.following import with_follows
from makeitso.runs.overlapping import proposals_beside, said, with_overlaps
from makeitso.runs.reviewing import present_change, splits_of
from makeitso.workspace import changes, snapshots

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.runs.context import Context
    from makeitso.workspace.git import Repository
    from makeitso.workspace.worktrees import Worktree


async def propose(ctx: Context, task_id: str, worktree: Worktree) -> None:
    """Record what the task changed so far; nothing is recorded when that is already known.

    One proposal after the other, so that of two that touch the same one finds the other.
    """
    async with ctx.ports.landing:
        await _propose(ctx, task_id, worktree)


async def _propose(ctx: Context, task_id: str, worktree: Worktree) -> None:
    task = ctx.task(task_id)

    def compute() -> ev.ChangeProposed:
        taken = snapshots.take(
            ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name="proposal"
        )
        data = proposed(ctx.ports.repo, ctx.run_id, task, tree=taken.tree, commit=taken.commit)
        return data.model_copy(update={"notes": taken.notes})

    data = await to_thread.run_sync(compute)
    if task.change is not None and task.change.tree == data.tree:
        return
    others = proposals_beside(ctx.book.runs, ctx.run_id, task_id)

    def compare() -> tuple[ev.ChangeProposed, Carried]:
        repo = ctx.ports.repo
        kept = carried_over(repo, ctx.run_id, task, data)
        marked = with_follows(repo, ctx.run_id, task, with_kept(data, kept))
        full = with_overlaps(repo, others, run_id=ctx.run_id, task_id=task_id, change=marked)
        return full, kept

    data, kept = await to_thread.run_sync(compare)
    ctx.append(data, task=task_id, phase="task")
    if kept.changed and task.sent_back:
        text = f"accepted and changed since, so open again: {', '.join(kept.changed)}"
        ctx.note(text, task=task_id)
    for line in said(ctx.book.runs, run_id=ctx.run_id, task_id=task_id, change=data):
        ctx.note(line, task=task_id, level="warning")


def carried_over(
    repo: Repository, run_id: str, task: TaskState, data: ev.ChangeProposed
) -> Carried:
    """What of the marks on the present proposal is found again in the next one."""
    if task.change is None or task.change.base_tree != data.base_tree:
        return Carried()
    after = dataclasses.replace(task, change=data)
    return carry(present_change(repo, run_id, task), present_change(repo, run_id, after))


def with_kept(data: ev.ChangeProposed, kept: Carried) -> ev.ChangeProposed:
    """The proposal with what is found again in it."""
    return data.model_copy(
        update={"splits": kept.splits, "cuts": splits_of(kept.cuts), "carried": kept.names}
    )


def proposed(
    repo: Repository, run_id: str, task: TaskState, *, tree: str, commit: str
) -> ev.ChangeProposed:
    """The difference between a task's base and a tree, as the journal records it."""
    base = task.base.tree if task.base else ""
    kept = task.change.moves if task.change is not None else None
    moves = changes.moves(repo, base, tree, kept=kept)
    change = changes.between(
        repo, base, tree, run=run_id, task=task.id, checks=task.spec.checks, moves=moves
    )
    hunks = tuple(
        ev.HunkRef(
            id=hunk.id,
            path=file.path,
            must_ask=bool(why := why_ask(file, hunk)),
            why_ask=why,
            protected="protected" in hunk.flags,
            refused=file.refused,
        )
        for file in change.files
        for hunk in file.hunks
    )
    form = "\n".join([base, *(hunk.id for hunk in hunks)])
    return ev.ChangeProposed(
        base_tree=base,
        tree=tree,
        commit=commit,
        files=len(change.files),
        hunks=hunks,
        moves=moves,
        held=any(file.protected for file in change.files),
        digest=hashlib.sha256(form.encode()).hexdigest(),
    )
