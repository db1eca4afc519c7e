"""The task's checks on exactly the accepted hunks, before anything of them lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.errors import MisError, StoreError
from makeitso.journal.conversation import accepted_result, inside_now, told
from makeitso.protocol import events as ev
from makeitso.runs.ceilings import TIME, bounded
from makeitso.runs.checking import void_questions
from makeitso.runs.checks import run_checks
from makeitso.runs.reviewing import present_change, write_review_document
from makeitso.runs.rounds.endings import Given
from makeitso.runs.steps.bootstrap import ensure_worktree
from makeitso.runs.subset import tree_with
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.runs.context import Context


async def check_accepted(
    ctx: Context, task_id: str, *, holds: bool, nobody: Callable[[], bool]
) -> None:
    """Run the checks in the task's worktree on the base with the accepted hunks alone.

    Nothing of the worker's runs meanwhile: the task is in review. What the worktree held is put
    back afterwards. It is time at work on the task; at a ceiling it is ended and a person is asked.

    Args:
        ctx: the run.
        task_id: the task.
        holds: landing waits for the result.
        nobody: True once nobody is there to answer.

    Raises:
        Unanswered: a person must decide first and nobody is there.
    """
    try:
        with ctx.meter.running(task_id):
            await bounded(
                ctx,
                lambda: _check(ctx, task_id, holds=holds, nobody=nobody),
                task=task_id,
                phase=None,
                nobody=nobody,
                measures=TIME,
                denied="what is accepted is not checked, and stays as it is.",
            )
    except Given as given:
        _not_checked(ctx, task_id, given.reason, holds=holds)
    except StoreError:
        raise
    except MisError as error:
        _not_checked(ctx, task_id, error.message, holds=holds, hint=error.hint)
    finally:
        ctx.book.refresh()
        task = ctx.task(task_id)
        if task.reviewing and not task.check_wanted:
            # Asked in the moment in which a person ended them, it would stand for ever.
            void_questions(ctx.book, ctx.run_id, task_id, actor="engine")


def _not_checked(ctx: Context, task_id: str, reason: str, *, holds: bool, hint: str = "") -> None:
    said = ev.AcceptedChecked(
        tree="",
        hunks=inside_now(ctx.task(task_id)),
        of=len(ctx.task(task_id).hunks),
        passed=None,
        reason=reason,
        holds=holds,
    )
    ctx.append(said, task=task_id)
    way = f" ({hint})" if hint else ""
    text = f"what is accepted could not be checked: {reason}{way}"
    ctx.note(text, task=task_id, level="warning")


async def _check(ctx: Context, task_id: str, *, holds: bool, nobody: Callable[[], bool]) -> None:
    task, repo = ctx.task(task_id), ctx.ports.repo
    if task.base is None or task.change is None:
        return
    hunks, proposal = inside_now(task), task.change.tree
    change = await to_thread.run_sync(present_change, repo, ctx.run_id, task)
    tree = await to_thread.run_sync(tree_with, repo, change, hunks)
    worktree = await ensure_worktree(ctx, task_id, task.base, nobody=nobody)
    ctx.ports.fault("check.accepted")
    try:
        await to_thread.run_sync(restore, repo, worktree, tree)
        results = await run_checks(
            ctx, task_id, where="accepted", tree=tree, worktree=worktree, phase=None, reuse=True
        )
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(restore, repo, worktree, proposal)
    red = tuple(result.command for result in results if not result.passed)
    said = ev.AcceptedChecked(
        tree=tree, hunks=hunks, of=len(task.hunks), passed=not red, red=red, holds=holds
    )
    with anyio.CancelScope(shield=True):  # on record it is not wanted any more, and would be ended
        ctx.append(said, task=task_id)
        _say(ctx, task_id)
        task = ctx.task(task_id)
        shown = await to_thread.run_sync(present_change, repo, ctx.run_id, task)
        write_review_document(ctx.ports.places.dot, ctx.run, task, shown)


def _say(ctx: Context, task_id: str) -> None:
    result = accepted_result(ctx.task(task_id))
    if result is None:
        return
    text = f"what is accepted: {told(result)}"
    if result.said.red:
        text += f": {'; '.join(result.said.red)}"
    if result.said.red and result.said.holds:
        text += ". It does not land by itself; `mis review land` lands it all the same"
    ctx.note(text, task=task_id, level="warning" if result.said.red else "info")
