"""Ceilings in force: nothing is begun past one, what is under way is ended at one, and people say.

The work is kept. One call of a model can overshoot a token ceiling, since it is counted when it is
over; nothing is spent after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

from makeitso.journal.ceilings import ceilings, nearest, refusal, to_be_said
from makeitso.plans.amounts import amount, format_span
from makeitso.policy.digest import approval_digest
from makeitso.processes.tasks import task_group
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask, decided
from makeitso.runs.rounds.endings import Given, Unanswered

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from makeitso.protocol.approval import Approval
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.words import Measure, PhaseName
    from makeitso.runs.context import Context

T = TypeVar("T")

BOTH: frozenset[Measure] = frozenset({"tokens", "time"})
TIME: frozenset[Measure] = frozenset({"time"})
"""For what spends no tokens."""
FAILS = "what is done so far is kept, and the task fails."
"""What follows where a person does not raise a ceiling."""
STEP_S = 0.05
"""Shortest sleep until a ceiling on time is looked at again; time may stand still meanwhile."""


async def within(
    ctx: Context,
    *,
    task: str | None,
    phase: PhaseName | None,
    nobody: Callable[[], bool],
    measures: Collection[Measure] = BOTH,
    denied: str = FAILS,
) -> None:
    """Return once nothing that holds here is used up; what is, a person is asked about.

    The question says what follows when it is `denied`.

    Raises:
        Given: a person does not raise it.
        Unanswered: nobody is there to answer.
    """
    while (reached := _look(ctx, task, phase, measures)) is not None:
        because = _refused(ctx, reached, task)
        if because is not None:
            raise Given(f"{spent(reached)}, and it is not raised{because}")
        asked = _ask(ctx, reached, task, denied)
        answered = await decided(ctx, asked.id, unless=nobody)
        if answered is None:
            raise Unanswered
        if answered.state == "denied":
            # Denied to this task for good; taken up again by a person, it may ask again.
            ctx.append(ev.ApprovalUsed(id=answered.id), task=task, phase=phase)
            raise Given(f"{spent(reached)}, and it is not raised{_reason(answered.because)}")


async def until_reached(
    ctx: Context,
    *,
    task: str | None,
    phase: PhaseName | None,
    measures: Collection[Measure] = BOTH,
) -> None:
    """Return when a ceiling that holds here is used up."""
    while _look(ctx, task, phase, measures) is None:
        with anyio.move_on_after(_next_look_s(ctx, task, phase, measures)):
            await ctx.book.changed()


async def bounded(
    ctx: Context,
    work: Callable[[], Awaitable[T]],
    *,
    task: str | None,
    phase: PhaseName | None,
    nobody: Callable[[], bool],
    measures: Collection[Measure] = BOTH,
    denied: str = FAILS,
) -> T:
    """Do something that can be done anew: at a ceiling it is cancelled, asked about and redone.

    Raises:
        Given: a person does not raise the ceiling.
        Unanswered: nobody is there to answer.
    """
    while True:
        await within(ctx, task=task, phase=phase, nobody=nobody, measures=measures, denied=denied)
        done: list[T] = []
        async with task_group() as tasks:
            doing = anyio.CancelScope()

            async def end_at_ceiling(scope: anyio.CancelScope = doing) -> None:
                await until_reached(ctx, task=task, phase=phase, measures=measures)
                scope.cancel()

            tasks.start_soon(end_at_ceiling)
            with doing:
                done.append(await work())
            tasks.cancel_scope.cancel()
        if done:
            return done[0]


def spent(ceiling: Ceiling) -> str:
    """What is used up, in words: `the budget of T1 is used up: 20,300 of 20,000 tokens`."""
    if ceiling.measure == "tokens":
        figures = f"{ceiling.used:,} of {ceiling.limit:,} tokens"
    else:
        figures = f"{format_span(ceiling.used // 1000)} of {format_span(ceiling.limit // 1000)}"
    return f"the budget of {whose(ceiling)} is used up: {figures}"


def whose(ceiling: Ceiling) -> str:
    """Whose ceiling it is: `the run`, `the plan`, `T1`, `the phase verify of T1`."""
    if ceiling.scope == "phase":
        return f"the phase {ceiling.phase} of {ceiling.task}"
    return ceiling.task if ceiling.scope == "task" and ceiling.task else f"the {ceiling.scope}"


def _look(
    ctx: Context, task: str | None, phase: PhaseName | None, measures: Collection[Measure]
) -> Ceiling | None:
    """The ceiling that is used up, the nearest of several; says once what comes near."""
    found = _holding(ctx, task, phase, measures)
    for near in to_be_said(ctx.run, found):
        ctx.append(ev.BudgetNeared(ceiling=near), task=task, phase=phase)
    return nearest(c for c in found if c.reached)


def _holding(
    ctx: Context, task: str | None, phase: PhaseName | None, measures: Collection[Measure]
) -> list[Ceiling]:
    more = ctx.meter.uncounted(task, phase)
    found = ceilings(ctx.run, task=task, phase=phase, more=more)
    return [c for c in found if c.measure in measures]


def _next_look_s(
    ctx: Context, task: str | None, phase: PhaseName | None, measures: Collection[Measure]
) -> float:
    """Seconds until time alone can reach a ceiling, or bring one near."""
    times = [c for c in _holding(ctx, task, phase, measures) if c.measure == "time"]
    marks = [mark for c in times for mark in (c.left, c.until_near) if mark > 0]
    return max(STEP_S, min(marks, default=float("inf")) / 1000)


def _refused(ctx: Context, reached: Ceiling, task: str | None) -> str | None:
    """Why a person did not raise it when another task asked; None: nobody refused."""
    denied = refusal(ctx.run, reached)
    if denied is None or (denied.id, task) in ctx.run.used:
        return None
    return _reason(denied.because)


def _reason(because: str) -> str:
    return f": {because}" if because else ""


def _ask(ctx: Context, reached: Ceiling, task: str | None, denied: str) -> Approval:
    more = amount(reached, reached.grant)
    key = "/".join(str(part) for part in reached.key)
    return ask(
        ctx,
        kind="budget",
        subject=f"{spent(reached)}; go on with {more} more?",
        detail=f"Granted, {whose(reached)} goes on with {more} more; an answer such as "
        f"`{amount(reached, max(1, reached.grant // 2))}` gives that much instead.\n"
        f"Denied, {denied}"
        if task is not None
        else f"Granted, it goes on with {more} more. Denied, the run fails; nothing was done yet.",
        digest=approval_digest("budget", f"{ctx.run_id}: {key} at {reached.limit}"),
        tasks=(task,) if task is not None else (),
        ceiling=reached,
    )
