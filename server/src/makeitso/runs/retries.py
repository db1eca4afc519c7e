"""What failed for a reason that may pass is tried again: a few times, later each time, on record.

The journal holds how often and not before when, so that a restart in between does not begin anew.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import anyio

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from typing import Literal

    from makeitso.runs.context import Context

MOST = 2
"""Tries after the first, until something goes well."""
FIRST_S = 1.0
"""Pause before the first of them, at most; half of it at least."""
FACTOR = 4.0
"""How much longer each pause is. The worker program has tried by itself before."""


async def again(
    ctx: Context,
    what: Literal["turn", "worker", "manager"],
    reason: str,
    *,
    task: str | None,
) -> bool:
    """Plan another try and wait until it is due; False: there were enough.

    Args:
        ctx: the run.
        what: what failed.
        reason: why, for people.
        task: the task it is for; None: the plan.
    """
    tried = ctx.task(task).retries if task is not None else ctx.run.retries
    if tried >= MOST:
        return False
    # Apart from each other, so that tasks an outage hit together do not come back together.
    pause_s = FIRST_S * FACTOR**tried * random.uniform(0.5, 1.0)  # noqa: S311 -- no secret
    planned = ev.RetryPlanned(
        what=what,
        attempt=tried + 1,
        at=ctx.ports.clock.now_ms() + round(pause_s * 1000),
        reason=ctx.ports.redactor.text(reason)[:500],
    )
    phase = "task" if task is not None else None
    ctx.append(planned, task=task, phase=phase)
    text = f"{reason}; tried again in {pause_s:.1f} s, {tried + 1} of {MOST}"
    ctx.note(text, task=task, level="warning")
    await until_due(ctx, task)
    return True


async def until_due(ctx: Context, task: str | None) -> None:
    """Wait until a planned try may begin; at once when none is planned or its time is over.

    A clock that was set back makes no pause longer than it was planned.
    """
    planned = ctx.task(task).retry if task is not None else ctx.run.retry
    if planned is not None:
        longest_s = FIRST_S * FACTOR ** (planned.attempt - 1)
        left_s = (planned.at - ctx.ports.clock.now_ms()) / 1000
        await anyio.sleep(max(0.0, min(left_s, longest_s)))
