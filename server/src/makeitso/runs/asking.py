"""The manager is asked: recorded, watched, counted; interrupted, it is asked again or a person is.

A manager that hangs is asked once more without a word to anybody, since that passes. What else the
monitor finds, and a second silence, is a person's to decide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from makeitso.errors import ModelError, WorkerError
from makeitso.managers.port import Spent
from makeitso.policy.digest import approval_digest
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask, decided
from makeitso.runs.retries import again, until_due
from makeitso.runs.rounds.alarms import goes_on, stopped
from makeitso.runs.rounds.endings import Given, Unanswered
from makeitso.runs.watching import Interrupted, watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import Literal

    from makeitso.journal.state import AskingState
    from makeitso.managers.port import Answer, ManagerEvent
    from makeitso.monitor.watch import Alarm
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context

    Saw = Callable[[ManagerEvent], None]

T = TypeVar("T")

AGAIN, STOP = "ask again", "stop"


async def ask_manager(
    ctx: Context,
    call: Callable[[Saw], Awaitable[Answer[T]]],
    *,
    intent: Literal["PLAN", "EVAL"],
    root: Path,
    nobody: Callable[[], bool],
    task: str | None = None,
    round_number: int = 0,
) -> Answer[T]:
    """Ask until there is an answer, and record what it cost.

    Args:
        ctx: the run.
        call: asks the manager; told whom to tell what happens meanwhile.
        intent: what is asked for.
        root: the tree the manager looks at.
        nobody: True once nobody is there to answer.
        task: the task it is about; None: the plan.
        round_number: the round to be judged.

    Raises:
        Unanswered: a person must decide first and nobody is there.
        Given: a person stopped the task.
        ModelError: the manager failed, or a person stopped the plan.
    """
    await until_due(ctx, task)
    while True:
        asking = ctx.run.asking.get(task or "")
        if asking is not None and asking.alarm is not None:
            await _let_go_on(ctx, asking, asking.alarm, task=task, nobody=nobody)
        asked = ev.ManagerAsked(intent=intent, round=round_number)
        ctx.append(asked, task=task, phase=_phase(task))
        try:
            answered = await _asked_once(ctx, call, root=root, task=task)
        except (ModelError, WorkerError) as error:
            passing = error.retryable and await again(ctx, "manager", error.message, task=task)
            if not passing:
                raise
            continue
        if answered is not None:
            if answered.unfit:
                text = f"answered when asked again; its first answer did not fit: {answered.unfit}"
                ctx.note(text, task=task, level="warning", actor="manager")
            return answered


async def _asked_once(
    ctx: Context, call: Callable[[Saw], Awaitable[Answer[T]]], *, root: Path, task: str | None
) -> Answer[T] | None:
    """One question under watch; None: the monitor interrupted it."""
    seen = Spent()

    def called(saw: Saw) -> Awaitable[Answer[T]]:
        def counted(event: ManagerEvent) -> None:
            nonlocal seen
            if isinstance(event, Spent):
                seen = _sum(seen, event)
                _count(ctx, event, task=task)  # as it is spent: a ceiling may be reached by it
            saw(event)

        return call(counted)

    def raised(alarm: Alarm) -> None:
        said = alarm.detail.replace("from the worker", "from the manager")
        detail = ctx.ports.redactor.text(said)
        found = ev.MonitorInterrupted(who="manager", cause=alarm.cause, detail=detail)
        ctx.append(found, task=task, phase=_phase(task), actor="monitor")
        text = f"the manager is interrupted ({alarm.cause}): {detail}"
        ctx.note(text, task=task, level="warning", actor="monitor")

    answered: Answer[T] | None = None
    try:
        answered = await watched(called, limits=ctx.ports.monitor, root=root, raised=raised)
    except Interrupted:
        return None
    finally:
        if answered is not None:
            _count(ctx, _rest(answered.spent, seen), task=task)
    return answered


def _phase(task: str | None) -> PhaseName | None:
    return "task" if task is not None else None


def _count(ctx: Context, spent: Spent, *, task: str | None) -> None:
    if spent.total:
        ctx.append(
            ev.UsageCounted(
                source="manager",
                input_tokens=spent.input_tokens,
                output_tokens=spent.output_tokens,
            ),
            task=task,
            phase=_phase(task),
            actor="manager",
        )


def _rest(whole: Spent, seen: Spent) -> Spent:
    return Spent(
        input_tokens=max(0, whole.input_tokens - seen.input_tokens),
        output_tokens=max(0, whole.output_tokens - seen.output_tokens),
    )


def _sum(one: Spent, other: Spent) -> Spent:
    return Spent(
        input_tokens=one.input_tokens + other.input_tokens,
        output_tokens=one.output_tokens + other.output_tokens,
    )


async def _let_go_on(
    ctx: Context,
    asking: AskingState,
    alarm: ev.MonitorInterrupted,
    *,
    task: str | None,
    nobody: Callable[[], bool],
) -> None:
    """Return when the manager may be asked again."""
    if alarm.cause == "stall" and asking.tries <= 1:
        return
    about = task or "the plan"
    subject = f"The manager was interrupted over {about} ({alarm.cause}): {alarm.detail}. Go on?"
    digest = approval_digest(
        "question", f"{ctx.run_id} {about} manager alarm {asking.alarms}: {subject}"
    )
    known = (a for a in ctx.run.approvals.values() if a.digest == digest)
    answered = next((a for a in known if a.state in ("granted", "denied")), None)
    if answered is None:
        asked = ask(
            ctx,
            kind="question",
            subject=subject,
            detail=f'"{AGAIN}": the same is asked once more.\n"{STOP}": {_stopped(task)}.',
            digest=digest,
            tasks=(task,) if task is not None else (),
            choices=(AGAIN, STOP),
        )
        answered = await decided(ctx, asked.id, unless=nobody)
    if answered is None:
        raise Unanswered
    if goes_on(answered):
        return
    reason = stopped(answered, "the manager", alarm.cause)
    if task is not None:
        raise Given(reason)
    raise ModelError(reason, hint='write the plan yourself, or use kind = "none"')


def _stopped(task: str | None) -> str:
    if task is None:
        return "the run fails; nothing was done yet"
    return "what is done so far is kept, and the task fails"
