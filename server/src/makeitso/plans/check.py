"""All that can be wrong with a plan: what reading found, and what the facts say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.checkbudgets import check_budgets
from makeitso.plans.checkfacts import check_approved, check_checks, check_evidence
from makeitso.plans.checkgraph import check_cycles, check_ids, check_writes
from makeitso.plans.checklimits import (
    check_approvals,
    check_concurrency,
    check_names,
    check_policies,
)
from makeitso.plans.facts import NO_FACTS, PlanFacts
from makeitso.plans.lines import line_span
from makeitso.plans.problems import in_position_order, problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.plans.read import ReadPlan
    from makeitso.protocol.text import Problem

__all__ = ["NO_FACTS", "PlanFacts", "can_run", "check_plan"]


def check_plan(read: ReadPlan, *, facts: PlanFacts = NO_FACTS) -> tuple[Problem, ...]:
    """Every problem of a plan, those of reading included, in the order of the document.

    Deterministic. Linear in the size of the document but for globs that all begin alike.
    """
    return tuple(in_position_order([*read.problems, *_found(read, facts)]))


def can_run(problems: Iterable[Problem]) -> bool:
    """Whether a plan with these problems may run: none of them is an error."""
    return all(problem.severity != "error" for problem in problems)


def _found(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    if not read.plan.tasks:
        heading = read.document.heading
        span = heading.span if heading else line_span(0, read.document.blocks[0].lines[0].text)
        message = "The plan has no task; write one as `- [ ] **T1** What to do`."
        yield problem("plan-without-tasks", message, span)
    yield from check_ids(read)
    yield from check_cycles(read)
    yield from check_writes(read)
    yield from check_policies(read, facts)
    yield from check_approvals(read, facts)
    yield from check_budgets(read, facts)
    yield from check_concurrency(read, facts)
    yield from check_names(read, facts)
    yield from check_approved(read, facts)
    yield from check_evidence(read, facts)
    yield from check_checks(read, facts)
