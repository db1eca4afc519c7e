"""`mis status`: runs, their tasks, what they wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.answering import headline
from makeitso.cli.away import tell_what_happened
from makeitso.cli.console import visible
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.workspace import opened
from makeitso.errors import MisError
from makeitso.journal.costs import bar, lasted, nearest_shown
from makeitso.journal.fold import fold_all
from makeitso.journal.oneline import MOST_CHARS, one_line
from makeitso.journal.view import run_view, standing
from makeitso.runs.times import wait_line
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.context import Context
    from makeitso.journal.state import RunState
    from makeitso.protocol.run import RunView, TaskView, Tokens, WorkTime
    from makeitso.wiring import Bridge

LOOK_BACK = 5
"""Runs looked at for an open one: a status bar asks every few seconds."""
COLOURS = {
    "done": "green",
    "landed": "green",
    "passed": "green",
    "failed": "red",
    "stopped": "red",
    "waiting": "yellow",
    "stale": "yellow",
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
    run: Annotated[str, typer.Argument(help="Only this run.", autocompletion=completing.runs)] = "",
    everything: Annotated[bool, typer.Option("--all", help="Ended runs too.")] = False,
    line: Annotated[
        bool, typer.Option("--line", help="One short line, for tmux and status bars.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Show runs, their tasks and what they wait for."""
    context = context_of(ctx)
    if line:
        return _line(context, run)
    with opened(context) as bridge:
        tell_what_happened(bridge, context.console)
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
            waiting = [a for state in bridge.book.runs.values() for a in state.pending]
            for approval in waiting:
                said = headline(approval, among=waiting)
                context.console.say(f"{approval.id}  {said}", style="yellow")
    return 0


def _line(context: Context, run_id: str) -> int:
    """One line and exit code 0 whatever happens: a status bar has no place for an error."""
    try:
        with opened(context) as bridge:
            found = _newest(bridge, run_id) if bridge.has_journal else None
            shown = "" if found is None else one_line(found, alive=bridge.owner is not None)
    except MisError as error:
        shown = f"mis: {error.message}"[:MOST_CHARS]
    if shown:
        typer.echo(visible(shown))
    return 0


def _newest(bridge: Bridge, run_id: str) -> RunState | None:
    """The run asked for, else the newest open one, else the newest; only those are folded."""
    journal = Journal(bridge.dot.journal, clock=bridge.clock, client=bridge.client)
    try:
        ids = [run_id] if run_id else journal.run_ids()[-LOOK_BACK:]
        runs = [fold_all(journal.read(run=one)).get(one) for one in reversed(ids)]
    finally:
        journal.close()
    found = [run for run in runs if run is not None]
    return next((run for run in found if run.finished is None), found[0] if found else None)


def _show(console: Console, view: RunView) -> None:
    goal = view.goal.splitlines()[0][:72] if view.goal else ""
    console.say(f"{view.id}  {view.state}  {goal}", style=COLOURS.get(view.state))
    own = "; ".join(f"{t.id}: {t.reason}" for t in view.tasks if t.state != "landed")
    if view.reason and view.reason != own:  # else each task says its own
        console.say(f"    {view.reason}")
    if view.source is not None:
        console.say(f"    a review of {view.source.kind} {view.source.name}")
    else:
        console.say(f"    {view.plan or 'no plan yet'}   {_costs(view.tokens, view.time)}")
    if view.nearest is not None and view.nearest.near and view.ended_at is None:
        console.say(f"    nearest ceiling: {nearest_shown(view.nearest)}", style="yellow")
    for task in view.tasks:
        _show_task(console, task, standing(view, task))


def _costs(tokens: Tokens, time: WorkTime) -> str:
    """`█████░░░░░ 61,200 of 120,000 tokens   ███░░░░░░░ 3m12s of 10m`."""
    ceiling = f" of {tokens.budget:,}" if tokens.budget else ""
    spent = f"{bar(tokens.used, tokens.budget)} {tokens.used:,}{ceiling} tokens"
    ceiling = f" of {lasted(time.budget_ms)}" if time.budget_ms else ""
    worked = f"{bar(time.used_ms, time.budget_ms)} {lasted(time.used_ms)}{ceiling}"
    return f"{spent.strip()}   {worked.strip()}"


def _show_task(console: Console, task: TaskView, state: str) -> None:
    phases = " ".join(f"{SIGNS[phase.state]} {phase.name}" for phase in task.phases)
    console.say(f"    {task.id:<6} {state:<10} {phases}", style=COLOURS.get(state))
    console.say(f"           {task.title}")
    if task.tokens.used or task.time.used_ms:
        console.say(f"           {_costs(task.tokens, task.time)}", style="dim")
    if task.wait is not None:
        now_ms = SystemClock().now_ms()
        console.say(f"           {wait_line(task.wait, now_ms=now_ms)}", style="yellow")
    elif task.reason:
        console.say(f"           {task.reason}")
    for check in task.checks:
        console.say(
            f"           `{check.command}`  base: {check.base}, proposal: {check.proposal}, "
            f"landed: {check.landed}"
        )
    if task.hunks:
        marks = ", ".join(f"{count} {state}" for state, count in sorted(task.hunks.items()))
        console.say(f"           hunks: {marks}")
