"""One instruction to the worker: from the record of it to the record of its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.runs.rounds import alarms, instructions
from makeitso.runs.rounds.differences import difference

if TYPE_CHECKING:
    from makeitso.protocol.plan import Judgement
    from makeitso.runs.context import Context
    from makeitso.runs.rounds.host import Host
    from makeitso.workers.port import TurnResult, WorkerSession
    from makeitso.workspace.worktrees import Worktree


async def turn(
    ctx: Context,
    task_id: str,
    worktree: Worktree,
    session: WorkerSession,
    host: Host,
    verdict: Judgement | None,
    answer: str,
) -> TurnResult:
    """One instruction to the worker, from the record of it to the record of its end."""
    task = ctx.task(task_id)
    resumed = task.rounds > 0 and verdict is None
    alarmed = task.alarm is not None  # the round that was interrupted goes on
    # What a person let go on again is a round of its own.
    again = task.rounds == task.rounds_before and not alarmed
    number = task.rounds if (resumed or alarmed) and not again else task.rounds + 1
    diff = await difference(ctx, task_id, worktree) if task.rounds else ""
    prompt = instructions.for_turn(
        ctx, task_id, round_number=number, verdict=verdict, answer=answer, diff=diff
    )
    suffix = f"-after-alarm-{task.alarms}" if alarmed else "-resumed" if resumed else ""
    attempt = f"attempt-{task.attempt}/" if task.attempt > 1 else ""
    name = f"prompts/{attempt}round-{number}{suffix}.md"
    kept = ctx.keep(name, prompt.text, kind="output", task=task_id)
    ctx.append(
        ev.TurnStarted(
            intent=prompt.intent, round=number, prompt_digest=prompt.digest, prompt=kept
        ),
        task=task_id,
        phase="task",
    )
    ctx.ports.fault("turn.start")
    result = await alarms.watched_turn(ctx, task_id, session, host, prompt=prompt.text)
    refs = host.flush()
    ctx.append(
        ev.TurnEnded(
            status=result.status,
            message=ctx.ports.redactor.text(host.plain(result.message)),
            error=ctx.ports.redactor.text(host.plain(result.error)),
            error_kind=result.error_kind,
            outputs=refs,
        ),
        task=task_id,
        phase="task",
        actor="worker",
    )
    ctx.ports.fault("turn.end")
    return result
