"""`mis review land`: what is accepted now, into the workspace."""

from __future__ import annotations

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import RunOption
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import StateError
from makeitso.runs.reviewing import request_landing


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("land")(land)


def land(ctx: typer.Context, run: RunOption = "", json: JsonFlag = False) -> int:
    """Land what is accepted now, whatever is still open."""
    context = context_of(ctx)
    with opened(context) as bridge:
        if not bridge.has_journal or not request_landing(bridge.book, run or None):
            raise StateError("nothing is accepted", hint="`mis review accept ID…` or `mis review`")
        return settle(bridge, context.console)
