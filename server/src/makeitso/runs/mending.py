"""What a crash can have left between two records of one step, put right when a run is taken up.

Most steps can simply be repeated. These are the places where the record says that a step is over
although something that follows from it had not happened yet.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.landings import whole
from makeitso.landing import land as landing
from makeitso.policy.answers import answered_by_yes
from makeitso.processes.identity import end_strays
from makeitso.protocol import events as ev
from makeitso.runs.steps.ending import tick_box
from makeitso.runs.steps.review import accept_in_advance

if TYPE_CHECKING:
    from makeitso.runs.context import Context

COMMANDS_TMP = ("checks", "setup")
"""Where checks and set-up commands have their TMPDIRs, below that of the workspace."""


async def mend(ctx: Context, *, settle_only: bool) -> None:
    """Bring a run that is taken up to where its record says it is.

    Args:
        ctx: the run.
        settle_only: nothing may be answered or accepted on anybody's behalf.
    """
    run = ctx.run
    _boxes(ctx)
    if run.finished is not None:
        return
    for name in COMMANDS_TMP:
        await end_strays(ctx.ports.places.tmp / name)  # commands nobody waits for any more
    for task in list(run.tasks.values()):
        for done in task.landings:
            root = ctx.ports.places.root
            await to_thread.run_sync(functools.partial(landing.forget, root, done.id))
    if settle_only:
        return
    for approval in run.pending:
        if answered_by_yes(approval.kind, run.options):
            ctx.append(ev.ApprovalDecided(id=approval.id, grant=True, who="--yes"), actor="policy")
    for task in list(ctx.run.tasks.values()):
        if task.reviewing:
            accept_in_advance(ctx, task.id)


def _boxes(ctx: Context) -> None:
    """Boxes of the plan as the record says; of a run that is over only what was taken back since.

    What is under way of a landing changes its box itself.
    """
    for task in ctx.run.tasks.values():
        again = ctx.run.finished is None or task.undone
        if task.ended == "landed" and again and task.landing is None:
            tick_box(ctx, task.id, done=whole(task))
