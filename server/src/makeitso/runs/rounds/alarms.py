"""What the monitor's alarm leads to: the turn is interrupted, and a person says how it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.policy.digest import approval_digest
from makeitso.processes.tasks import task_group
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Judgement
from makeitso.runs.ask import ask, decided
from makeitso.runs.ceilings import until_reached

if TYPE_CHECKING:
    from makeitso.monitor.watch import Alarm
    from makeitso.protocol.approval import Approval
    from makeitso.runs.context import Context
    from makeitso.runs.rounds.host import Host
    from makeitso.workers.port import TurnResult, WorkerSession

GO_ON, STOP = "go on", "stop the task"
_STOPPING = frozenset({STOP, "stop", "no", "n", "end", "abort"})


async def watched_turn(
    ctx: Context, task_id: str, session: WorkerSession, host: Host, *, prompt: str
) -> TurnResult:
    """Give an instruction and wait for the end of the turn; monitor and ceilings may end it."""

    async def stop(alarm: Alarm) -> None:
        detail = ctx.ports.redactor.text(host.plain(alarm.detail))
        found = ev.MonitorInterrupted(cause=alarm.cause, detail=detail)
        ctx.append(found, task=task_id, phase="task", actor="monitor")
        text = f"interrupted ({alarm.cause}): {detail}"
        ctx.note(text, task=task_id, level="warning", actor="monitor")
        await session.interrupt()

    async def mind_ceilings() -> None:
        await until_reached(ctx, task=task_id, phase="task")
        host.over_budget = True
        await session.interrupt()

    host.watch.begin()
    async with task_group() as tasks:
        tasks.start_soon(host.watch.guard, stop)
        tasks.start_soon(mind_ceilings)
        try:
            result = await session.turn(prompt)
        finally:
            host.watch.end()
            tasks.cancel_scope.cancel()
    return result


async def ask_how_on(ctx: Context, task_id: str, host: Host) -> Approval | None:
    """Ask what follows from the task's alarm; None: nobody is there to answer."""
    task = ctx.task(task_id)
    alarm = task.alarm
    assert alarm is not None, "only a task with an alarm asks"
    subject = f"{task_id} was interrupted ({alarm.cause}): {alarm.detail}. Go on?"
    digest = approval_digest("question", f"{ctx.run_id} {task_id} alarm {task.alarms}: {subject}")
    for approval in ctx.run.approvals.values():
        if approval.digest == digest and approval.state in ("granted", "denied"):
            return approval
    asked = ask(
        ctx,
        kind="question",
        subject=subject,
        detail=f'"{GO_ON}": the worker is told why it was interrupted; your own words are told too.'
        f'\n"{STOP}": what is done so far is kept, and the task fails.',
        digest=digest,
        tasks=(task_id,),
        choices=(GO_ON, STOP),
    )
    return await decided(ctx, asked.id, unless=host.nobody)


def goes_on(answered: Approval) -> bool:
    """Whether the person lets the worker go on."""
    said = answered.answer.strip().strip(".!").lower()
    return answered.state == "granted" and said not in _STOPPING


def stopped(answered: Approval, who: str, cause: str) -> str:
    """Why it ends, once a person does not let `who` go on: the question says what had happened."""
    why = f": {answered.because}" if answered.because else ""
    return f"stopped by {answered.who} after {who} was interrupted ({cause}){why}"


def after_alarm(ctx: Context, task_id: str, answered: Approval) -> Judgement:
    """What the worker is told: why it was interrupted, and what the person said."""
    alarm = ctx.task(task_id).alarm
    detail = alarm.detail if alarm is not None else "it was interrupted"
    return Judgement(
        verdict="continue",
        instructions=f"You were interrupted in the middle of your work, because {detail}.\n"
        "What ran then was ended. A person saw this and lets you go on; they said: "
        f"{answered.answer}\nDo not do the same again; find another way to what the task asks for.",
        note="after an interrupt",
        wait_s=0,
    )
