"""Checks against the journal: approvals, evidence, and how checks ended on the base."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.canonical import canonical_task
from makeitso.plans.checkgraph import key_fix
from makeitso.plans.codespan import code_span
from makeitso.plans.difference import difference
from makeitso.plans.digest import plan_canonical
from makeitso.plans.lines import Extent, line_span
from makeitso.plans.problems import fix, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.plans.facts import PlanFacts
    from makeitso.plans.read import ReadPlan
    from makeitso.plans.taskvalues import TaskPlaces
    from makeitso.plans.values import CheckValue
    from makeitso.protocol.text import Fix, Problem

_SHOWN = 6
"""Differences shown in one message; the rest is counted."""


def check_approved(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Intent that changed after it was approved, with what differs."""
    if facts.approved_plan is not None:
        changes = difference(facts.approved_plan, plan_canonical(read.plan))
        if changes:
            heading = read.document.heading
            first = read.document.blocks[0].lines[0].text
            span = heading.title.span if heading is not None else line_span(0, first)
            yield problem("approval-stale", _stale("The plan", changes), span)
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        approved = facts.approved_tasks.get(task.id)
        if approved is not None and (changes := difference(approved, canonical_task(task))):
            yield problem("approval-stale", _stale(f"`{task.id}`", changes), places.id)


def _stale(what: str, changes: list[str]) -> str:
    listed = "\n".join(f"- {change}" for change in changes[:_SHOWN])
    more = f"\n- and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else ""
    return f"{what} changed after it was approved and must be approved again:\n{listed}{more}"


def check_evidence(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Boxes and journal that disagree."""
    if facts.evidence is None:
        return
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        box = places.item.box
        if task.done and task.id not in facts.evidence:
            message = f"`{task.id}` is ticked, but no run ended it with passing checks."
            mend = fix("Reopen the task", box.span, " ")
            yield problem("done-without-evidence", message, box.span, fixes=[mend])
        elif not task.done and task.id in facts.evidence and box.text == " ":
            message = f"A run ended `{task.id}` with passing checks; its box is still open."
            mend = fix("Tick the box", box.span, "x")
            yield problem("done-not-ticked", message, box.span, fixes=[mend])


def check_checks(read: ReadPlan, facts: PlanFacts) -> Iterator[Problem]:
    """Tasks nothing proves, and checks that pass before though said to fail."""
    passed = {
        (result.task, result.command, result.cwd) for result in facts.base if result.exit_code == 0
    }
    known = next((check for task in read.plan.tasks for check in task.checks), None)
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        if not task.checks and not task.done and "done when" not in places.keys:
            fixes: list[Fix] = []
            if known is not None and "\n" not in known.command and known.cwd == ".":
                title = f"Prove it by `{known.command[:40]}` too"
                written = f"done when: {code_span(known.command)}"
                fixes.append(key_fix(places, written, title=title))
            message = f"Nothing proves that `{task.id}` is done; add `done when:` with a command."
            yield problem("task-without-check", message, places.id, fixes=fixes)
        for value in places.checks:
            check = value.check
            if check.was_failing and (task.id, check.command, check.cwd) in passed:
                yield _passes_before(places, value)


def _passes_before(places: TaskPlaces, value: CheckValue) -> Problem:
    message = (
        "This check passes before the task, though the plan says it was failing: "
        "it would prove nothing."
    )
    failing = value.failing_span
    assert failing is not None
    line = places.item.lines[failing.line - places.item.first].text
    start, end = failing.column, failing.end_column
    fixes: list[Fix] = []
    if failing.line == failing.end_line:
        if line[start - 1 : start] == "(" and line[end : end + 1] == ")":
            start, end = start - 1, end + 1
        while start > 0 and line[start - 1] in " ,":
            start -= 1
        span = Extent(failing.line, start, failing.line, end)
        fixes.append(fix("Take back `was: failing`", span, ""))
    return problem("check-passes-before", message, value.command_span, fixes=fixes)
