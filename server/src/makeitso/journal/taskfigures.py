"""Costs of tasks and phases → the models of `makeitso.protocol.audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from makeitso.journal.sums import ratio
from makeitso.protocol import audit

if TYPE_CHECKING:
    from makeitso.journal.costtally import CostTally
    from makeitso.journal.runtally import RunTally
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.words import PhaseName


class _Costs(TypedDict):
    """The fields that a task and a phase share."""

    tokens: int
    active_ms: int
    rounds: int
    approvals: int
    person_ms: int
    nearest: Ceiling | None
    share: float | None


def task_figures(tally: RunTally, until: int) -> tuple[audit.TaskFigures, ...]:
    """What each task of a run cost; open questions count up to `until`, Unix ms."""
    return tuple(
        audit.TaskFigures(
            task=task.spec.id,
            title=task.spec.title,
            state=task.state,
            phases=tuple(
                audit.PhaseFigures(phase=phase, **_costs(tally.costs, until, task.spec.id, phase))
                for phase in tally.costs.phases(task.spec.id)
            ),
            **_costs(tally.costs, until, task.spec.id),
        )
        for task in tally.tasks
    )


def share_of(ceiling: Ceiling | None) -> float | None:
    """How near a ceiling is: used / limit, to six digits; None: there is none."""
    return ratio(ceiling.used, ceiling.limit) if ceiling is not None else None


def _costs(costs: CostTally, until: int, task: str, phase: PhaseName | None = None) -> _Costs:
    spent, near = costs.spent(task, phase), costs.nearest(task, phase)
    return _Costs(
        tokens=spent.tokens,
        active_ms=spent.active_ms,
        rounds=spent.rounds,
        approvals=spent.approvals,
        person_ms=spent.waiting.total_ms(until),
        nearest=near,
        share=share_of(near),
    )
