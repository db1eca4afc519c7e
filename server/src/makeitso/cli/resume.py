"""`mis resume`: go on with a run that waits, was stopped, or whose process died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.away import tell_what_happened
from makeitso.cli.context import JsonFlag, YesFlag, context_of
from makeitso.cli.driving import drive
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import StateError

if TYPE_CHECKING:
    from makeitso.runs.book import Book


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("resume")(resume)


def resume(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="Run id; the newest open one if left out.")] = "",
    yes: YesFlag = False,
    json: JsonFlag = False,
) -> int:
    """Go on with a run that was stopped or interrupted."""
    context = context_of(ctx)
    ensure_trusted(context)
    with opened(context) as bridge:
        run_id = run or newest_open(bridge.book)
        bridge.book.run(run_id)
        anyio.run(wiring.preflight, bridge)
        tell_what_happened(bridge, context.console)
        return drive(bridge, context.console, run_id, resume=True, yes=yes)


def newest_open(book: Book) -> str:
    """The newest run that is not over.

    Raises:
        StateError: there is none.
    """
    for run in reversed(book.runs.values()):
        if run.finished is None:
            return run.id
    raise StateError("no run is open", hint='start one with `mis run "goal"`')
