"""A ceiling on tokens or time: of a run, its plan, a task, a phase."""

from __future__ import annotations

import math

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.words import CeilingScope, Measure, PhaseName

NEAR = 0.8
"""Part of a ceiling from which it is near."""


class Ceiling(Wire):
    """One ceiling and what is used of it: tokens (input plus output), or milliseconds of work."""

    scope: CeilingScope = Field(description="Whose: run, plan, task or phase.")
    measure: Measure = Field(description="tokens, or time in milliseconds.")
    task: str | None = Field(default=None, description="For task and phase.")
    phase: PhaseName | None = Field(default=None, description="For phase.")
    limit: int = Field(gt=0, description="The ceiling, with what a person added to it.")
    used: int = Field(ge=0, description="Used so far; may be more: one call can overshoot.")
    grant: int = Field(gt=0, description="What a plain grant adds: as much again.")

    @property
    def left(self) -> int:
        """What is left; 0 when it is reached."""
        return max(0, self.limit - self.used)

    @property
    def reached(self) -> bool:
        """Whether nothing is left."""
        return self.used >= self.limit

    @property
    def until_near(self) -> int:
        """What is left before it is near; 0 or less when it is."""
        return math.ceil(NEAR * self.limit) - self.used

    @property
    def near(self) -> bool:
        """Whether most of it is used up, or all."""
        return self.until_near <= 0

    @property
    def share(self) -> float:
        """The used part of it; may be above 1."""
        return self.used / self.limit

    @property
    def key(self) -> CeilingKey:
        """Which ceiling it is, whatever its height."""
        return self.scope, self.measure, self.task, self.phase


CeilingKey = tuple[CeilingScope, Measure, str | None, PhaseName | None]
