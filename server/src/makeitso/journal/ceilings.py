"""Ceilings: which ones hold for a task and phase, what is used of each, which is nearest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol.budget import Ceiling
from makeitso.protocol.plan import Budget

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.budget import CeilingKey
    from makeitso.protocol.words import CeilingScope, PhaseName


@dataclass(frozen=True, kw_only=True)
class Uncounted:
    """Time at work that is not in the journal yet, milliseconds."""

    run_ms: int = 0
    task_ms: int = 0
    """Of the task, in the phase that is asked about."""


NOTHING = Uncounted()


@dataclass(frozen=True, kw_only=True)
class _Account:
    """What one thing may use and has used."""

    scope: CeilingScope
    task: str | None = None
    phase: PhaseName | None = None
    own: Budget
    used: Budget


def ceilings(
    run: RunState,
    *,
    task: str | None = None,
    phase: PhaseName | None = None,
    more: Uncounted = NOTHING,
) -> tuple[Ceiling, ...]:
    """Every ceiling that holds, from the run down to the phase; what has none is not listed.

    Args:
        run: the folded state.
        task: also those of this task.
        phase: also those of this phase of it.
        more: time that is not in the journal yet.
    """
    accounts = _accounts(run, task, phase, more)
    return tuple(found for account in accounts for found in _of(run, account))


def nearest(found: Iterable[Ceiling]) -> Ceiling | None:
    """The one most used up; of equals the narrowest, which comes last; None: there is none."""
    best: Ceiling | None = None
    for ceiling in found:
        if best is None or ceiling.share >= best.share:
            best = ceiling
    return best


def all_ceilings(run: RunState) -> tuple[Ceiling, ...]:
    """Those of the run, and of every task and phase of it."""
    found = dict[str, Ceiling]()
    whole = ceilings(run)
    for task in run.tasks.values():
        for phase in task.phases:
            for ceiling in ceilings(run, task=task.id, phase=phase)[len(whole) :]:
                found[repr(ceiling.key)] = ceiling
    return (*whole, *found.values())


def to_be_said(run: RunState, found: Iterable[Ceiling]) -> list[Ceiling]:
    """Those that came near and of which nobody was told at this height."""
    return [
        ceiling
        for ceiling in found
        if ceiling.near and (ceiling.key, ceiling.limit) not in run.neared
    ]


def refusal(run: RunState, ceiling: Ceiling) -> Approval | None:
    """The newest refusal to raise a ceiling at its present height; None: nobody refused."""
    for approval in reversed(run.approvals.values()):
        at = approval.ceiling
        if approval.state == "denied" and at is not None and _same(at, ceiling):
            return approval
    return None


def raise_by(run: RunState, asked: Ceiling, extend: int) -> tuple[CeilingKey, int]:
    """What a grant adds to a ceiling in all: beyond what is used by now, not beyond the limit.

    Args:
        run: the state when it was granted.
        asked: the ceiling as it stood when it was asked.
        extend: tokens or milliseconds; 0: as much again.
    """
    now = next(
        (c for c in ceilings(run, task=asked.task, phase=asked.phase) if c.key == asked.key), asked
    )
    overshoot = max(0, now.used - now.limit)
    return asked.key, overshoot + (extend or asked.grant)


def _same(one: Ceiling, other: Ceiling) -> bool:
    return (one.key, one.limit) == (other.key, other.limit)


def _accounts(
    run: RunState, task: str | None, phase: PhaseName | None, more: Uncounted
) -> Iterator[_Account]:
    whole = Budget(tokens=run.tokens, time_ms=run.active_ms + more.run_ms)
    options = run.options
    yield _Account(scope="run", own=_budget(options.budget_tokens, options.budget_s), used=whole)
    if run.plan is not None:
        own = _budget(run.plan.budget_tokens, run.plan.budget_s)
        yield _Account(scope="plan", own=own, used=whole)
    state = run.tasks.get(task) if task is not None else None
    if state is not None:
        yield from _of_task(state, phase, more)


def _of_task(task: TaskState, phase: PhaseName | None, more: Uncounted) -> Iterator[_Account]:
    yield _Account(
        scope="task",
        task=task.id,
        own=_budget(task.spec.budget_tokens, task.spec.budget_s),
        used=Budget(tokens=task.tokens, time_ms=task.active_ms + more.task_ms),
    )
    said = next((p for p in task.spec.phases if p.name == phase), None)
    if phase is None or said is None:
        return
    spent = task.phases[phase]
    yield _Account(
        scope="phase",
        task=task.id,
        phase=phase,
        own=_budget(said.budget_tokens, said.budget_s),
        used=Budget(tokens=spent.tokens, time_ms=spent.active_ms + more.task_ms),
    )


def _budget(tokens: int | None, seconds: int | None) -> Budget:
    return Budget(tokens=tokens or 0, time_ms=1000 * (seconds or 0))


def _of(run: RunState, account: _Account) -> Iterator[Ceiling]:
    for measure in ("tokens", "time"):
        own = account.own.tokens if measure == "tokens" else account.own.time_ms
        used = account.used.tokens if measure == "tokens" else account.used.time_ms
        if own:
            key: CeilingKey = (account.scope, measure, account.task, account.phase)
            yield Ceiling(
                scope=account.scope,
                measure=measure,
                task=account.task,
                phase=account.phase,
                limit=own + run.raised.get(key, 0),
                used=used,
                grant=own,
            )
