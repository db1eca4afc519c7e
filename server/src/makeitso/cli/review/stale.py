"""Saying that what was accepted does not land, because its task has lost its ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli.answering import how
from makeitso.journal.staleness import stale_asked, stale_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.cli.console import Console
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.journal.state import RunState, TaskState
    from makeitso.wiring import Bridge


def say_stale(console: Console, run: RunState, task: TaskState) -> None:
    """Say that nothing of a task lands, and the way out; nothing where it is not stale."""
    line = stale_line(run, task)
    if not line or console.as_json:
        return
    asked = stale_asked(run, task)
    way = how(asked) if asked is not None else f"`mis resume {run.id}` asks"
    console.note(f"{line}: {way}", style="yellow")


def stale_among(bridge: Bridge, hunks: Collection[str]) -> list[Reviewed]:
    """Stale tasks of which one of these hunks stands accepted."""
    return [
        (run, task)
        for run in bridge.book.runs.values()
        for task in run.tasks.values()
        if any(task.hunks.get(hunk) == "accepted" for hunk in hunks) and stale_line(run, task)
    ]
