"""One phase of a task, timed and within its ceilings."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from makeitso.protocol import events as ev
from makeitso.runs.ceilings import TIME, bounded
from makeitso.runs.rounds.endings import Given
from makeitso.runs.steps import bootstrap, summarize, task, verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context


async def run_phase(
    ctx: Context, task_id: str, phase: PhaseName, *, nobody: Callable[[], bool]
) -> None:
    """Carry out a phase; at a ceiling what runs is ended, and a person says whether it goes on.

    Raises:
        Unanswered: a person must decide first and nobody is there.
    """
    with ctx.meter.running(task_id, phase):
        match phase:
            case "bootstrap":
                await _again_in_time(
                    ctx,
                    lambda: bootstrap.bootstrap(ctx, task_id, nobody=nobody),
                    task_id=task_id,
                    phase=phase,
                    nobody=nobody,
                )
            case "task":
                await task.work(ctx, task_id, nobody=nobody)  # it ends its turns by itself
            case "verify":
                await _again_in_time(
                    ctx,
                    lambda: verify.verify(ctx, task_id),
                    task_id=task_id,
                    phase=phase,
                    nobody=nobody,
                )
            case "summarize":
                await summarize.summarize(ctx, task_id)  # a moment, and it spends nothing
            case _:
                assert_never(phase)


async def _again_in_time(
    ctx: Context,
    work: Callable[[], Awaitable[None]],
    *,
    task_id: str,
    phase: PhaseName,
    nobody: Callable[[], bool],
) -> None:
    """What spends no tokens and may be done anew, as after a crash: results so far are kept."""
    try:
        await bounded(ctx, work, task=task_id, phase=phase, nobody=nobody, measures=TIME)
    except Given as given:
        ctx.append(ev.PhaseEnded(state="failed", reason=given.reason), task=task_id, phase=phase)
