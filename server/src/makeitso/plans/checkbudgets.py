"""Checks of ceilings on tokens and time: none may lie above the one it lies under."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.amounts import format_span
from makeitso.plans.problems import problem
from makeitso.plans.quantity import format_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from makeitso.plans.facts import PlanFacts
    from makeitso.plans.lines import Extent
    from makeitso.plans.read import ReadPlan
    from makeitso.plans.taskvalues import TaskPlaces
    from makeitso.protocol.plan import Phase, Plan, Task
    from makeitso.protocol.text import Problem


@dataclass(frozen=True, kw_only=True)
class _Measure:
    """How one measure is found in a plan and written."""

    setting: str
    of: Callable[[Plan | Task | Phase], int | None]
    shown: Callable[[int], str]


_MEASURES = (
    _Measure(
        setting="budget_tokens",
        of=lambda part: part.budget_tokens,
        shown=lambda tokens: f"{format_count(tokens)} tokens",
    ),
    _Measure(setting="budget_minutes", of=lambda part: part.budget_s, shown=format_span),
)


def check_budgets(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Ceilings above the ceiling they lie under; 0 is no ceiling."""
    for measure, config in zip(_MEASURES, (facts.budget_tokens, facts.budget_s), strict=True):
        budget, span = measure.of(read.plan), read.settings.spans.get(measure.setting)
        if budget is not None and span is not None:
            yield from _over(measure, budget, config, span, "The plan's budget", "the config's")
        ceiling = budget if budget is not None else config
        for task, places in zip(read.plan.tasks, read.places, strict=True):
            yield from _of_task(measure, task, places, ceiling)
    yield from _sum(read)


def _sum(read: ReadPlan) -> Iterator[Problem]:
    """Only of tokens: the time of tasks side by side does not add up."""
    budget, span = read.plan.budget_tokens, read.settings.spans.get("budget_tokens")
    total = sum(task.budget_tokens or 0 for task in read.plan.tasks)
    if budget and total > budget and span is not None:
        message = (
            f"The budgets of the tasks add up to {format_count(total)} tokens, "
            f"more than the plan's {format_count(budget)}: not all can be used up."
        )
        yield problem("budget-sum-over", message, span)


def _of_task(measure: _Measure, task: Task, places: TaskPlaces, ceiling: int) -> Iterator[Problem]:
    own = measure.of(task)
    if own is not None:
        shown = f"The budget of `{task.id}`"
        yield from _over(measure, own, ceiling, places.keys["budget"], shown, "the plan's")
    inner, whose = (own, "the task's") if own else (ceiling, "the plan's")
    for phase in task.phases:
        budget = measure.of(phase)
        if budget is not None:
            shown = f"The budget of the phase {phase.name}"
            yield from _over(measure, budget, inner, places.keys[phase.name], shown, whose)


def _over(
    measure: _Measure, asked: int, ceiling: int, span: Extent, shown: str, whose: str
) -> Iterator[Problem]:
    if ceiling and asked > ceiling:
        message = f"{shown}, {measure.shown(asked)}, is over {whose} {measure.shown(ceiling)}."
        yield problem("budget-over", message, span)
    elif ceiling and asked == 0:
        message = f"{shown} sets no ceiling; {whose} {measure.shown(ceiling)} hold."
        yield problem("budget-over", message, span)
