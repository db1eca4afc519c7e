"""Proposals on canary: taken back when they do harm, let in when enough runs say that they do not.

A run of the trial is one in which the pattern acted. It went bad when it failed. Two things need no
statistics: golden logs read differently, or what the pattern takes out of a line fits no record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import ConfigError
from makeitso.learning.synthesis import compiled
from makeitso.learning.trials import control_rate, support, verdict, worst_evidence
from makeitso.parsing.linear import PatternError
from makeitso.store.learning_history import locked, rows, states
from makeitso.store.proposals import kept, state_of
from makeitso.store.replays import lines_of
from makeitso.tuning.applying import apply, record
from makeitso.tuning.rechecking import looked_at_again

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.learning.gate import Golden
    from makeitso.parsing.library import Library
    from makeitso.protocol.proposal import PatternEntry, Proposal
    from makeitso.store.replays import Replay
    from makeitso.tuning.applying import Place

MOST_LINES = 1_000
AT_ONCE = frozenset({"lint", "speed", "golden", "fields"})
"""Rules of the gate that end a trial whatever its runs were like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of a trial."""

    id: str
    promoted: bool
    because: str


def settle(
    place: Place,
    runs: Sequence[Replay],
    *,
    library: Library,
    golden: Sequence[Golden],
    clock: Callable[[], float],
) -> list[Settled]:
    """Decide about every proposal on canary that can be decided about now.

    Args:
        place: the workspace.
        runs: kept runs, oldest first.
        library: the library, without what is on trial.
        golden: logs whose records may not change.
        clock: CPU seconds of this thread, rising.

    Raises:
        TrustError: one is proven, and the person has not agreed to the library as it is.
        StoreError: a file cannot be written.
    """
    if not place.folder.is_dir():
        return []
    known = states(rows(place.folder))
    found: list[Settled] = []
    for stored in kept(place.folder)[0]:
        one = stored.proposal
        if one.pattern is None or state_of(one.id, known) != "canary":
            continue
        trial = [run for run in runs if one.id in run.canary]
        harm = _harm(one, one.pattern, trial, library=library, golden=golden, clock=clock)
        control = [run for run in runs if one.id not in run.canary]
        said = _verdict(trial, control)
        if harm or said[0] == "roll-back":
            found.append(Settled(id=one.id, promoted=False, because=harm or said[1]))
            with locked(place.folder):
                record(place, one.id, "rolled-back", by="canary", because=found[-1].because)
        elif said[0] == "promote":
            try:
                apply(place, one, by="canary", because=said[1])
            except ConfigError:
                continue  # the library has to be put right first; the trial goes on
            found.append(Settled(id=one.id, promoted=True, because=said[1]))
    return found


def _verdict(trial: Sequence[Replay], control: Sequence[Replay]) -> tuple[str, str]:
    outcomes = [run.state == "failed" for run in trial]
    rate = control_rate(sum(run.state == "failed" for run in control), len(control))
    against, proof = worst_evidence(outcomes, control=rate), support(outcomes, control=rate)
    ran = f"{sum(outcomes)} of {len(outcomes)} canary runs failed, others at {rate:.3f}"
    return verdict(
        outcomes, control=rate
    ), f"{ran}: evidence against {against:.3g}, for {proof:.3g}"


def _harm(
    one: Proposal,
    entry: PatternEntry,
    trial: Sequence[Replay],
    *,
    library: Library,
    golden: Sequence[Golden],
    clock: Callable[[], float],
) -> str:
    """What ends the trial at once; empty: nothing does."""
    lines = _hits(entry, trial, library)
    findings = looked_at_again(one, library=library, golden=golden, clock=clock, lines=lines)
    wrong = [f for f in findings if f.rule in AT_ONCE and not f.passed]
    return "; ".join(f"{f.rule}: {f.detail}" for f in wrong)


def _hits(entry: PatternEntry, trial: Sequence[Replay], library: Library) -> list[str]:
    """Lines of the trial's runs that the pattern matches."""
    try:
        regex = compiled(entry)
    except PatternError:
        return []
    found: dict[str, None] = {}
    for run in trial:
        for line in lines_of(run, library=library):
            if line.pattern is None and regex.matches(line.text.encode()):
                found[line.text] = None
            if len(found) >= MOST_LINES:
                return list(found)
    return list(found)
