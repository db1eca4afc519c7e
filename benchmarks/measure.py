"""Taking measures: a cost of ours beside a cost of the bare thing, medians over several runs.

CPU time is what is compared wherever one can: it says the same on a busy machine. Ours and the bare
one are measured in turn, so that a machine that slows down slows both.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PROCESS_TIMEOUT_S = 300


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table. Less is better everywhere.

    Attributes:
        what: our side.
        against: the bare side.
        unit: of both costs.
        ours: median cost.
        bare: median cost.
        runs: how many times each was measured.
        note: the same in a figure people know, such as MB/s; empty: none.
    """

    what: str
    against: str
    unit: str
    ours: float
    bare: float
    runs: int
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the bare cost ours is."""
        return self.ours / self.bare if self.bare else float("inf")


@dataclass(frozen=True)
class Cost:
    """What a program cost, its descendants included as far as they were waited for."""

    cpu_s: float
    wall_s: float


Measuring = Callable[[], float]


def alternating(ours: Measuring, bare: Measuring, *, runs: int) -> tuple[float, float]:
    """Medians of both, after one run of each that does not count."""
    ours()
    bare()
    pairs = [(ours(), bare()) for _ in range(runs)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def call_cpu_s(call: Callable[[], object]) -> float:
    """CPU seconds of this process while a function runs."""
    before = time.process_time()
    call()
    return time.process_time() - before


def program_cost(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], feed: str = ""
) -> Cost:
    """Run a program to its end.

    Raises:
        RuntimeError: it failed; a measure of a failure would say nothing.
    """
    before = _children_cpu_s()
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=cwd,
        env=dict(env),
        input=feed,
        capture_output=True,
        text=True,
        timeout=PROCESS_TIMEOUT_S,
        check=False,
    )
    wall_s = time.monotonic() - started
    if done.returncode != 0:
        raise RuntimeError(f"{command[:4]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return Cost(_children_cpu_s() - before, wall_s)


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
