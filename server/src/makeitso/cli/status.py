"""`mis status`: runs, their tasks, what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.workspace import opened
from makeitso.journal.view import run_view

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.run import RunView, TaskView

COLOURS = {
    "done": "green",
    "landed": "green",
    "passed": "green",
    "failed": "red",
    "stopped": "red",
    "waiting": "yellow",
    "reviewing": "yellow",
    "running": "cyan",
}
SIGNS = {
    "pending": "·",
    "waiting": "?",
    "running": "▸",
    "passed": "✓",
    "failed": "✗",
    "skipped": "-",
}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("status")(status)


def status(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(help="Only this run.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Ended runs too.")] = False,
    json: JsonFlag = False,
) -> int:
    """Show runs, their tasks and what they wait for."""
    context = context_of(ctx)
    with opened(context) as bridge:
        views: list[RunView] = []
        if bridge.has_journal:
            alive = bridge.owner is not None
            runs = [bridge.book.run(run)] if run else list(bridge.book.runs.values())
            views = [run_view(r, alive=alive) for r in runs]
        context.console.data({"runs": [view.model_dump(mode="json") for view in views]})
        if context.json:
            return 0
        open_ones = [v for v in views if v.ended_at is None]
        shown = views if everything or run else open_ones or views[-1:]
        for view in shown:
            _show(context.console, view)
        if not shown:
            context.console.say('no runs yet; `mis run "goal"` starts one')
        hidden = len(views) - len(shown)
        if hidden:
            context.console.note(f"{hidden} ended; `mis status --all` shows them", style="dim")
        if bridge.has_journal:
            for state in bridge.book.runs.values():
                for approval in state.pending:
                    context.console.say(
                        f"{approval.id}  {approval.kind}: {approval.subject}", style="yellow"
                    )
    return 0


def _show(console: Console, view: RunView) -> None:
    budget = f" of {view.tokens.budget:,}" if view.tokens.budget else ""
    goal = view.goal.splitlines()[0][:72] if view.goal else ""
    console.say(f"{view.id}  {view.state}  {goal}", style=COLOURS.get(view.state))
    if view.reason:
        console.say(f"    {view.reason}")
    console.say(f"    {view.plan or 'no plan yet'}   {view.tokens.used:,}{budget} tokens")
    for task in view.tasks:
        _show_task(console, task)


def _show_task(console: Console, task: TaskView) -> None:
    phases = " ".join(f"{SIGNS[phase.state]} {phase.name}" for phase in task.phases)
    console.say(f"    {task.id:<6} {task.state:<10} {phases}", style=COLOURS.get(task.state))
    console.say(f"           {task.title}")
    if task.reason:
        console.say(f"           {task.reason}")
    for check in task.checks:
        console.say(
            f"           `{check.command}`  base: {check.base}, proposal: {check.proposal}, "
            f"landed: {check.landed}"
        )
    if task.hunks:
        marks = ", ".join(f"{count} {state}" for state, count in sorted(task.hunks.items()))
        console.say(f"           hunks: {marks}")
