"""What work costs in time, and ceilings that come near."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.budget import Ceiling


class TimeCounted(Wire):
    """Time worked since the last count, never cumulative, by a clock that does not jump.

    Only while a phase runs: not while a person is asked, in a wait, or while no process drives the
    run. Counted at least twice a minute, so that a crash loses no more than that.
    """

    type: Literal["time.counted"] = "time.counted"
    active_ms: int = Field(ge=0, description="Of the phase of this row; of the plan being made.")
    run_ms: int = Field(ge=0, description="Of the run; tasks at once count once.")


class BudgetNeared(Wire):
    """Most of a ceiling is used up; said once for each ceiling and each time it is raised."""

    type: Literal["budget.neared"] = "budget.neared"
    ceiling: Ceiling = Field(description="Which, and how much of it is used.")
