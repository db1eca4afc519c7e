"""Taking a landing back: one transaction, and its hunks wait for a mark again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import ConflictError, StateError, StoreError
from makeitso.landing import land as landing
from makeitso.landing import undo as taking_back
from makeitso.protocol import events as ev
from makeitso.protocol.events_review import INTERRUPTED
from makeitso.review import marks
from makeitso.runs.reviewing import present_change, write_review_document
from makeitso.runs.steps.ending import keep_box
from makeitso.runs.steps.review import counted
from makeitso.runs.steps.wording import undoing

if TYPE_CHECKING:
    from makeitso.journal.state import TaskState
    from makeitso.protocol.change import Landing
    from makeitso.runs.context import Context


async def undo(ctx: Context, task_id: str) -> None:
    """Take back what a person asked for, as far as what was done since leaves room for it."""
    async with ctx.ports.landing:
        await _undo(ctx, task_id)


async def _undo(ctx: Context, task_id: str) -> None:
    task = ctx.task(task_id)
    wanted = task.undo_requested
    if wanted is None or task.landing is not None:
        return
    name = f"{ctx.run_id}-{task_id}-undo-{task.undone + 1}"
    root, repo = ctx.ports.places.root, ctx.ports.repo
    what = next((one for one in task.landings if one.id == wanted), None)
    if what is None or wanted not in task.standing:
        _nothing_undone(ctx, task_id, name, wanted, f"{wanted} is taken back already")
        return
    try:
        hunks, without = await to_thread.run_sync(_paths, ctx, task_id, what)
        message = await to_thread.run_sync(undoing, repo, ctx.run, task, what)
        plan = await taking_back.prepare(
            repo,
            what,
            id=name,
            hunks=hunks,
            without=without,
            moves=_moves(ctx.task(task_id)),
            message=message,
            editor=ctx.ports.editor,
        )
        ctx.append(
            ev.LandingStarted(
                id=name, hunks=plan.record.hunks, files=plan.record.files, undoes=wanted
            ),
            task=task_id,
        )
        ctx.ports.fault("landing.started")
        done = await taking_back.commit(
            plan, root=root, editor=ctx.ports.editor, fault=ctx.ports.fault
        )
    except (ConflictError, StateError, StoreError) as failure:
        way_out = f" ({failure.hint})" if failure.hint else ""
        _nothing_undone(ctx, task_id, name, wanted, f"{failure.message}{way_out}")
    else:
        keep_box(ctx, task_id, open_again=done.hunks)
        ctx.append(done, task=task_id)
        _tell(ctx, task_id, done)
    ctx.ports.fault("landing.recorded")
    await to_thread.run_sync(landing.forget, root, name)
    await _after(ctx, task_id)


async def recover(ctx: Context, task_id: str, name: str, wanted: str) -> None:
    """An undo was interrupted: it is whole, or nothing of it is there; say which."""
    root = ctx.ports.places.root
    recovering = functools.partial(landing.recover, root, fault=ctx.ports.fault)
    found = {item.id: item for item in await to_thread.run_sync(recovering)}
    item = found.get(name)
    if item is not None and item.outcome == "landed" and item.undone is not None:
        keep_box(ctx, task_id, open_again=item.undone.hunks)
        ctx.append(item.undone, task=task_id)
        _tell(ctx, task_id, item.undone)
    elif item is not None and item.outcome == "stuck":
        _nothing_undone(ctx, task_id, name, wanted, item.reason)
    else:
        # Nothing was written: what was asked for still is, and happens at the next step.
        ctx.append(
            ev.LandingUndone(id=name, landing=wanted, hunks=(), files=(), error=INTERRUPTED),
            task=task_id,
        )
    if item is None or item.outcome != "stuck":
        await to_thread.run_sync(landing.forget, root, name)
    await _after(ctx, task_id)


def _paths(ctx: Context, task_id: str, what: Landing) -> tuple[dict[str, str], set[str]]:
    """The path of each hunk that stands, and the paths of those that were taken back before."""
    task = ctx.task(task_id)
    change = present_change(ctx.ports.repo, ctx.run_id, task)
    where = {hunk.id: hunk.path for hunk in marks.all_hunks(change)}
    standing = {hunk: where.get(hunk, "") for hunk in task.standing[what.id]}
    gone = {where[hunk] for hunk in what.landed if hunk not in standing and hunk in where}
    return standing, gone - set(standing.values())


def _moves(task: TaskState) -> dict[str, str]:
    return task.change.moves if task.change is not None else {}


def _nothing_undone(ctx: Context, task_id: str, name: str, wanted: str, reason: str) -> None:
    ctx.append(
        ev.LandingUndone(id=name, landing=wanted, hunks=(), files=(), error=reason), task=task_id
    )
    ctx.note(f"nothing was taken back: {reason}", task=task_id, level="error")


def _tell(ctx: Context, task_id: str, done: ev.LandingUndone) -> None:
    for path, reason in done.conflicts.items():
        ctx.note(f"{path} stays as it is: {reason}", task=task_id, level="warning")
    if done.hunks and ctx.task(task_id).ended is not None:
        ctx.note(
            f"{counted(len(done.hunks))} can be accepted again; `mis review land` lands them",
            task=task_id,
        )


async def _after(ctx: Context, task_id: str) -> None:
    change = await to_thread.run_sync(present_change, ctx.ports.repo, ctx.run_id, ctx.task(task_id))
    places = ctx.ports.places
    write_review_document(
        places.dot, ctx.run, ctx.task(task_id), change, artifacts=places.artifacts
    )
