"""A learning pass: what nothing explains is mined, proposed, proved on unseen runs, and gated.

The proposer sees some of the runs and is proved on the others. One way to part them would miss a
tool that only ran in one of the parts, so they are parted by each digit of their number in turn:
any two runs are apart in one of those. What a passing proposal explains is not looked at again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.learning.gate import passed
from makeitso.learning.mining import mine
from makeitso.learning.proposing import Candidate, Proof, candidates, prove_all
from makeitso.learning.synthesis import CannotProposeError, compiled, entry_of
from makeitso.parsing.linear import PatternError
from makeitso.tuning.material import owned_of, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from makeitso.learning.gate import Golden, Thresholds
    from makeitso.learning.mining import Group, Sample
    from makeitso.parsing.library import Library
    from makeitso.protocol.learned import LearnDraft
    from makeitso.protocol.proposal import Proposal, Proposer
    from makeitso.tuning.material import Material

Parts = tuple[list["Sample"], list["Sample"]]
MAX_REFUSED = 50
"""Reasons that are told; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a pass proves with.

    Attributes:
        library: the library now.
        thresholds: what the figures must reach.
        golden: logs whose records may not change.
        created_at: ISO 8601 in UTC.
        clock: CPU seconds of this thread, rising.
    """

    library: Library
    thresholds: Thresholds
    golden: Sequence[Golden]
    created_at: str
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a pass came to.

    Attributes:
        runs: runs it read, oldest first.
        lines: lines of output in them.
        explained: of them, lines that a pattern explains.
        groups: groups of lines that nothing explains.
        proposals: those that pass, or that only a person may let in; the most supported first.
        failed: proposals that the gate turns down.
        refused: groups without a proposal, each with the reason.
    """

    runs: tuple[str, ...]
    lines: int
    explained: int
    groups: int
    proposals: tuple[Proposal, ...]
    failed: tuple[Proposal, ...]
    refused: tuple[str, ...]


MAX_SHOWN = 20
"""Groups a model is shown in one pass."""
SHOWN_LINES = 6


def groups_to_show(materials: Sequence[Material]) -> list[Group]:
    """What a model may see: groups of the runs a proposer sees, the most frequent first."""
    seen, _ = next(partings(materials))
    return mine(seen)[:MAX_SHOWN]


def shown_lines(group: Group) -> tuple[str, ...]:
    """Some lines of a group, from all over."""
    return tuple(spread(group.lines, SHOWN_LINES))


def suggested(draft: LearnDraft, groups: Sequence[Group], *, library: Library) -> list[Candidate]:
    """A model's patterns as candidates, named here; the first of each group counts."""
    found: dict[int, Candidate] = {}
    taken = {p.name for p in library.patterns}
    for one in draft.patterns:
        if not 1 <= one.group <= len(groups) or one.group in found:
            continue
        group = replace(groups[one.group - 1], regex=one.regex, intent=one.intent)
        try:
            entry = entry_of(group, taken=taken)
        except CannotProposeError:
            continue
        taken.add(entry.name)
        why = f"{one.rationale.strip()[:500]} {entry.rationale}"
        named = entry.model_copy(update={"rationale": why})
        found[one.group] = Candidate(entry=named, group=group)
    return list(found.values())


def prove_suggested(
    materials: Sequence[Material], found: list[Candidate], terms: Terms, base: Outcome
) -> Outcome:
    """A pass's outcome with a model's candidates, proved as any other, in place of our own."""
    seen, unseen = next(partings(materials))
    proof = Proof(seen=seen, unseen=unseen, owned=owned_of(materials), golden=terms.golden)
    proved = _proved(found, proof, terms, proposer="manager")
    good = tuple(p for p in proved if passed(p.gate, by_person=True))
    return replace(base, proposals=good, failed=tuple(p for p in proved if p not in good))


def learn(materials: Sequence[Material], terms: Terms) -> Outcome:
    """Make a pass over runs, oldest first."""
    owned = owned_of(materials)
    samples = [s for m in materials for s in m.unexplained]
    good: dict[str, Proposal] = {}
    bad: dict[str, Proposal] = {}
    refused: dict[str, str] = {}
    done: set[str] = set()
    for seen, unseen in partings(materials):
        left = [[s for s in part if s.text not in done] for part in (seen, unseen)]
        if not left[0]:
            continue
        found, turned_down = candidates(left[0], library=terms.library, owned=owned)
        refused |= {r.group.lines[0]: r.reason for r in turned_down}
        proof = Proof(
            seen=left[0],
            unseen=left[1],
            owned=owned,
            negatives=spread(done),
            golden=terms.golden,
        )
        for candidate, proposal in zip(found, _proved(found, proof, terms), strict=True):
            if passed(proposal.gate, by_person=True):
                if proposal.id not in good:
                    good[proposal.id] = proposal
                    done |= _explained(candidate, left)
            elif _holding(proposal) > _holding(bad.get(proposal.id)):
                bad[proposal.id] = proposal
    refused = {line: reason for line, reason in refused.items() if line not in done}
    failed = [p for p in bad.values() if p.id not in good and not _covered(p, done)]
    return Outcome(
        runs=tuple(m.run for m in materials),
        lines=sum(m.lines for m in materials),
        explained=sum(m.explained for m in materials),
        groups=len(mine(samples)),
        proposals=tuple(sorted(good.values(), key=lambda p: (-p.support.lines, p.id))),
        failed=tuple(sorted(failed, key=lambda p: (-p.support.lines, p.id))),
        refused=tuple(f"{reason}: {line[:200]!r}" for line, reason in refused.items()),
    )


def partings(materials: Sequence[Material]) -> Iterator[Parts]:
    """Lines to make patterns of, and lines to prove them on, in each way to part the runs.

    One run alone is parted by its lines: that proves a pattern, but not that a second run has it.
    """
    if len(materials) == 1:
        lines = sorted(materials[0].unexplained, key=lambda s: s.text)
        yield lines[::2], lines[1::2]
        return
    newest_first = [m.unexplained for m in reversed(materials)]
    for digit in range((len(materials) - 1).bit_length()):
        for seen in (1, 0):
            parts: Parts = ([], [])
            for number, samples in enumerate(newest_first):
                parts[(number >> digit & 1) != seen].extend(samples)
            yield parts


def _proved(
    found: list[Candidate], proof: Proof, terms: Terms, *, proposer: Proposer = "offline"
) -> list[Proposal]:
    return prove_all(
        found,
        proof,
        library=terms.library,
        thresholds=terms.thresholds,
        created_at=terms.created_at,
        clock=terms.clock,
        proposer=proposer,
    )


def _explained(candidate: Candidate, parts: list[list[Sample]]) -> set[str]:
    """The lines a candidate matches."""
    try:
        regex = compiled(candidate.entry)
    except PatternError:
        return set()
    return {s.text for part in parts for s in part if regex.matches(s.text.encode())}


def _covered(proposal: Proposal, done: set[str]) -> bool:
    """Whether other proposals explain all lines that a proposal shows."""
    return proposal.pattern is not None and all(e in done for e in proposal.pattern.examples)


def _holding(proposal: Proposal | None) -> int:
    return -1 if proposal is None else sum(finding.passed for finding in proposal.gate)
