"""The one place that reads the clock, so that tests can hand in another."""

from __future__ import annotations

import time
from typing import Protocol

_SLEEPS_TOO: int | None = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux's clock of this kind; elsewhere a machine that slept takes up its waits where they were."""


class Clock(Protocol):
    """Wall time for records, monotonic time for durations."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    def passed(self) -> float:
        """Seconds that never jump and go on while the machine sleeps."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Unix milliseconds, UTC."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def passed(self) -> float:
        """Seconds that never jump and go on while the machine sleeps, where the system has them."""
        return time.clock_gettime(_SLEEPS_TOO) if _SLEEPS_TOO is not None else time.monotonic()
