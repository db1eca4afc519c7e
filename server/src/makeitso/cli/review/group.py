"""`mis review` without an action: the loop on a terminal, a list for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.loop import review_task
from makeitso.cli.review.selecting import OPEN, RunOption, TaskOption, hunks_of, select
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import UsageError

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.wiring import Bridge


def review(
    ctx: typer.Context, run: RunOption = "", task: TaskOption = "", json: JsonFlag = False
) -> int:
    """Go through changes hunk by hunk; accept, reject, land."""
    if ctx.invoked_subcommand is not None:
        if run or task:
            raise UsageError(
                "mis review: options stand behind the action",
                hint=f"mis review {ctx.invoked_subcommand} … --run RUN --task TASK",
            )
        return 0
    context = context_of(ctx)
    with opened(context) as bridge:
        found = select(bridge, run=run, task=task)
        if context.console.interactive:
            return _loop(bridge, context.console, found)
        _list(bridge, context.console, found)
        return 0


def _list(bridge: Bridge, console: Console, found: list[Reviewed]) -> None:
    hunks = hunks_of(bridge, found)
    console.data([hunk.model_dump(mode="json") for hunk in hunks])
    if console.as_json:
        return
    for hunk in hunks:
        touches = f"  touches {', '.join(hunk.overlaps)}" if hunk.overlaps else ""
        console.say(f"{hunk.id}  {hunk.state:<9} {hunk.path}:{hunk.new_start}{touches}")
    if not hunks:
        console.note("nothing to review")


def _loop(bridge: Bridge, console: Console, found: list[Reviewed]) -> int:
    open_ones = [(r, t) for r, t in found if set(OPEN) & set(t.hunks.values())]
    if not open_ones:
        console.note("nothing to review")
        return 0
    for run, task in open_ones:
        if not review_task(bridge, console, run.id, task.id):
            break
    return settle(bridge, console)
