"""`mis review`: hunk by hunk on a terminal; lists, marks and lands for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.door import TerminalDoor
from makeitso.cli.review_loop import OPEN, review_task
from makeitso.cli.workspace import opened
from makeitso.errors import StateError, UsageError
from makeitso.runs.reviewing import mark, present_change, request_landing

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import Mark
    from makeitso.wiring import Bridge

EXIT_OPEN = 3


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("review")(review)


def review(
    ctx: typer.Context,
    action: Annotated[
        str, typer.Argument(help="accept, reject, reopen or land; none: a loop.")
    ] = "",
    ids: Annotated[list[str] | None, typer.Argument(metavar="HUNK...", help="Hunk ids.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every open hunk.")] = False,
    run: Annotated[str, typer.Option("--run", help="Only this run.")] = "",
    task: Annotated[str, typer.Option("--task", help="Only this task.")] = "",
    because: Annotated[str, typer.Option("--because", help="Why rejected; kept.")] = "",
    json: JsonFlag = False,
) -> int:
    """Go through changes hunk by hunk; accept, reject, land."""
    context = context_of(ctx)
    console = context.console
    with opened(context) as bridge:
        found = _tasks(bridge, run=run, task=task)
        if action in ("accept", "reject", "reopen"):
            code = _mark(bridge, console, found, action, ids or [], everything, because)
        elif action == "land":
            code = _land(bridge, console, run)
        elif action:
            raise UsageError(
                f"mis review: no action {action}", hint="accept, reject, reopen or land"
            )
        elif console.interactive:
            code = _loop(bridge, console, found)
        else:
            _list(bridge, console, found)
            code = 0
        return code


def _tasks(bridge: Bridge, *, run: str, task: str) -> list[tuple[RunState, TaskState]]:
    """Tasks with a proposed change: those with open hunks, or all of the run that is named."""
    if not bridge.has_journal:
        return []
    runs = [bridge.book.run(run)] if run else list(bridge.book.runs.values())
    found = [
        (r, t)
        for r in runs
        for t in r.tasks.values()
        if t.change is not None and (not task or t.id == task)
    ]
    if run or task:
        return found
    last = runs[-1].id if runs else ""
    return [
        (r, t)
        for r, t in found
        if r.id == last or {"pending", "accepted", "conflict"} & set(t.hunks.values())
    ]


def _hunks(bridge: Bridge, found: list[tuple[RunState, TaskState]]) -> list[Hunk]:
    return [
        hunk
        for run, task in found
        for file in present_change(bridge.repo, run.id, task).files
        for hunk in file.hunks
    ]


def _list(bridge: Bridge, console: Console, found: list[tuple[RunState, TaskState]]) -> None:
    hunks = _hunks(bridge, found)
    console.data([hunk.model_dump(mode="json") for hunk in hunks])
    if console.as_json:
        return
    for hunk in hunks:
        console.say(f"{hunk.id}  {hunk.state:<9} {hunk.path}:{hunk.new_start}")
    if not hunks:
        console.note("nothing to review")


def _loop(bridge: Bridge, console: Console, found: list[tuple[RunState, TaskState]]) -> int:
    open_ones = [(r, t) for r, t in found if set(OPEN) & set(t.hunks.values())]
    if not open_ones:
        console.note("nothing to review")
        return 0
    for run, task in open_ones:
        if not review_task(bridge, console, run.id, task.id):
            break
    return _settle(bridge, console)


def _mark(
    bridge: Bridge,
    console: Console,
    found: list[tuple[RunState, TaskState]],
    action: str,
    ids: list[str],
    everything: bool,
    because: str,
) -> int:
    if everything == bool(ids):
        raise UsageError(f"mis review {action}: name hunks, or give --all", hint="not both")
    if everything:
        wanted = ("accepted", "rejected") if action == "reopen" else OPEN
        ids = [h for _, t in found for h, state in t.hunks.items() if state in wanted]
        if not ids:
            raise StateError(f"there is nothing to {action}", hint="`mis review --json` lists all")
    marks: dict[str, Mark] = {"accept": "accepted", "reject": "rejected", "reopen": "pending"}
    mark(bridge.book, ids, marks[action], because=because)
    return _settle(bridge, console)


def _land(bridge: Bridge, console: Console, run: str) -> int:
    if not bridge.has_journal or not request_landing(bridge.book, run or None):
        raise StateError("nothing is accepted", hint="`mis review accept ID…` or `mis review`")
    return _settle(bridge, console)


def _settle(bridge: Bridge, console: Console) -> int:
    """Let what is decided land, here or in the process that owns the workspace."""
    door = TerminalDoor(bridge, console)
    before = {
        landing.id
        for r in bridge.book.runs.values()
        for t in r.tasks.values()
        for landing in t.landings
    }
    here = anyio.run(wiring.settle, bridge, door)
    bridge.book.refresh()
    landings = [
        landing
        for r in bridge.book.runs.values()
        for t in r.tasks.values()
        for landing in t.landings
        if landing.id not in before
    ]
    conflicts = [h for landing in landings for h in landing.conflicts]
    console.data(
        {
            "landed": [h for landing in landings for h in landing.landed],
            "conflicts": conflicts,
            "files": [f for landing in landings for f in landing.files],
            "by_owner": not here,
        }
    )
    if not here and not console.as_json:
        console.note("marked; the process that runs it lands it")
    for run in bridge.book.runs.values():
        waiting = [t.id for t in run.tasks.values() if t.ended is None and not t.reviewing]
        if run.finished is None and waiting and here and not console.as_json:
            console.note(f"{run.id} has more to do: `mis resume {run.id}`")
    return EXIT_OPEN if conflicts else 0
