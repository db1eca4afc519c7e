"""A plan in the words of its question: all that is approved with it, as the document says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.ceilings import ceilings
from makeitso.plans.amounts import budget_text
from makeitso.plans.quantity import format_duration
from makeitso.plans.tidy import tidy
from makeitso.plans.write import key_lines, setting_lines

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.plan import Task

_INDENT = " " * 6


def described(run: RunState, *, pause_s: float = 0.0) -> list[str]:
    """The lines: what holds for the whole of it, then each task with every key it has.

    Args:
        run: a run that has a plan.
        pause_s: what is waited for before each task that does not say itself, in seconds.
    """
    if run.plan is None:
        return []
    plan = tidy(run.plan)
    lines = list(setting_lines(plan))
    if budget := _budget(run):
        lines.append(f"all of it may cost: {budget}")
    specs = {task.id: task for task in plan.tasks}
    for task in run.tasks.values():
        lines += _task(specs.get(task.id, task.spec), pause_s=pause_s)
    return lines


def _task(task: Task, *, pause_s: float) -> list[str]:
    lines = [f"{task.id}  {task.title}"]
    for key in key_lines(task):
        lines += [f"{_INDENT}{line.removeprefix('- ')}" for line in key]
    if task.wait is None and pause_s:
        lines.append(f"{_INDENT}wait: {format_duration(pause_s)} ([wait] pre_task_wait_s)")
    if not task.checks:
        lines.append(f"{_INDENT}no check: nothing will prove that {task.id} is done")
    return lines


def _budget(run: RunState) -> str:
    """The lowest ceilings of the run and its plan."""
    found = ceilings(run)
    tokens = min((c.limit for c in found if c.measure == "tokens"), default=None)
    time = min((c.limit // 1000 for c in found if c.measure == "time"), default=None)
    return budget_text(tokens, time)
