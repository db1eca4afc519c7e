"""A task whose ground has gone: said at once, asked about, then done again, kept or dropped."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.landing.onto_tree import Laid, lay
from makeitso.policy.digest import approval_digest
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask, chosen
from makeitso.runs.bases import build_base
from makeitso.runs.following import with_follows
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import present_change
from makeitso.runs.steps.bootstrap import find_worktree
from makeitso.workspace import snapshots, worktrees

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval
    from makeitso.runs.context import Context

REDO, KEEP, DROP = "redo", "keep", "drop"


def mark_stale(ctx: Context, task_id: str, reason: str) -> None:
    """Record that a task has lost its ground, or has it again; its open questions fall away."""
    why = reason or f"{task_id} stands again"
    for approval in ctx.run.pending:
        if approval.tasks == (task_id,):
            ctx.append(ev.ApprovalVoided(id=approval.id, reason=why), task=task_id)
    if not reason:
        ctx.append(ev.TaskStale(reason=""), task=task_id)
        ctx.note("what it is built on stands again, so it goes on", task=task_id)
        return
    number = ctx.task(task_id).stale_times + 1
    question = approval_digest("question", f"{ctx.run_id}/{task_id} stale {number}: {reason}")
    ctx.append(ev.TaskStale(reason=reason, question=question), task=task_id)
    ctx.note(f"stale: {reason}; nothing of it lands", task=task_id, level="warning")


def ask_stale(ctx: Context, task_id: str) -> None:
    """Ask what becomes of it. `--yes` does not answer this."""
    task = ctx.task(task_id)
    choices = (REDO, KEEP, DROP) if _can_redo(ctx, task_id) else (KEEP, DROP)
    means = {
        REDO: "redo: the work is done again, from what there is now",
        KEEP: "keep: its change is merged onto what there is now, and proved again",
        DROP: "drop: the task stops; what it proposed is kept under a private ref",
    }
    ask(
        ctx,
        kind="question",
        subject=f"{task_id} is stale: {task.stale}. {', '.join(choices[:-1])} or {choices[-1]}?",
        detail="\n".join(means[choice] for choice in choices),
        digest=task.stale_question,
        tasks=(task_id,),
        choices=choices,
        closed=True,
    )


def _can_redo(ctx: Context, task_id: str) -> bool:
    """Whether it could start again: not when a task before it has ended without landing."""
    run = ctx.run
    before = (run.tasks.get(name) for name in run.tasks[task_id].spec.after)
    return all(task is None or task.ended in (None, "landed") for task in before)


async def take_stale(ctx: Context, task_id: str) -> None:
    """Do what a person answered. The answer counts as used last, so a crash does it again."""
    task = ctx.task(task_id)
    answered = next(
        (
            a
            for a in reversed(ctx.run.approvals.values())
            if a.digest == task.stale_question
            and a.state in ("granted", "denied")
            and (a.id, task_id) not in ctx.run.used
        ),
        None,
    )
    if answered is None:
        return
    choice = _choice(answered)
    if choice == DROP:
        why = f"stale: {task.stale}; dropped by {answered.who}"
        ctx.append(ev.StopRequested(reason=why), task=task_id)
    elif choice == REDO and _can_redo(ctx, task_id):
        await _leave_worktree(ctx, task_id)
        ctx.append(ev.TaskTakenUp(how="redo", reason=task.stale), task=task_id)
    elif choice == KEEP:
        await _keep(ctx, task_id)
    else:
        ctx.note(f"{answered.answer!r} is none of the choices; asked again", task=task_id)
    ctx.append(ev.ApprovalUsed(id=answered.id), task=task_id)


def _choice(answered: Approval) -> str:
    if answered.state == "denied":
        return DROP
    return chosen(answered.answer)


async def _keep(ctx: Context, task_id: str) -> None:
    """Merge what it proposes onto the base it would start from now."""
    task = ctx.task(task_id)
    base = await build_base(ctx, task_id, name=f"base-{task.stale_times + 1}")
    if base.conflicts:
        ctx.note("what comes before it does not fit together now", task=task_id, level="warning")
        return

    def merge() -> tuple[Laid, ev.ChangeProposed | None]:
        repo, tree = ctx.ports.repo, base.snapshot.tree
        if task.change is None:
            return Laid(tree=tree, conflicts=()), None
        change = present_change(repo, ctx.run_id, task)
        hunks = frozenset(h for h, state in task.hunks.items() if state != "refused")
        laid = lay(repo, tree, change, hunks)
        ref = snapshots.ref_name(
            run=ctx.run_id, task=task_id, name=f"kept-{task.attempt}-{task.stale_times}"
        )
        commit = snapshots.keep(
            repo, laid.tree, ref=ref, parent=base.snapshot.commit, message=f"{ref}: merged"
        )
        onto = dataclasses.replace(task, base=base.snapshot)
        data = proposed(repo, ctx.run_id, onto, tree=laid.tree, commit=commit)
        data = with_follows(repo, ctx.run_id, task, data)
        return laid, data.model_copy(update={"notes": task.change.notes})

    laid, change = await to_thread.run_sync(merge)
    lost = [f"{c.hunk} of {c.path} ({c.reason})" for c in laid.conflicts]
    if change is not None and lost and not change.hunks:
        text = f"nothing of it fits what there is now: {'; '.join(lost)}"
        ctx.note(text, task=task_id, level="warning")
        return
    if lost:
        ctx.note(f"left out, it does not fit: {'; '.join(lost)}", task=task_id, level="warning")
    await _leave_worktree(ctx, task_id)
    ctx.append(
        ev.TaskTakenUp(how="keep", reason=task.stale, base=base.snapshot, change=change),
        task=task_id,
    )


async def _leave_worktree(ctx: Context, task_id: str) -> None:
    """Remove the worktree; what was in it stays under a ref that no later proposal takes."""
    task = ctx.task(task_id)
    path = task.worktree
    name = f"stale-{task.attempt}-{task.stale_times}"

    def leave() -> None:
        repo = ctx.ports.repo
        held = task.change or task.base
        if held is not None:
            ref = snapshots.ref_name(run=ctx.run_id, task=task_id, name=name)
            snapshots.keep(
                repo,
                held.tree,
                ref=ref,
                parent=held.commit,
                message=f"{ctx.run_id}/{task_id} {name}",
            )
        tree = find_worktree(ctx, task_id)
        if tree is not None:
            saved = held.commit if held is not None else None
            worktrees.remove(repo, tree, saved=saved, fault=ctx.ports.fault)

    await to_thread.run_sync(leave)
    if path is not None:
        ctx.append(ev.WorktreeRemoved(path=path), task=task_id)
