"""What the journal and the config know about a plan document, for the checks of plans."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from makeitso.journal.landings import whole
from makeitso.plans.canonical import canonical_task
from makeitso.plans.digest import plan_canonical
from makeitso.plans.facts import BaseResult
from makeitso.runs.planning import limits_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.journal.state import RunState
    from makeitso.plans.facts import PlanFacts
    from makeitso.protocol.config import Config


def runs_of(runs: Iterable[RunState], path: str) -> list[RunState]:
    """The runs of a plan document, oldest first."""
    return [run for run in runs if run.plan_path == path]


def plan_facts(config: Config, runs: Iterable[RunState], path: str) -> PlanFacts:
    """Limits of the config, and facts of the runs of the document at `path`.

    An approval counts while its run is not over; afterwards editing the plan is just editing.
    """
    mine = runs_of(runs, path)
    latest = mine[-1] if mine else None
    approved = (
        latest.plan
        if latest is not None and latest.plan_accepted and latest.finished is None
        else None
    )
    return replace(
        limits_of(config),
        approved_tasks={task.id: canonical_task(task) for task in approved.tasks}
        if approved
        else {},
        approved_plan=plan_canonical(approved) if approved else None,
        evidence=_evidence(mine),
        base=_base(latest) if latest else (),
    )


def _evidence(runs: list[RunState]) -> frozenset[str] | None:
    if not runs:
        return None
    return frozenset(
        task.id
        for run in runs
        for task in run.tasks.values()
        if whole(task)
        and all(
            (found := task.latest_check(check.command, check.cwd, "landed")) is None or found.passed
            for check in task.spec.checks
        )
    )


def _base(run: RunState) -> tuple[BaseResult, ...]:
    return tuple(
        BaseResult(task=task.id, command=check.command, cwd=check.cwd, exit_code=check.exit_code)
        for task in run.tasks.values()
        for check in task.checks
        if check.where == "base" and check.exit_code is not None
    )
