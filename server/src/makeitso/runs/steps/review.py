"""After the phases: the change is put before a person, or answered by what was said in advance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.boundary import permissions_of, policy_of
from makeitso.policy.answers import hunks_accepted_in_advance
from makeitso.protocol import events as ev
from makeitso.review.deciding import decides
from makeitso.runs.ask import ask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.journal.state import TaskState
    from makeitso.protocol.events import HunkRef
    from makeitso.runs.context import Context


WITH_ALL = ", and so on the whole task"
"""Of a protected path: a task with one lands as a person says, or not."""


def open_review(ctx: Context, task_id: str) -> None:
    """Let the task wait for marks; ask the one question that stands for all of them."""
    ctx.append(ev.TaskReviewing(), task=task_id)
    accept_in_advance(ctx, task_id)
    task, run = ctx.task(task_id), ctx.run
    if task.change is None:
        return
    left = [h for h in task.change.hunks if task.hunks.get(h.id) == "pending"]
    if task.sent_back:
        ctx.note(f"round {len(task.sent_back)} of the review: {_round(task)}", task=task_id)
    elif left and run.options.yes:
        ctx.note(f"{counted(len(left))} left to a person: {_why(ctx, task_id, left)}", task=task_id)
    ask_review(ctx, task_id)


def _round(task: TaskState) -> str:
    """What a round of the review brought, in words."""
    known, carried = set(task.sent_back[-1].open), task.change.carried if task.change else {}
    pending = [hunk for hunk, state in task.hunks.items() if state == "pending"]
    same = sum(carried.get(hunk, hunk) in known for hunk in pending)
    kept = sum(state == "accepted" for state in task.hunks.values())
    words = [f"{counted(len(pending) - same)} new or changed"]
    words += [f"{same} open as before"] if same else []
    return ", ".join([*words, f"{kept} accepted as before"])


def accept_in_advance(ctx: Context, task_id: str) -> None:
    """Accept the open hunks that `--yes` or a policy accepts; what a person marked stays."""
    task, run = ctx.task(task_id), ctx.run
    change = task.change
    if change is None:
        return
    if task.sent_back:
        return  # a person went through it and asked for this: they look at what came of it
    who, ids = hunks_accepted_in_advance(
        change.hunks,
        held=change.held,
        options=run.options,
        write_files=permissions_of(run, task).write_files,
        policy=policy_of(run, task, "summarize"),
    )
    open_ids = tuple(h for h in ids if task.hunks.get(h) == "pending" and h not in task.explicit)
    if open_ids:
        ctx.append(
            ev.HunkMarked(hunks=open_ids, mark="accepted", because=""),
            task=task_id,
            actor="policy",
        )
        ctx.note(f"{counted(len(open_ids))} accepted by {who}", task=task_id)


def counted(number: int) -> str:
    """A number of hunks in words."""
    return f"{number} {'hunk' if number == 1 else 'hunks'}"


def _why(ctx: Context, task_id: str, left: Sequence[HunkRef]) -> str:
    """Why `--yes` did not answer for these hunks."""
    if "write_files" in ctx.run.options.halt_on:
        return "--halt-on write_files"
    if permissions_of(ctx.run, ctx.task(task_id)).write_files == "never":
        return 'write_files = "never"'
    task = ctx.task(task_id)
    held = task.change is not None and task.change.held
    hunks = task.change.hunks if task.change is not None and held else left
    return f"{decides(hunks)}{WITH_ALL if held else ''}"


def ask_review(ctx: Context, task_id: str) -> None:
    """One question for what of the change is still open."""
    task = ctx.task(task_id)
    if task.change is None:
        return
    left = [h for h, state in task.hunks.items() if state in ("pending", "conflict")]
    if not left:
        return
    paths = sorted({h.path for h in task.change.hunks})
    held = f"{decides(task.change.hunks)}{WITH_ALL}" if task.change.held else ""
    ask(
        ctx,
        kind="change",
        subject=f"land {counted(len(left))} of {task_id} "
        f"in {', '.join(paths[:4])}{' …' if len(paths) > 4 else ''}",
        detail="\n".join(filter(None, [task.summary, held, "hunk by hunk: `mis review`"])),
        digest=task.change.digest,
        tasks=(task_id,),
    )


def close_review(ctx: Context, task_id: str) -> None:
    """Every hunk has its answer: the question about the change falls away."""
    for approval in ctx.run.pending:
        if approval.kind == "change" and task_id in approval.tasks:
            ctx.append(
                ev.ApprovalVoided(id=approval.id, reason="decided hunk by hunk"), task=task_id
            )


def take_answer(ctx: Context, task_id: str) -> None:
    """An answer to the question about the change marks its open hunks."""
    task = ctx.task(task_id)
    if task.change is None:
        return
    for approval in ctx.run.approvals.values():
        if (
            approval.kind != "change"
            or task_id not in approval.tasks
            or approval.digest != task.change.digest
            or approval.state not in ("granted", "denied")
            or (approval.id, task_id) in ctx.run.used
        ):
            continue
        left = tuple(h for h, s in task.hunks.items() if s in ("pending", "conflict"))
        if left:
            ctx.append(
                ev.HunkMarked(
                    hunks=left,
                    mark="accepted" if approval.state == "granted" else "rejected",
                    because=approval.because,
                    action=approval.id,
                ),
                task=task_id,
                actor="person",
            )
        # Used last: a crash in between takes the answer again, and marks what is still open.
        ctx.append(ev.ApprovalUsed(id=approval.id), task=task_id)
