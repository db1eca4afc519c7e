"""Checks of ceilings on tokens and time: none above the one it lies under, none without effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.amounts import format_span
from makeitso.plans.lines import Extent
from makeitso.plans.problems import fix, problem, replace_fix
from makeitso.plans.quantity import format_count
from makeitso.plans.values import limits_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from makeitso.plans.facts import PlanFacts
    from makeitso.plans.read import ReadPlan
    from makeitso.plans.taskvalues import TaskPlaces
    from makeitso.protocol.plan import Phase, Plan, Task
    from makeitso.protocol.text import Fix, Problem
    from makeitso.protocol.words import Measure, PhaseName


@dataclass(frozen=True, kw_only=True)
class _Measure:
    """How one measure is found in a plan and written."""

    setting: str
    name: Measure
    of: Callable[[Plan | Task | Phase], int | None]
    shown: Callable[[int], str]


_MEASURES = (
    _Measure(
        setting="budget_tokens",
        name="tokens",
        of=lambda part: part.budget_tokens,
        shown=lambda tokens: f"{format_count(tokens)} tokens",
    ),
    _Measure(
        setting="budget_minutes",
        name="time",
        of=lambda part: part.budget_s,
        shown=format_span,
    ),
)
_BOUND: dict[PhaseName, dict[Measure, str]] = {
    "bootstrap": {"tokens": "set-up and checks cost no tokens; only time bounds them"},
    "verify": {"tokens": "checks cost no tokens; only time bounds them"},
    "summarize": {
        "tokens": "its words are the worker's last message, and cost no tokens",
        "time": "it takes a moment, and is not ended",
    },
}
"""Why a phase can never come to a ceiling, by measure."""


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
        shown = f"The budget of the phase {phase.name}"
        nothing = _BOUND.get(phase.name, {}).get(measure.name)
        if budget and nothing is not None:
            message = f"{shown}, {measure.shown(budget)}, bounds nothing: {nothing}."
            span = places.keys[phase.name]
            fixes = [_without(phase, places, span)]
            yield problem("budget-without-effect", message, span, fixes=fixes)
        elif budget is not None:
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


def _without(phase: Phase, places: TaskPlaces, span: Extent) -> Fix:
    """The phase without the ceilings that bound nothing; without its line when nothing is left."""
    nothing = _BOUND[phase.name]
    seconds = None if "time" in nothing else phase.budget_s
    left = limits_text(phase.approval, None, seconds)
    if left:
        return replace_fix(span, left)
    item = places.item
    key = next(key for key in item.keys if key.key == phase.name)
    before, last = (item.lines[number - item.first].text for number in (key.first - 1, key.end - 1))
    line = Extent(key.first - 1, len(before), key.end - 1, len(last))
    return fix("Remove the budget", line, "")
