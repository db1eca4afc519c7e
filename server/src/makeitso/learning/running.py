"""The patterns of one run: the library, with the patterns of proposals that are tried in it.

In the shadow a pattern counts and changes nothing. In a canary run it acts as if it were let in,
and whether a run is one is decided by its id and the proposal's alone, so that it stays one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from makeitso.learning.scoring import with_trial
from makeitso.learning.synthesis import compiled, pattern_of
from makeitso.learning.trials import in_trial
from makeitso.parsing.library import Library
from makeitso.parsing.linear import PatternError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.proposal import Trial

Mode = Literal["off", "shadow", "canary", "auto"]
MOST_TRIED = 50
"""Patterns tried in one run at most, the oldest proposals first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLibrary:
    """What reads the output of a run.

    Attributes:
        library: acting patterns, and behind them those in the shadow, whose `origin` is the id of
            their proposal.
        shadow: proposals that are counted, in order.
        canary: proposals that act, in order.
    """

    library: Library
    shadow: tuple[str, ...] = ()
    canary: tuple[str, ...] = ()


def run_library(
    base: Library,
    trials: Iterable[Trial],
    *,
    run: str,
    mode: Mode,
    share: float,
    trusted: bool,
) -> RunLibrary:
    """The patterns of a run.

    Args:
        base: the library without proposals.
        trials: open proposals, oldest first; one whose expression the engine refuses is not tried.
        run: run id.
        mode: `[learning] mode`; off tries nothing, shadow lets none act.
        share: part of the runs that are canary runs.
        trusted: whether a person trusts the workspace that the proposals stand in; else none acts.
    """
    if mode == "off":
        return RunLibrary(library=base)
    acting = base
    shadow: list[Pattern] = []
    canary: list[str] = []
    for trial in list(trials)[:MOST_TRIED]:
        try:
            compiled(trial.entry)
        except PatternError:
            continue
        pattern = pattern_of(trial.entry, origin=trial.id)
        acts = trial.canary and mode != "shadow" and trusted
        if acts and in_trial(run, trial.id, share=share):
            acting = with_trial(acting, pattern)
            canary.append(trial.id)
        elif not pattern.multiline:
            shadow.append(replace(pattern, state="shadow"))
    return RunLibrary(
        library=Library((*acting.patterns, *shadow)),
        shadow=tuple(pattern.origin for pattern in shadow),
        canary=tuple(canary),
    )
