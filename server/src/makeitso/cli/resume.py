"""`mis resume`: go on with a run that waits, was stopped, or whose process died."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli import completing
from makeitso.cli.away import tell_what_happened
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.driving import drive
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.runs.retrying import newest_with_ended, take_up_again
from makeitso.runs.skipping import skip_waits

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.runs.book import Book
    from makeitso.wiring import Bridge

INTERRUPTED = 130
WEIGHT = (0, 3, 4, 2, 1, INTERRUPTED)
"""Exit codes by weight: of several runs, the one that asks most of whoever reads it counts."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("resume")(resume)


def resume(
    ctx: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            help="Run id; the newest open one if left out.", autocompletion=completing.runs
        ),
    ] = "",
    skip_wait: Annotated[
        list[str] | None,
        typer.Option(
            "--skip-wait",
            metavar="TASK",
            help="Do not wait any longer; `all`: no task does.",
            autocompletion=completing.tasks,
        ),
    ] = None,
    retry: Annotated[
        list[str] | None,
        typer.Option(
            "--retry",
            metavar="TASK",
            help="Go on with a failed or stopped task of the same run; its work is kept.",
            autocompletion=completing.tasks,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every open run, one after the other, oldest first.")
    ] = False,
    yes: Annotated[
        bool | None,
        typer.Option(
            "--yes/--no-yes",
            "-y",
            help="Answer yes to what may be answered, or ask from here on; else as it was started.",
        ),
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Go on with a run that was stopped or interrupted."""
    context = context_of(ctx)
    if everything and (run or retry or skip_wait):
        raise UsageError("--all goes with no run and no task", hint="name a run, or give --all")
    ensure_trusted(context)
    with opened(context) as bridge:
        if everything:
            return _all(bridge, context, yes=yes)
        run_id = run or (
            newest_with_ended(bridge.book, retry) if retry else newest_open(bridge.book)
        )
        if run_id not in bridge.book.runs:
            raise _unknown(bridge.book, run_id)
        if not run:
            _say_which(bridge.book, context, run_id)
        if retry and _retried(bridge, context, run_id, retry):
            return 0
        if skip_wait and _skipped(bridge, context, run_id, skip_wait):
            return 0
        anyio.run(wiring.preflight, bridge)
        tell_what_happened(bridge, context.console)
        return _drive(bridge, context, run_id, yes=yes)


def _drive(bridge: Bridge, context: Context, run_id: str, *, yes: bool | None) -> int:
    """Go on as the person consented when they started it, unless they say otherwise now."""
    run = bridge.book.run(run_id)
    if yes is None and run.options.yes and run.finished is None:
        context.console.note(
            f"{run_id} was started with --yes and goes on so; `--no-yes`: it asks", style="yellow"
        )
    return drive(bridge, context.console, run_id, resume=True, yes=yes)


def _skipped(bridge: Bridge, context: Context, run_id: str, tasks: list[str]) -> bool:
    """End waits; True when the process that drives the run acts on it, and this one is done."""
    skipped: list[str] = []
    for task in tasks:
        skipped += skip_waits(bridge.book, run_id, None if task == "all" else task)
    context.console.note(f"{', '.join(skipped)}: not waiting any longer")
    owner = bridge.owner
    if owner is None:
        return False
    context.console.data({"run": run_id, "skipped": skipped, "owner": owner.pid})
    return True


def _all(bridge: Bridge, context: Context, *, yes: bool | None) -> int:
    """Take every open run up, one after the other; returns the exit code that weighs most."""
    run_ids = open_runs(bridge.book) or [newest_open(bridge.book)]
    anyio.run(wiring.preflight, bridge)
    tell_what_happened(bridge, context.console)
    codes: list[int] = []
    with bridge.own():
        for run_id in run_ids:
            context.console.note(f"resuming {run_id}", style="bold")
            codes.append(_drive(bridge, context, run_id, yes=yes))
            if codes[-1] == INTERRUPTED:
                break
    return max(codes, key=WEIGHT.index)


def _say_which(book: Book, context: Context, run_id: str) -> None:
    """Where several runs are open: which one is taken up, and how to take up the others."""
    others = [other for other in open_runs(book) if other != run_id]
    if others:
        context.console.note(
            f"resuming {run_id}, the newest; also open: {', '.join(others)} "
            "(`mis resume RUN` or `mis resume --all`)",
            style="yellow",
        )


def _unknown(book: Book, run_id: str) -> NotFoundError:
    found = open_runs(book)
    hint = f"open: {', '.join(found)}" if found else "`mis status` lists the runs"
    return NotFoundError(f"there is no run {run_id}", hint=hint)


def open_runs(book: Book) -> list[str]:
    """The runs that are not over, oldest first."""
    return [run.id for run in book.runs.values() if run.finished is None]


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
    found = open_runs(book)
    if found:
        return found[-1]
    raise StateError("no run is open", hint='start one with `mis run "goal"`')
