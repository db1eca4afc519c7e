"""Ceilings: nothing is spent past one before a person says so; the work is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.view import budget_of
from makeitso.policy.digest import approval_digest
from makeitso.runs.ask import ask, decided
from makeitso.runs.rounds.endings import Given, Unanswered

if TYPE_CHECKING:
    from makeitso.runs.context import Context
    from makeitso.runs.rounds.host import Host


async def within_budget(ctx: Context, task_id: str, host: Host) -> None:
    """Spend nothing past the ceiling: the work is kept, and a person says whether it goes on."""
    run = ctx.run
    while (ceiling := budget_of(run)) and run.tokens >= ceiling:
        asked = ask(
            ctx,
            kind="budget",
            subject=f"{run.tokens:,} of {ceiling:,} tokens are spent; go on with as many again?",
            digest=approval_digest("budget", f"{ctx.run_id}: {ceiling}"),
            tasks=(task_id,),
        )
        answered = await decided(ctx, asked.id, unless=host.nobody)
        if answered is None:
            raise Unanswered
        if answered.state != "granted":
            raise Given("the token budget is spent")
        run = ctx.run
