"""What a person is asked between rounds: by the manager, and how to go on after an alarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.policy.digest import approval_digest
from makeitso.runs.ask import ask, decided
from makeitso.runs.rounds import alarms
from makeitso.runs.rounds.endings import Given, Unanswered

if TYPE_CHECKING:
    from makeitso.protocol.plan import Judgement
    from makeitso.runs.context import Context
    from makeitso.runs.rounds.host import Host


async def how_on(
    ctx: Context, task_id: str, host: Host, verdict: Judgement | None
) -> Judgement | None:
    """After an interrupt by the monitor: what the person lets the worker go on with."""
    alarm = ctx.task(task_id).alarm
    if alarm is None:
        return verdict
    answered = await alarms.ask_how_on(ctx, task_id, host)
    if answered is None:
        raise Unanswered
    if not alarms.goes_on(answered):
        raise Given(alarms.stopped(answered, "it", alarm.cause))
    return alarms.after_alarm(ctx, task_id, answered)


async def answer_to(ctx: Context, task_id: str, verdict: Judgement, host: Host) -> str:
    """The person's answer to the manager's question; empty when it asked none."""
    if verdict.verdict != "need_input":
        return ""
    digest = approval_digest("question", f"{task_id}: {verdict.instructions}")
    for approval in reversed(ctx.run.approvals.values()):
        if approval.digest == digest and approval.state in ("granted", "denied"):
            return approval.answer or approval.because
    asked = ask(
        ctx,
        kind="question",
        subject=verdict.instructions,
        detail=verdict.note,
        digest=digest,
        tasks=(task_id,),
    )
    answered = await decided(ctx, asked.id, unless=host.nobody)
    if answered is None:
        raise Unanswered
    return answered.answer or answered.because
