"""What events cost: tokens and time added up for run, task and phase, and ceilings raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.ceilings import raise_by
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event


def spend(run: RunState, event: Event) -> None:
    """Take a count, or that a ceiling was said to come near, into the state."""
    match event.data:
        case ev.UsageCounted() as usage:
            _add(run, event, tokens=usage.input_tokens + usage.output_tokens)
        case ev.TimeCounted() as time:
            run.active_ms += time.run_ms
            _add(run, event, active_ms=time.active_ms)
        case ev.BudgetNeared(ceiling=ceiling):
            run.neared.add((ceiling.key, ceiling.limit))
        case _:
            pass


def _add(run: RunState, event: Event, *, tokens: int = 0, active_ms: int = 0) -> None:
    run.tokens += tokens
    task = run.tasks.get(event.task) if event.task is not None else None
    if task is None:
        return
    task.tokens += tokens
    task.active_ms += active_ms
    if event.phase is not None:
        phase = task.phases[event.phase]
        phase.tokens += tokens
        phase.active_ms += active_ms


def grant(run: RunState, approval: Approval, extend: int) -> None:
    """Raise the ceiling that an approval was asked for."""
    if approval.ceiling is not None:
        key, more = raise_by(run, approval.ceiling, extend)
        run.raised[key] = run.raised.get(key, 0) + more
