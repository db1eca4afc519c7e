"""Driving a run from a terminal: the loop around the engine, signals, the last line."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import anyio

from makeitso import wiring
from makeitso.cli.answering import headline, how
from makeitso.cli.away import note_look
from makeitso.cli.door import JsonDoor, TerminalDoor
from makeitso.cli.innermost import innermost
from makeitso.cli.notify import notify
from makeitso.cli.workspace import redact
from makeitso.errors import MisError, StoreError
from makeitso.journal.view import run_view

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from makeitso.cli.console import Console
    from makeitso.runs.engine import Outcome
    from makeitso.wiring import Bridge


def door_for(bridge: Bridge, console: Console) -> TerminalDoor | JsonDoor:
    """The door a verb opens: for a script when `--json` was given, else for a person."""
    return JsonDoor(console) if console.as_json else TerminalDoor(bridge, console)


def drive(
    bridge: Bridge, console: Console, run_id: str, *, resume: bool = False, yes: bool | None = None
) -> int:
    """Drive a run to its end or its next open question; returns the exit code."""
    door = door_for(bridge, console)
    if not resume:
        for event in bridge.book.journal.read(run=run_id):
            door.event(event)  # what came before the engine: the run was created

    async def work() -> Outcome:
        outcome: Outcome | None = None
        async with anyio.create_task_group() as group:
            await group.start(_end_on_signal, group)
            outcome = await wiring.drive(bridge, run_id, door, resume=resume, yes=yes)
            group.cancel_scope.cancel()
        if outcome is None:
            raise KeyboardInterrupt
        return outcome

    try:
        outcome = anyio.run(work)
        state, code = outcome.state, outcome.exit_code
    except KeyboardInterrupt:
        state, code = "stopped", 130
    except BaseException as failure:
        error = innermost(failure)
        if not isinstance(error, MisError):
            raise
        redact(bridge, error)
        state, code = _left_as(bridge, run_id), console.report(error, said=door.said(error))
        if not console.as_json and bridge.config.ui.notify:
            notify(f"{run_id} {state}: {error.message}")  # no question will call them for it
    finally:
        door.close()
    note_look(bridge, console)
    console.data({"type": "run.ended", "run": run_id, "state": state, "exit_code": code})
    _last_words(bridge, console, run_id, state)
    return code


def _left_as(bridge: Bridge, run_id: str) -> str:
    """The state in which an error left the run."""
    try:
        return run_view(bridge.book.run(run_id)).state
    except StoreError:
        return "stopped"  # not even its record can be read


async def _end_on_signal(
    group: TaskGroup, *, task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does: put down, journalled, nothing left."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM, signal.SIGHUP) as signals:
        task_status.started()
        async for _ in signals:
            group.cancel_scope.cancel()
            return


def _last_words(bridge: Bridge, console: Console, run_id: str, state: str) -> None:
    if console.as_json:
        return
    run = bridge.book.run(run_id)
    waiting = run.pending
    if state == "waiting":
        for approval in waiting:
            console.note(f"{approval.id}  {headline(approval, among=waiting)}", style="yellow")
            console.note(f"    {how(approval)}")
        if waiting:
            console.note(f"then `mis resume {run_id}`")
        else:
            console.note("`mis review` shows what is left to decide, `mis review land` lands it")
    if state == "stopped" and run.finished is None:
        console.note(f"`mis resume {run_id}` goes on", style="yellow")
    if run.finished is not None and run.finished.state != "done":
        tasks = [t.id for t in run.tasks.values() if t.started and t.ended in ("failed", "stopped")]
        retry = " ".join(f"--retry {name}" for name in tasks)
        if retry:
            console.note(f"`mis resume {retry}` goes on with {', '.join(tasks)}", style="yellow")
    if run.finished is not None and run.finished.state != "done" and run.plan_path:
        console.note(f"`mis run {run.plan_path}` works the plan again", style="dim")
    console.note(f"kept in {bridge.places().artifacts / run_id}", style="dim")
