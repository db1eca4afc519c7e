"""`mis review looked`: all that is proposed counts as seen; what comes later is new."""

from __future__ import annotations

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import RunOption, TaskOption, select
from makeitso.cli.workspace import opened
from makeitso.runs.looking import record_look


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("looked")(looked)


def looked(
    ctx: typer.Context, run: RunOption = "", task: TaskOption = "", json: JsonFlag = False
) -> int:
    """Count all hunks as seen; `mis review --new` shows what is proposed after that."""
    context = context_of(ctx)
    with opened(context) as bridge:
        fresh = [
            hunk
            for r, t in select(bridge, run=run, task=task)
            for hunk in record_look(bridge.book, r.id, t.id, t.hunks)
        ]
        context.console.data({"looked": fresh})
        for hunk in fresh:
            context.console.say(hunk)
        return 0
