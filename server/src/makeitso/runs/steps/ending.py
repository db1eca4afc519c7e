"""The end of tasks and runs: boxes ticked, worktrees removed, the last word recorded."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Literal

from anyio import to_thread

from makeitso.errors import NotFoundError
from makeitso.journal.landings import whole
from makeitso.plans.edit import apply, set_done
from makeitso.plans.syntax import parse
from makeitso.protocol import events as ev
from makeitso.runs.steps.bootstrap import find_worktree
from makeitso.store.outputs import keep
from makeitso.workspace import worktrees

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.journal.state import RunState
    from makeitso.protocol.words import HunkState
    from makeitso.runs.context import Context
    from makeitso.store.journal import Journal


def end_task(
    journal: Journal,
    run: RunState,
    task_id: str,
    state: Literal["landed", "failed", "stopped"],
    reason: str,
) -> None:
    """Record how a task ended; questions about nothing but ended tasks fall away."""
    over = {task.id for task in run.tasks.values() if task.ended} | {task_id}
    for approval in run.pending:
        if approval.tasks and over.issuperset(approval.tasks):
            gone = ev.ApprovalVoided(id=approval.id, reason=f"{task_id} ended: {state}")
            journal.append(gone, actor="engine", run=run.id, task=task_id)
    ended = ev.TaskEnded(state=state, reason=reason)
    journal.append(ended, actor="engine", run=run.id, task=task_id)


def keep_box(
    ctx: Context, task_id: str, *, landing: Iterable[str] = (), open_again: Iterable[str] = ()
) -> None:
    """Let the box of a task that ended follow what lands of it or is taken back after its end.

    Called before that is recorded, so that whoever takes it up after a crash does it again.

    Args:
        ctx: the run.
        task_id: the task.
        landing: hunks about to be recorded as landed.
        open_again: hunks about to be recorded as taken back.
    """
    task = ctx.task(task_id)
    if task.ended != "landed":
        return
    now: dict[str, HunkState] = dict(task.hunks)
    now.update(dict.fromkeys(landing, "landed"))
    now.update(dict.fromkeys(open_again, "pending"))
    done = whole(task, hunks=now)
    if done != whole(task):
        tick_box(ctx, task_id, done=done)


def tick_box(ctx: Context, task_id: str, *, done: bool = True) -> None:
    """Change the one byte of the plan document that is ours; a plan that moved on is left alone."""
    run = ctx.run
    if run.plan_path is None:
        return
    ctx.ports.fault("box.tick")
    path = ctx.ports.places.root / run.plan_path
    opened = ctx.ports.editor.open_document(run.plan_path)
    try:
        text = opened.text if opened is not None else path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    try:
        edit = set_done(parse(text), task_id, done=done)
    except NotFoundError:
        return
    if edit is not None and opened is not None:
        word = "is ticked" if done else "loses its tick"
        ctx.note(f"{run.plan_path} is open in the editor; {task_id} {word} there", task=task_id)
    elif edit is not None:
        keep(path.parent, path.name, apply(text, [edit]).encode("utf-8"))
    ctx.ports.fault("box.ticked")


async def clean_up(ctx: Context, task_id: str) -> None:
    """Remove the worktree of a settled task; what was in it is under a private ref."""
    task = ctx.task(task_id)
    saved = task.change.commit if task.change else task.base.commit if task.base else None
    path = task.worktree

    def remove() -> None:
        tree = find_worktree(ctx, task_id)
        if tree is not None:
            ctx.ports.fault("worktree.remove")
            worktrees.remove(ctx.ports.repo, tree, saved=saved, fault=ctx.ports.fault)
        ctx.ports.fault("worktree.gone")
        for private in (ctx.ports.places.homes, ctx.ports.places.tmp):
            shutil.rmtree(private / ctx.run_id / task_id, ignore_errors=True)

    await to_thread.run_sync(remove)
    if path is not None:
        ctx.append(ev.WorktreeRemoved(path=path), task=task_id)


def finish(ctx: Context, state: Literal["done", "failed", "stopped"], reason: str) -> None:
    """Record how the run ended."""
    for approval in ctx.run.pending:
        ctx.append(ev.ApprovalVoided(id=approval.id, reason="the run ended"))
    ctx.append(ev.RunFinished(state=state, reason=reason))
