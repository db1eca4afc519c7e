"""What must still hold of a proposal at the moment it is let in.

Its file may have been edited since it was proved, and the library may have grown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.learning.gate import Case, Thresholds, judge
from makeitso.learning.risks import risks_of
from makeitso.learning.scoring import Score
from makeitso.learning.synthesis import compiled
from makeitso.parsing.linear import PatternError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.learning.gate import Golden
    from makeitso.parsing.library import Library
    from makeitso.protocol.proposal import GateFinding, Proposal

NOW = frozenset({"lint", "speed", "golden", "fields", "duplicate"})
"""Rules that are looked at again; the others rest on runs."""


def looked_at_again(
    proposal: Proposal,
    *,
    library: Library,
    golden: Sequence[Golden],
    clock: Callable[[], float],
    lines: Sequence[str] = (),
) -> tuple[GateFinding, ...]:
    """The findings of a pattern as they are now: what can be looked at again is.

    Args:
        proposal: with a pattern.
        library: the library it would join.
        golden: logs whose records may not change.
        clock: CPU seconds of this thread, rising.
        lines: lines it matches, whose captures are looked at beside those of its examples.
    """
    entry = proposal.pattern
    if entry is None:
        return proposal.gate
    try:
        _ = compiled(entry)
        risks = risks_of(entry, library, replaces=proposal.replaces)
    except PatternError:
        risks = ()
    case = Case(
        entry=entry,
        replaces=proposal.replaces,
        library=library,
        score=Score(hits=0, right=0, group=0, lines=0, negative_hits=0, negatives=0),
        support=proposal.support,
        lines=lines,
        golden=golden,
        risks=risks,
    )
    found = {f.rule: f for f in judge(case, thresholds=Thresholds(), clock=clock)}
    again = {rule: f for rule, f in found.items() if rule in NOW or rule == "risk"}
    kept = [again.pop(f.rule, f) for f in proposal.gate]
    return (*kept, *again.values())


def refuse_failing(proposal: Proposal, findings: Sequence[GateFinding], *, person: bool) -> None:
    """Let pass only what the gate lets pass; a person may let in what is only risky.

    Raises:
        StateError: a rule does not hold; `data` has all findings.
    """
    wrong = [f for f in findings if not f.passed and not (person and f.rule == "risk")]
    measured = {"support", "precision", "recall", "negatives"}
    if proposal.proposer == "person":
        wrong = [f for f in wrong if f.rule not in measured]
    if not wrong:
        return
    said = "; ".join(f"{f.rule}: {f.detail}" for f in wrong)
    more_runs = "`mis learn` proves it again once there are more such runs; [learning] has limits."
    by_hand = "Edit the file and look at it with `mis learn --check`, or turn it down."
    raise StateError(
        f"{proposal.id} does not pass the gate: {said}",
        hint=more_runs if all(f.rule in measured for f in wrong) else by_hand,
        data={"gate": [f.model_dump(mode="json") for f in findings]},
    )
