"""Clock jumps: the wall clock set forward or back at a fault point, as an operator or NTP does it.

Only this process sees it, and only its records: durations are measured by a clock that never jumps.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.store.clock import SystemClock
from makeitso.wiring.faults import points

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CLOCK_VARIABLE = "MAKEITSO_CLOCK_JUMPS"
"""`name=seconds`, several apart by commas: what the clock is set on by, negative: set back, at the
first passing of a fault point."""


class JumpingClock(SystemClock):
    """The machine's clock until something is passed at which it jumps."""

    def __init__(self, jumps: Mapping[str, float]) -> None:
        self._jumps = dict(jumps)
        self._ahead_ms = 0

    def now_ms(self) -> int:
        """Unix milliseconds, UTC, as they were set."""
        return super().now_ms() + self._ahead_ms

    def passing(self, name: str) -> None:
        """A fault point is passed: jump there, once."""
        self._ahead_ms += round(self._jumps.pop(name, 0.0) * 1000)


def clock_from_environment(
    fault: Callable[[str], None],
) -> tuple[SystemClock, Callable[[str], None]]:
    """The clock the environment asks for, and the fault hook that moves it.

    Args:
        fault: the hook that is called as well, after the clock.

    Raises:
        UsageError: the environment names no point, or no number of seconds.
    """
    wanted = os.environ.get(CLOCK_VARIABLE, "")
    if not wanted:
        return SystemClock(), fault
    clock = JumpingClock(dict(_jump(text) for text in wanted.split(",")))

    def both(name: str) -> None:
        clock.passing(name)
        fault(name)

    return clock, both


def _jump(text: str) -> tuple[str, float]:
    name, _, seconds = text.partition("=")
    try:
        found = float(seconds)
    except ValueError:
        found = None
    if found is None or name not in points():
        raise UsageError(
            f"{CLOCK_VARIABLE}: `{text}` is no jump",
            hint="write a fault point and seconds, as in `turn.start=3600`; "
            "`mis doctor --fault-points` lists them",
        )
    return name, found
