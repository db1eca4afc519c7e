"""Landing: accepted hunks into the workspace, one transaction a task."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import ConflictError, StateError, StoreError
from makeitso.landing import land as landing
from makeitso.protocol import events as ev
from makeitso.protocol.change import Landing
from makeitso.protocol.events_review import INTERRUPTED
from makeitso.runs.reviewing import present_change, write_review_document
from makeitso.runs.steps import undo
from makeitso.runs.steps.ending import keep_box
from makeitso.runs.steps.review import ask_review, counted
from makeitso.runs.steps.wording import wording

if TYPE_CHECKING:
    from makeitso.runs.context import Context


async def land(ctx: Context, task_id: str) -> None:
    """Write what is accepted into the workspace; conflicts are set aside, all the rest lands."""
    async with ctx.ports.landing:
        await _land(ctx, task_id)


async def _land(ctx: Context, task_id: str) -> None:
    task = ctx.task(task_id)
    if task.landing is not None and task.undoing is not None:
        await undo.recover(ctx, task_id, task.landing, task.undoing)
        return
    if task.landing is not None:
        await _recover(ctx, task_id, task.landing)
        return
    root, repo = ctx.ports.places.root, ctx.ports.repo
    change = await to_thread.run_sync(present_change, repo, ctx.run_id, task)
    landing_id = f"{ctx.run_id}-{task_id}-{len(task.landings) + 1}"
    try:
        target = task.land_target or ctx.ports.config.review.target
        words = await to_thread.run_sync(
            functools.partial(wording, repo, ctx.run, task, branch=ctx.ports.config.review.branch)
        )
        plan = await landing.prepare(
            repo,
            change,
            id=landing_id,
            editor=ctx.ports.editor,
            target=target,
            wording=words,
        )
        ctx.append(
            ev.LandingStarted(id=landing_id, hunks=plan.landed, files=plan.landing().files),
            task=task_id,
        )
        ctx.ports.fault("landing.started")
        done = await landing.commit(plan, root=root, editor=ctx.ports.editor, fault=ctx.ports.fault)
    except (ConflictError, StateError, StoreError) as failure:
        _nothing_landed(ctx, task_id, landing_id, failure.message, hint=failure.hint)
    else:
        reasons = {conflict.hunk: conflict.reason for conflict in plan.conflicts}
        keep_box(ctx, task_id, landing=done.landed)
        ctx.append(ev.LandingEnded(landing=done, reasons=reasons), task=task_id)
        for note in plan.notes:
            ctx.note(note, task=task_id)
    ctx.ports.fault("landing.recorded")
    await to_thread.run_sync(landing.forget, root, landing_id)
    await _after(ctx, task_id)


async def _recover(ctx: Context, task_id: str, landing_id: str) -> None:
    """A landing was interrupted: it is whole, or nothing of it is there; say which."""
    root = ctx.ports.places.root
    recover = functools.partial(landing.recover, root, fault=ctx.ports.fault)
    found = {item.id: item for item in await to_thread.run_sync(recover)}
    item = found.get(landing_id)
    if item is not None and item.outcome == "landed" and item.landing is not None:
        keep_box(ctx, task_id, landing=item.landing.landed)
        ctx.append(ev.LandingEnded(landing=item.landing), task=task_id)
    elif item is not None and item.outcome == "stuck":
        _nothing_landed(ctx, task_id, landing_id, item.reason)
    else:
        # Nothing was written: what was accepted still is, and lands at the next step.
        ctx.append(
            ev.LandingEnded(landing=_empty(ctx, task_id, landing_id), error=INTERRUPTED),
            task=task_id,
        )
    if item is None or item.outcome != "stuck":
        await to_thread.run_sync(landing.forget, root, landing_id)
    await _after(ctx, task_id)


def _nothing_landed(
    ctx: Context, task_id: str, landing_id: str, reason: str, *, hint: str = ""
) -> None:
    """Set the accepted hunks aside with the reason, so that a person looks before another try."""
    accepted = tuple(h for h, s in ctx.task(task_id).hunks.items() if s == "accepted")
    ctx.append(
        ev.LandingEnded(
            landing=_empty(ctx, task_id, landing_id).model_copy(update={"conflicts": accepted}),
            reasons=dict.fromkeys(accepted, reason),
            error=reason,
        ),
        task=task_id,
    )
    way_out = f" ({hint})" if hint else ""
    ctx.note(f"nothing landed: {reason}{way_out}", task=task_id, level="error")


def _empty(ctx: Context, task_id: str, landing_id: str) -> Landing:
    return Landing(
        id=landing_id,
        run=ctx.run_id,
        task=task_id,
        landed=(),
        conflicts=(),
        files=(),
        merged=False,
        target=ctx.task(task_id).land_target or ctx.ports.config.review.target,
    )


async def _after(ctx: Context, task_id: str) -> None:
    task = ctx.task(task_id)
    aside = [h for h, state in task.hunks.items() if state == "conflict"]
    if aside:
        reasons = dict.fromkeys(task.hunk_reasons.get(h, "conflict") for h in aside)
        ctx.note(
            f"{counted(len(aside))} set aside: {'; '.join(reasons)}",
            task=task_id,
            level="warning",
        )
        ask_review(ctx, task_id)
    change = await to_thread.run_sync(present_change, ctx.ports.repo, ctx.run_id, task)
    places = ctx.ports.places
    write_review_document(places.dot, ctx.run, task, change, artifacts=places.artifacts)
