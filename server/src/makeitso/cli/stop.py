"""`mis stop`: end what a run or one task does now; it can be resumed or retried."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.driving import door_for
from makeitso.cli.resume import newest_open
from makeitso.cli.workspace import opened
from makeitso.errors import StateError
from makeitso.runs.stop import request_stop, request_task_stop

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.runs.book import Book
    from makeitso.wiring import Bridge

PATIENCE_S = 20.0
"""A worker has 5 s to end itself, its tree is then ended; the rest is margin."""


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("stop")(stop)


def stop(
    ctx: typer.Context,
    run: Annotated[
        str,
        typer.Argument(
            help="Run id; the newest open one if left out.", autocompletion=completing.stoppable
        ),
    ] = "",
    task: Annotated[
        str,
        typer.Argument(help="Only this task; the others go on.", autocompletion=completing.tasks),
    ] = "",
    because: Annotated[str, typer.Option("--because", help="Reason, for the record.")] = "",
    json: JsonFlag = False,
) -> int:
    """Stop a run, or one task of it, and everything it started."""
    context = context_of(ctx)
    with opened(context) as bridge:
        book = bridge.book
        run_id, task = _meant(book, run, task)
        if task:
            return _stop_task(context, bridge, run_id, task, because or "stopped by a person")
        owner = bridge.owner
        request_stop(book, run_id, reason=because or "stopped by a person", owned=owner is not None)
        end = time.monotonic() + PATIENCE_S
        while owner is not None and book.run(run_id).paused is None:
            if book.run(run_id).finished is not None:
                break
            if time.monotonic() > end:
                raise StateError(
                    f"{run_id} has not stopped yet",
                    hint=f"its process is {owner.pid}; look again with `mis status`",
                )
            time.sleep(0.05)
            book.refresh()
        context.console.data({"run": run_id, "state": "stopped"})
        context.console.say(f"{run_id} stopped; `mis resume {run_id}` goes on")
    return 0


def _meant(book: Book, run: str, task: str) -> tuple[str, str]:
    """Run and task of what was named: `RUN TASK`, `RUN`, or only `TASK` of the newest open run."""
    if run and not task and run not in book.runs:
        newest = newest_open(book)
        if run in book.run(newest).tasks:
            return newest, run
    return run or newest_open(book), task


def _stop_task(context: Context, bridge: Bridge, run_id: str, task_id: str, reason: str) -> int:
    """Stop one task, here or in the process that drives it, and wait until it is over."""
    book = bridge.book
    request_task_stop(book, run_id, task_id, reason=reason)
    end = time.monotonic() + PATIENCE_S
    while book.run(run_id).tasks[task_id].ended is None:
        owner = bridge.owner
        if owner is None:
            anyio.run(wiring.settle, bridge, door_for(bridge, context.console))
        if time.monotonic() > end:
            where = f"its process is {owner.pid}" if owner else "nobody drives it"
            raise StateError(
                f"{task_id} of {run_id} has not stopped yet",
                hint=f"{where}; look again with `mis status`",
            )
        time.sleep(0.05)
        book.refresh()
    context.console.data({"run": run_id, "task": task_id, "state": "stopped"})
    context.console.say(
        f"{task_id} of {run_id} stopped; `mis resume {run_id} --retry {task_id}` goes on with it"
    )
    return 0
