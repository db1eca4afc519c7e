"""A pattern on trial in some of the runs: which runs, and when enough was seen to decide.

The test may be looked at after every run. Its evidence is a mean of likelihood ratios; under the
control's own rate it exceeds 20 with a probability of at most 1 in 20, however often one looks.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

FACTORS = (1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
"""How many times worse than the control each ratio supposes the trial to be."""
HIGHEST_RATE = 0.95
ROLL_BACK_AT = 20.0
PROVEN_AT = 20.0
LOWEST_CONTROL_RATE = 0.01
WORSE_FACTOR = 5.0
WORSE_AT_LEAST = 0.2
"""What a promotion rules out: bad runs five times as often as without, and at least one in five."""
FEWEST_RUNS = 10
"""Fewer runs of a trial promote nothing, whatever they were like."""

Verdict = Literal["go-on", "roll-back", "promote"]


def in_trial(run: str, proposal: str, *, share: float) -> bool:
    """Whether a run tries a proposal: always the same answer for the same two.

    Args:
        run: run id.
        proposal: proposal id.
        share: part of all runs, from 0 to 1.
    """
    digest = hashlib.sha256(f"{run}{proposal}".encode()).hexdigest()
    return int(digest[:8], 16) < share * (1 << 32)


def control_rate(bad: int, runs: int) -> float:
    """Rate of bad runs without the trial, guarded against too few of them.

    Too low a rate would make false alarms, so one bad run is added to what was seen.
    """
    return min(max((bad + 1) / (runs + 2), LOWEST_CONTROL_RATE), 0.5)


def evidence(outcomes: Iterable[bool], *, control: float) -> float:
    """Evidence that the trial is worse than the control, after all of its runs.

    Args:
        outcomes: for each run of the trial, whether it went bad.
        control: rate of bad runs without it, above 0 and below 1.
    """
    seen = list(outcomes)
    bad = sum(seen)
    good = len(seen) - bad
    rates = [min(HIGHEST_RATE, control * factor) for factor in FACTORS]
    logs = [bad * math.log(q / control) + good * math.log((1 - q) / (1 - control)) for q in rates]
    top = max(logs)
    if top > 700:
        return math.inf
    return sum(math.exp(value) for value in logs) / len(logs)


def worst_evidence(outcomes: Iterable[bool], *, control: float) -> float:
    """The most evidence there was after any of the runs; once over the limit it stays decided."""
    seen: list[bool] = []
    worst = 0.0
    for outcome in outcomes:
        seen.append(outcome)
        worst = max(worst, evidence(seen, control=control))
    return worst


def support(outcomes: Iterable[bool], *, control: float) -> float:
    """Evidence that the trial is not much worse than the control."""
    seen = list(outcomes)
    bad = sum(seen)
    good = len(seen) - bad
    worse = min(HIGHEST_RATE, max(control * WORSE_FACTOR, WORSE_AT_LEAST))
    if worse <= control:
        return 0.0
    log = bad * math.log(control / worse) + good * math.log((1 - control) / (1 - worse))
    return math.exp(min(log, 700.0))


def verdict(outcomes: Iterable[bool], *, control: float) -> Verdict:
    """What to do after these runs of the trial, oldest first."""
    seen = list(outcomes)
    if worst_evidence(seen, control=control) >= ROLL_BACK_AT:
        return "roll-back"
    enough = len(seen) >= FEWEST_RUNS and support(seen, control=control) >= PROVEN_AT
    return "promote" if enough else "go-on"
