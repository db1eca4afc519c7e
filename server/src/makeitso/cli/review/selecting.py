"""Which changes a call of `mis review` is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.journal.overlapping import open_overlaps
from makeitso.runs.reviewing import present_change

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge

    Reviewed = tuple[RunState, TaskState]

RunOption = Annotated[str, typer.Option("--run", help="Only this run.")]
TaskOption = Annotated[str, typer.Option("--task", help="Only this task.")]

OPEN = ("pending", "conflict")
"""States of hunks that wait for a person."""


def select(bridge: Bridge, *, run: str, task: str) -> list[Reviewed]:
    """Tasks with a proposed change: those with open hunks, or all of the run that is named."""
    if not bridge.has_journal:
        return []
    runs = [bridge.book.run(run)] if run else list(bridge.book.runs.values())
    found = [
        (r, t)
        for r in runs
        for t in r.tasks.values()
        if t.change is not None and (not task or t.id == task) and (run or not _put_away(r))
    ]
    if run or task:
        return found
    last = runs[-1].id if runs else ""
    return [
        (r, t)
        for r, t in found
        if r.id == last or {"pending", "accepted", "conflict"} & set(t.hunks.values())
    ]


def _put_away(run: RunState) -> bool:
    """A review of something from elsewhere that ended before all of it was decided."""
    return run.opened is not None and run.finished is not None and run.finished.state == "stopped"


def hunks_of(bridge: Bridge, found: list[Reviewed]) -> list[Hunk]:
    """All hunks of the selected changes, as they stand."""
    return [
        hunk
        for run, task in found
        for file in present_change(
            bridge.repo, run.id, task, overlaps=open_overlaps(bridge.book.runs, run.id, task.id)
        ).files
        for hunk in file.hunks
    ]
