"""Ceilings of one run, as figures need them: what they are, as people raised them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.plan import Plan, RunOptions
    from makeitso.protocol.words import CeilingScope, Measure


class Budgets:
    """Ceilings of a run and its plan on tokens and time, tokens and milliseconds."""

    def __init__(self, options: RunOptions) -> None:
        self._own: dict[tuple[CeilingScope, Measure], int] = {
            ("run", "tokens"): options.budget_tokens,
            ("run", "time"): 1000 * options.budget_s,
        }
        self._raised = Counter[tuple["CeilingScope", "Measure"]]()
        self._asked: dict[str, Ceiling] = {}

    def plan(self, plan: Plan) -> None:
        """Take what the plan says, or says now."""
        self._own["plan", "tokens"] = plan.budget_tokens or 0
        self._own["plan", "time"] = 1000 * (plan.budget_s or 0)

    def asked(self, question: str, ceiling: Ceiling | None) -> None:
        """Remember what a question is about."""
        if ceiling is not None:
            self._asked[question] = ceiling

    def at(self, question: str) -> Ceiling | None:
        """What a question was about; None: no ceiling."""
        return self._asked.pop(question, None)

    def raised(self, ceiling: Ceiling, more: int) -> None:
        """A person added to one of them."""
        self._raised[ceiling.scope, ceiling.measure] += more

    def lowest(self, measure: Measure) -> int:
        """The lower one of run and plan; 0: there is none."""
        found = [
            own + self._raised[key] for key, own in self._own.items() if own and key[1] == measure
        ]
        return min(found, default=0)

    def into(self, counts: Counter[str], *, tokens: int) -> None:
        """Add the figures of the run to its counts."""
        if ceiling := self.lowest("tokens"):
            counts["budget.used"] = tokens
            counts["budget.ceiling"] = ceiling
            counts["budget.overrun"] = max(0, tokens - ceiling)
            counts["budget.runs_over"] = int(tokens > ceiling)
        if ceiling := self.lowest("time"):
            counts["budget.timed"] = counts["time.worked"]
            counts["budget.ceiling_ms"] = ceiling
