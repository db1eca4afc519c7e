"""`mis plan`: a plan for a goal, written and shown; nothing of it runs."""

from __future__ import annotations

from typing import Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.runs.outlook import outlook, refusal


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("plan")(plan)


def plan(
    ctx: typer.Context,
    goal: Annotated[str, typer.Argument(help='The goal in words; "-": from stdin.')],
    json: JsonFlag = False,
) -> int:
    """Make a plan for a goal and show it; runs nothing."""
    context = context_of(ctx)
    ensure_trusted(context)
    words = typer.get_text_stream("stdin").read() if goal == "-" else goal
    console = context.console

    async def progress(text: str) -> None:
        if not context.json:
            console.ask(text)

    with opened(context) as bridge:
        path, made = anyio.run(wiring.make_plan, bridge, words, progress)
        console.note("")
        shown = path.relative_to(bridge.root).as_posix()
        seen = outlook(
            bridge.repo,
            bridge.root,
            bridge.config.bootstrap,
            refuse=refusal(bridge.redactor),
        )
        worktrees = [bridge.redactor.text(line) for line in seen.lines]
        console.data({"path": shown, "plan": made.model_dump(mode="json"), "worktrees": worktrees})
        console.say(path.read_text("utf-8"))
        for line in worktrees:
            console.note(line)
        console.note(f"written to {shown}; edit it as you like, then `mis run {shown}`")
    return 0
