"""`mis/change/fix` and `mis/change/check`: a change goes back to its worker, or is proved first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.errors import StateError
from makeitso.protocol.methods_comment import (
    ChangeCheckResult,
    ChangeCommentParams,
    ChangeFixResult,
)
from makeitso.requests.comments import comment
from makeitso.runs import commenting
from makeitso.runs.checking import end_check, request_check
from makeitso.runs.sending_back import send_back_meanwhile
from makeitso.wiring import preflight

if TYPE_CHECKING:
    from makeitso.protocol.methods_comment import ChangeCheckParams, ChangeFixParams
    from makeitso.requests.place import Workplace


async def fix(at: Workplace, params: ChangeFixParams) -> ChangeFixResult:
    """Send a change back with what was said to it, and let its run go on.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: the task is not in review, or there is nothing to tell its worker.
        EnvironmentFault: no run could work here.
    """
    run = at.run(params.run)
    owner = at.bridge.owner
    driven = at.runner.drives(run.id) or (owner is not None and run.active and not run.paused)
    if not driven:
        await preflight(at.bridge)
    said = None
    if params.text.strip():
        text = ChangeCommentParams(run=params.run, task=params.task, text=params.text)
        said = (await comment(at, text)).comment
    try:
        sent = await send_back_meanwhile(
            at.book,
            at.bridge.repo,
            task=(params.run, params.task),
            max_rounds=at.bridge.config.review.max_rounds,
            redact=at.bridge.redactor.text,
        )
    except anyio.get_cancelled_exc_class():
        if said is not None:  # asked for again, it would be said twice
            commenting.withdraw(at.book, said.id)
        raise
    if not driven:
        at.runner.take_up(run.id)
    run = at.run(params.run)
    found = {said.id: said for said in commenting.comments(at.book, run=run.id, task=params.task)}
    return ChangeFixResult(
        round=len(run.tasks[params.task].sent_back),
        comments=tuple(found[name] for name in sent.comments if name in found),
        hunks=dict(run.tasks[params.task].hunks),
        run=at.view(run),
    )


async def check(at: Workplace, params: ChangeCheckParams) -> ChangeCheckResult:
    """Run the checks on exactly the accepted hunks, here or in the process that owns the workspace.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: nothing is accepted, the task has no check, or the checks were ended early.
    """
    at.run(params.run)
    request_check(at.book, params.run, params.task)
    at.runner.settle()
    try:
        while at.run(params.run).tasks[params.task].check_wanted:
            await at.book.changed()
    except anyio.get_cancelled_exc_class():
        end_check(at.book, params.run, params.task, reason="canceled")
        raise
    task = at.run(params.run).tasks[params.task]
    said = task.accepted_check
    if said is None or said.passed is None:
        why = said.reason if said is not None and said.reason else "the task went on"
        raise StateError(f"the checks did not come to their end: {why}")
    tails = [c.tail for c in task.checks if c.where == "accepted" and c.tree == said.tree]
    return ChangeCheckResult(
        tree=said.tree,
        passed=said.passed,
        output="\n".join(tails[-len(task.spec.checks) :]),
        hunks=said.hunks,
        of=said.of,
        red=said.red,
    )
