"""A run in one short line, for status bars: id, state, what it waits for, where it is, tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.costs import time_shown, tokens_shown
from makeitso.journal.view import run_view
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState

MOST_CHARS = 80


def one_line(run: RunState, *, alive: bool) -> str:
    """The line, e.g. `mis r20261122-1 waiting a3 · T1 verify · 12k/500k`.

    Args:
        run: the run.
        alive: whether the process that drives it lives.
    """
    asked = [approval.id for approval in run.pending]
    more = f"+{len(asked) - 1}" if len(asked) > 1 else ""
    view = run_view(run, alive=alive)
    head = " ".join(filter(None, ["mis", run.id, view.state, *asked[:1], more]))
    spent = tokens_shown(view.tokens).removesuffix(" tokens")
    parts = [head, _where(run), spent, time_shown(view.time) if view.time.budget_ms else ""]
    return " · ".join(part for part in parts if part)[:MOST_CHARS]


def _where(run: RunState) -> str:
    """The first task under way and its phase; how many more there are."""
    if run.finished is not None:
        return ""
    here = [
        task
        for task in run.tasks.values()
        if (task.started or task.wait is not None) and task.ended is None
    ]
    if not here:
        return ""
    more = f" +{len(here) - 1}" if len(here) > 1 else ""
    return f"{here[0].id} {_phase(here[0])}{more}"


def _phase(task: TaskState) -> str:
    if task.wait is not None:
        return "waits"
    if task.reviewing:
        return "review"
    for name in PHASES:
        if task.phases[name].state not in ("passed", "skipped"):
            return name
    return PHASES[-1]
