"""Waits that spend nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.runs.rounds.endings import Given

if TYPE_CHECKING:
    from makeitso.protocol.plan import Judgement
    from makeitso.runs.context import Context

MAX_WAITS = 20
"""Waits in one round; each is also bounded in length."""


async def pause(ctx: Context, task_id: str, verdict: Judgement) -> None:
    """Wait as the manager asked, without spending anything; it may not ask for ever."""
    task = ctx.task(task_id)
    waits = sum(1 for j in task.judgements if (j.round, j.verdict) == (task.rounds, "wait"))
    if waits > MAX_WAITS:
        raise Given(f"the manager asked to wait {waits} times in round {task.rounds}")
    ctx.note(f"waiting {verdict.wait_s:g} s: {verdict.note}", task=task_id, actor="manager")
    await anyio.sleep(verdict.wait_s)
