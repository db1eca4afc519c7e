"""What of the config decides the order of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What of the config decides the order of things."""

    land: Literal["when-settled", "on-accept", "manual"] = "when-settled"
    check: Literal["manual", "before-landing"] = "manual"
    """Whether what is accepted is proved before it lands."""
    max_concurrency: int = 2
    pre_task_wait_s: float = 0.0
    """Pause before each task that has no wait of its own."""
