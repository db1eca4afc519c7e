"""`mis review check`: the task's checks on exactly the accepted hunks, before they land."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.door import TerminalDoor
from makeitso.cli.review.selecting import RunOption
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.conversation import accepted_result, inside_now, told
from makeitso.runs.checking import end_check, request_check

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.wiring import Bridge

POLL_S = 0.2
EXIT_RED, EXIT_CANCELED = 1, 130


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("check")(check)


def check(
    ctx: typer.Context,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="The one with accepted hunks if left out.")
    ] = "",
    run: RunOption = "",
    json: JsonFlag = False,
) -> int:
    """Run a task's checks on exactly what you accepted, before it lands; 1: red.

    Ctrl-C ends them.
    """
    context = context_of(ctx)
    ensure_trusted(context)
    with opened(context) as bridge:
        run_id, task_id = _which(bridge, run=run, task=task)
        request_check(bridge.book, run_id, task_id)
        try:
            _wait(bridge, context.console, run_id, task_id)
        except KeyboardInterrupt:
            end_check(bridge.book, run_id, task_id, reason="canceled")
            context.console.note("canceled")
            return EXIT_CANCELED
        return _said(bridge, context.console, run_id, task_id)


def _which(bridge: Bridge, *, run: str, task: str) -> tuple[str, str]:
    if not bridge.has_journal:
        raise StateError("nothing is in review", hint='start with `mis run "goal"`')
    bridge.book.refresh()
    runs = [bridge.book.run(run)] if run else list(bridge.book.runs.values())
    named = [(r.id, t.id) for r in runs for t in r.tasks.values() if t.id == task]
    if task:
        if not named:
            raise NotFoundError(f"there is no task {task}", hint="`mis status` shows the tasks")
        return named[-1]
    able = [(r.id, t.id) for r in runs for t in r.tasks.values() if t.reviewing and inside_now(t)]
    if not able:
        raise StateError("nothing is accepted", hint="`mis review accept ID…` or `mis review`")
    if len(able) > 1:
        names = ", ".join(f"{t} of {r}" for r, t in able)
        raise UsageError(f"several changes have accepted hunks: {names}", hint="name the task")
    return able[0]


def _wait(bridge: Bridge, console: Console, run_id: str, task_id: str) -> None:
    """Run them here, or wait for the process that owns the workspace."""
    while bridge.book.run(run_id).tasks[task_id].check_wanted:
        with contextlib.closing(TerminalDoor(bridge, console)) as door:
            here = anyio.run(wiring.settle, bridge, door)
        bridge.book.refresh()
        if not here:
            time.sleep(POLL_S)


def _said(bridge: Bridge, console: Console, run_id: str, task_id: str) -> int:
    task = bridge.book.run(run_id).tasks[task_id]
    result = accepted_result(task)
    if result is None or result.said.passed is None:
        why = result.said.reason if result is not None else "the task went on"
        raise StateError(f"the checks did not come to their end: {why or 'ended'}")
    tails = [c.tail for c in task.checks if c.where == "accepted" and c.tree == result.said.tree]
    console.data(
        {
            **result.said.model_dump(mode="json"),
            "run": run_id,
            "task": task_id,
            "current": result.current,
            "output": tails[-len(task.spec.checks) :],
        }
    )
    if not console.as_json:
        style = "green" if result.said.passed else "red"
        console.note(f"{task_id}, what is accepted: {told(result)}", style=style)
        for command in result.said.red:
            console.note(f"    red: {command}")
    return 0 if result.said.passed else EXIT_RED
