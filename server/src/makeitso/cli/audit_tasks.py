"""What each task and phase cost, as lines of a terminal and as a section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli import audit_charts as charts
from makeitso.cli.audit_charts import Bar, escape
from makeitso.cli.audit_sections import MOST_RUNS, section
from makeitso.cli.audit_summary import Line, duration, share
from makeitso.journal.costs import nearest_shown
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.protocol.audit import CostFigures, RunFigures, TaskFigures

_HEADS = ("tokens", "at work", "rounds", "asked", "waited")


def task_lines(runs: Sequence[RunFigures]) -> Iterator[Line]:
    """Each task with its phases below it; of several runs, each below its name."""
    for run in runs:
        if not run.tasks:
            continue
        yield Line()
        named = [row for task in run.tasks for row in _rows(task)]
        width = max(len(name) for name, _ in named) + 2
        head = run.id if len(runs) > 1 else "task"
        yield Line(f"{_line(head, _HEADS, width)}  nearest ceiling", "bold")
        for name, costs in named:
            near = costs.nearest
            shown = nearest_shown(near) if near is not None else "none"
            style = "yellow" if near is not None and near.near else None
            yield Line(f"{_line(name, _cells(costs), width)}  {shown}", style)


def task_section(runs: Sequence[RunFigures]) -> Iterator[str]:
    """Tokens of each task, and all of what it and its phases cost; of the latest tasks."""
    found = [(run.id, task) for run in runs for task in run.tasks][-MOST_RUNS:]
    about = f"tokens of {counted(len(found), 'task')}, and what of the nearest ceiling is used"
    yield from section(
        "Tasks and phases",
        escape(about),
        charts.bars("Tasks and phases", about, [_bar(run, task) for run, task in found]),
        ("run", "task", "phase", *_HEADS, "nearest ceiling", "used of it"),
        (
            (
                run,
                f"{task.task} {task.title}",
                phase,
                *_cells(costs),
                nearest_shown(costs.nearest) if costs.nearest is not None else "none",
                share(costs.share),
            )
            for run, task in found
            for phase, costs in (("all", task), *((part.phase, part) for part in task.phases))
        ),
        numbers=(3, 4, 5, 6, 7, 9),
    )


def _rows(task: TaskFigures) -> Iterator[tuple[str, CostFigures]]:
    yield f"{task.task} {task.state}", task
    for part in task.phases:
        yield f"  {part.phase}", part


def _cells(costs: CostFigures) -> tuple[str, ...]:
    return (
        f"{costs.tokens:,}",
        duration(costs.active_ms),
        f"{costs.rounds:,}",
        f"{costs.approvals:,}",
        duration(costs.person_ms),
    )


def _line(name: str, cells: Sequence[str], width: int) -> str:
    tokens, work, rounds, asked, waited = cells
    return f"{name:<{max(width, 14)}}{tokens:>11} {work:>9} {rounds:>6} {asked:>6} {waited:>9}"


def _bar(run: str, task: TaskFigures) -> Bar:
    near = "" if task.share is None else f", {share(task.share)}"
    return Bar(
        name=f"{run} {task.task}",
        parts=((task.tokens, "worker"),),
        words=f"{task.tokens:,}{near}",
    )
