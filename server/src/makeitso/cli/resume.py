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
from makeitso.runs.retrying import newest_with_ended, take_up_again
from makeitso.runs.skipping import skip_waits

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.runs.book import Book
    from makeitso.wiring import Bridge


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("resume")(resume)


def resume(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="Run id; the newest open one if left out.")] = "",
    skip_wait: Annotated[
        list[str] | None,
        typer.Option(
            "--skip-wait", metavar="TASK", help="Do not wait any longer; `all`: no task does."
        ),
    ] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            "--retry", metavar="TASK", help="Go on with a failed or stopped task; its work is kept."
        ),
    ] = None,
    yes: YesFlag = False,
    json: JsonFlag = False,
) -> int:
    """Go on with a run that was stopped or interrupted."""
    context = context_of(ctx)
    ensure_trusted(context)
    with opened(context) as bridge:
        run_id = run or (
            newest_with_ended(bridge.book, retry) if retry else newest_open(bridge.book)
        )
        bridge.book.run(run_id)
        if retry and _retried(bridge, context, run_id, retry):
            return 0
        for task in skip_wait or ():
            skipped = skip_waits(bridge.book, run_id, None if task == "all" else task)
            context.console.note(f"{', '.join(skipped)}: not waiting any longer")
        owner = bridge.owner
        if skip_wait and owner is not None:
            # Whoever drives the run acts on it.
            context.console.data({"run": run_id, "skipped": list(skip_wait), "owner": owner.pid})
            return 0
        anyio.run(wiring.preflight, bridge)
        tell_what_happened(bridge, context.console)
        return drive(bridge, context.console, run_id, resume=True, yes=yes)


def _retried(bridge: Bridge, context: Context, run_id: str, tasks: list[str]) -> bool:
    """Take tasks up again; True when the process that drives the run goes on with them."""
    opened_again = take_up_again(bridge.book, run_id, tasks)
    context.console.note(f"taken up again: {', '.join(opened_again)}")
    owner = bridge.owner
    run = bridge.book.run(run_id)
    driven = owner is not None and run.active and run.paused is None
    if driven and owner is not None:
        context.console.data({"run": run_id, "retry": list(opened_again), "owner": owner.pid})
    return driven


def newest_open(book: Book) -> str:
    """The newest run that is not over.

    Raises:
        StateError: there is none.
    """
    for run in reversed(book.runs.values()):
        if run.finished is None:
            return run.id
    raise StateError("no run is open", hint='start one with `mis run "goal"`')
