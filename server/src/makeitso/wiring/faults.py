"""Fault points: named durable steps at which a test can end the process."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FAULT_VARIABLE = "MAKEITSO_CRASH_AT"
"""`name` or `name:n`: end this process with SIGKILL at the n-th passing of a durable step."""


def fault_from_environment() -> Callable[[str], None]:
    """The fault hook the environment asks for; without one, a hook that does nothing."""
    wanted = os.environ.get(FAULT_VARIABLE, "")
    if not wanted:
        return lambda name: None
    name, _, count = wanted.partition(":")
    left = int(count) if count.isdecimal() else 1

    def fault(passing: str) -> None:
        nonlocal left
        if passing == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return fault
