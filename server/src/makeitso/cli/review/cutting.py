"""`mis review split|join|unmark`: hunks as their parts, and the last thing done taken back."""

from __future__ import annotations

from typing import Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import RunOption, TaskOption
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import StateError
from makeitso.runs.marking import join_hunk, split_hunk, undo_marks
from makeitso.runs.reviewing import locate

Id = Annotated[
    str,
    typer.Argument(
        metavar="HUNK", help="A hunk, or a part of one.", autocompletion=completing.hunks
    ),
]


def register(group: typer.Typer) -> None:
    """Add the actions."""
    group.command("split")(split)
    group.command("join")(join)
    group.command("unmark")(unmark)


def split(
    ctx: typer.Context,
    hunk: Id,
    at: Annotated[
        int | None,
        typer.Option(
            "--at",
            metavar="LINE",
            min=1,
            help="Before this line; 1 is the first below the @@ line.",
        ),
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Split a hunk at its unchanged lines, or before one line."""
    context = context_of(ctx)
    with opened(context) as bridge:
        parts = split_hunk(bridge.book, bridge.repo, hunk, at=at)
        context.console.data({"hunk": hunk, "parts": list(parts)})
        for part in parts:
            context.console.say(part)
        return 0


def join(ctx: typer.Context, hunk: Id, json: JsonFlag = False) -> int:
    """Let the parts of a hunk stand as one again; it keeps the mark they agree on."""
    context = context_of(ctx)
    with opened(context) as bridge:
        name = join_hunk(bridge.book, hunk)
        state = locate(bridge.book, name)[1].hunks[name]
        context.console.data({"hunk": name, "state": state})
        context.console.say(f"{name}  {state}")
        return 0


def unmark(
    ctx: typer.Context,
    steps: Annotated[
        int, typer.Option("--steps", "-n", min=1, metavar="N", help="That many, newest first.")
    ] = 1,
    run: RunOption = "",
    task: TaskOption = "",
    json: JsonFlag = False,
) -> int:
    """Take back the last mark, edit, split or join that has not landed; again: the one before."""
    context = context_of(ctx)
    with opened(context) as bridge:
        if not bridge.has_journal:
            raise StateError("no mark can be taken back", hint="nothing was proposed here yet")
        states: dict[str, str] = {}
        for _ in range(steps):
            undone = undo_marks(bridge.book, run=run or None, task=task or None)
            for (run_id, task_id), ids in undone.hunks.items():
                known = bridge.book.run(run_id).tasks[task_id].hunks
                states = {h: s for h, s in states.items() if h in known}
                states.update((hunk, known[hunk]) for hunk in ids)
        for hunk, state in states.items():
            context.console.say(f"{hunk}  {state}")
        return settle(bridge, context.console, also={"hunks": states})
