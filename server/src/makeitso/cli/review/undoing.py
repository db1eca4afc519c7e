"""`mis review undo`: a landing taken back, never over what was done since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.door import TerminalDoor
from makeitso.cli.review.selecting import RunOption
from makeitso.cli.review.settling import EXIT_OPEN
from makeitso.cli.workspace import opened
from makeitso.errors import StateError
from makeitso.runs.undoing import request_undo, taken_back

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.events import LandingUndone

Which = Annotated[
    str, typer.Argument(metavar="[LANDING]", help="Id of a landing; without: the last one.")
]


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("undo")(undo)


def undo(
    ctx: typer.Context, landing: Which = "", run: RunOption = "", json: JsonFlag = False
) -> int:
    """Take the last landing back; edits made since stay.

    Its hunks are open again. Accepted once more, they land with `mis review land`.
    """
    context = context_of(ctx)
    console = context.console
    with opened(context) as bridge:
        if not bridge.has_journal:
            raise StateError("nothing has landed", hint="`mis run` first")
        asked = request_undo(bridge.book, landing or None, run=run or None)
        here = anyio.run(wiring.settle, bridge, TerminalDoor(bridge, console))
        bridge.book.refresh()
        done = taken_back(bridge.book, asked.request)
        if done is None:
            console.data({"landing": asked.landing, "by_owner": not here})
            if not console.as_json:
                console.note("asked for; the process that runs it takes it back")
            return 0
        _tell(console, done)
        return EXIT_OPEN if done.conflicts or done.error else 0


def _tell(console: Console, done: LandingUndone) -> None:
    console.data(
        {
            "landing": done.landing,
            "by_owner": False,
            "files": list(done.files),
            "hunks": list(done.hunks),
            "conflicts": done.conflicts,
            "commit": done.commit,
            "error": done.error,
        }
    )
    if not done.hunks or console.as_json:
        return
    if done.files:
        console.note("its hunks are open again: once accepted, `mis review land` lands them")
    else:
        console.note(f"{done.landing} was taken back already by hand; its hunks are open again")
