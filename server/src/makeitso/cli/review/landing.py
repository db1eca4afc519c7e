"""`mis review land`: what is accepted now, into the workspace, the index or a commit."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import RunOption
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import StateError, UsageError
from makeitso.protocol.words import LandTarget
from makeitso.runs.reviewing import held, request_landing

TARGETS: tuple[str, ...] = get_args(LandTarget)
To = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="|".join(TARGETS),
        help="Where, this time; else as `review.target` says.",
    ),
]


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("land")(land)


def land(ctx: typer.Context, run: RunOption = "", target: To = "", json: JsonFlag = False) -> int:
    """Land what is accepted now, whatever is still open."""
    context = context_of(ctx)
    if target and target not in TARGETS:
        raise UsageError(f"there is no target {target!r}", hint=f"one of {', '.join(TARGETS)}")
    where = cast("LandTarget", target) if target else None
    with opened(context) as bridge:
        if not bridge.has_journal or not request_landing(bridge.book, run or None, target=where):
            raise StateError("nothing is accepted", hint="`mis review accept ID…` or `mis review`")
        for task, paths in held(bridge.book, run or None):
            names = ", ".join(paths)
            context.console.note(f"{task} does not land: a person has to decide on {names} first")
        return settle(bridge, context.console)
