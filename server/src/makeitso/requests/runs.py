"""`mis/run/*`: start, resume, stop, look. Starting answers once the run exists."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import StateError
from makeitso.plans.digest import plan_digest
from makeitso.protocol.approval import Decision
from makeitso.protocol.methods_run import RunGetResult, RunListResult, RunResult, RunWatchResult
from makeitso.runs.ask import decide
from makeitso.runs.create import create_run
from makeitso.runs.planning import runnable
from makeitso.runs.retrying import take_up_again
from makeitso.runs.stop import request_stop, request_task_stop
from makeitso.wiring import preflight

if TYPE_CHECKING:
    from makeitso.protocol import events as ev
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.methods_run import (
        RunGetParams,
        RunListParams,
        RunResumeParams,
        RunStartParams,
        RunStopParams,
        RunWatchParams,
    )
    from makeitso.protocol.plan import RunOptions
    from makeitso.requests.place import Workplace

TAKEN_UP_WITHIN_S = 5.0
"""How long an answer to `mis/run/resume` waits for its run to go on."""
ASKED_WITHIN_S = 60.0
"""How long a plan that was approved beforehand may take to come to its question."""


async def start(at: Workplace, params: RunStartParams) -> RunResult:
    """Create a run and let the runner drive it; approve its plan if the person said so.

    Raises:
        PlanError: the plan cannot run.
        StateError: the plan is not what the person saw; another process drives this workspace.
    """
    goal, path = params.goal or "", None
    if params.plan is not None:
        file = at.inside(params.plan)
        path = at.relative(file)
        plan = runnable(file, at.bridge.root, at.bridge.config)
        goal = plan.title or plan.goal
        if params.digest is not None and plan_digest(plan) != params.digest:
            raise StateError(
                f"{path} as saved is not the plan you saw",
                hint="save it, look at it again, then start it",
                data={"digest": plan_digest(plan)},
            )
    await preflight(at.bridge)
    run_id = at.runner.begin(
        lambda: create_run(at.bridge.ports(), goal=goal, plan=path, options=_options(at, params))
    )
    if params.approve:
        await _approve(at, run_id, str(params.digest))
    return RunResult(run=at.view(at.run(run_id)))


def _options(at: Workplace, params: RunStartParams) -> RunOptions:
    options = at.bridge.options(
        policy=params.policy,
        halt_on=params.halt_on,
        yes=params.yes,
        land=params.land,
        budget_tokens=params.budget_tokens,
        budget_minutes=params.budget_minutes,
    )
    over: dict[str, object] = {}
    if params.manager is not None:
        over["manager"] = params.manager
    return options.model_copy(update=over)


async def _approve(at: Workplace, run_id: str, digest: str) -> None:
    """Answer the plan's question as the person already did, for exactly the text they saw."""
    with anyio.move_on_after(ASKED_WITHIN_S):
        while (asked := _plan_question(at, run_id)) is None:
            run = at.run(run_id)
            if run.plan_accepted or run.finished is not None or run.paused is not None:
                return
            await at.book.changed()
        if asked.state == "pending":
            decide(at.book, Decision(id=asked.id, grant=True, digest=digest))


def _plan_question(at: Workplace, run_id: str) -> Approval | None:
    asked = [a for a in at.run(run_id).approvals.values() if a.kind == "plan"]
    return asked[-1] if asked else None


async def resume(at: Workplace, params: RunResumeParams) -> RunResult:
    """Take a run up again, and tasks of it that ended without landing.

    Raises:
        NotFoundError: no such run or task.
        StateError: it is over, or is driven already, or a task cannot be retried.
    """
    run = at.run(params.run)
    if params.retry:
        take_up_again(at.book, run.id, params.retry)
        run = at.run(run.id)
        if at.runner.drives(run.id):
            return RunResult(run=at.view(run))
    if run.finished is not None:
        raise StateError(
            f"{run.id} is over: {run.finished.state}",
            hint=f"start its plan anew: {run.plan_path}" if run.plan_path else "start another run",
        )
    await preflight(at.bridge)
    at.runner.take_up(run.id, yes=params.yes)
    await _taken_up(at, run.id)
    return RunResult(run=at.view(at.run(run.id)))


async def _taken_up(at: Workplace, run_id: str) -> None:
    """Wait until it stands in the journal that a run goes on, or it was put down again."""
    run = at.run(run_id)
    before = (run.paused, run.stop_requested)
    with anyio.move_on_after(TAKEN_UP_WITHIN_S):
        while before != (None, None) and at.runner.drives(run_id):
            run = at.run(run_id)
            if (run.paused, run.stop_requested) != before:
                return
            await at.book.changed()


async def stop(at: Workplace, params: RunStopParams) -> RunResult:
    """Ask whoever drives a run to stop it, or one task. A run that stands still is left as it is.

    What it does is ended after the answer: until then its reason begins with `stopping`.

    Raises:
        NotFoundError: no such run or task.
        StateError: it is over.
    """
    run = at.run(params.run)
    if params.task is not None:
        reason = params.reason or "stopped by a person"
        request_task_stop(at.book, run.id, params.task, reason=reason)
        at.runner.settle()
        return RunResult(run=at.view(at.run(run.id)))
    if run.finished is not None:
        raise StateError(f"{run.id} is over: {run.finished.state}")
    if run.paused is None:
        reason = params.reason or "stopped by a person"
        request_stop(at.book, run.id, reason=reason, owned=at.bridge.owner is not None)
    return RunResult(run=at.view(at.run(run.id)))


async def get(at: Workplace, params: RunGetParams) -> RunGetResult:
    """A run with its questions and the events asked for."""
    run = at.run(params.run)
    found: list[ev.Event] = []
    if params.after is not None:
        events = at.book.journal.read(after=params.after, run=run.id)
        found = list(itertools.islice(events, params.limit + 1))
    return RunGetResult(
        run=at.view(run),
        approvals=tuple(run.approvals.values()),
        events=tuple(found[: params.limit]),
        more=len(found) > params.limit,
    )


async def watch(at: Workplace, params: RunWatchParams) -> RunWatchResult:
    """Send live text of a run, or of all, as it comes.

    Raises:
        NotFoundError: there is no such run.
    """
    if params.run is not None:
        at.run(params.run)
    at.runner.watch(params.run, on=params.on)
    return RunWatchResult(on=params.on)


async def list_(at: Workplace, params: RunListParams) -> RunListResult:
    """All runs, oldest first."""
    del params
    return RunListResult(runs=tuple(at.view(run) for run in at.runs().values()))
