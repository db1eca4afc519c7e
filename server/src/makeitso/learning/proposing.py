"""From lines to proposals: mine, write, prove on what was not seen, put before the gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.gate import Case, Golden, Thresholds, judge
from makeitso.learning.mining import Group, Sample, mine
from makeitso.learning.misses import known_templates, widen
from makeitso.learning.risks import risks_of
from makeitso.learning.scoring import Score, coverage, label, score, with_places, with_score
from makeitso.learning.synthesis import CannotProposeError, compiled, entry_of, pattern_of
from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.parsing.linear import PatternError
from makeitso.protocol.proposal import PatternEntry, Proposal, Proposer, Support

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.parsing.library import Library

MAX_PROPOSALS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A pattern that was made and is to be proved.

    Attributes:
        entry: the pattern.
        group: the lines it was made of.
        replaces: expression of the pattern of that name it takes the place of; empty: it is new.
    """

    entry: PatternEntry
    group: Group
    replaces: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A group of lines for which there is no pattern."""

    group: Group
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What candidates are proved with.

    Attributes:
        seen: lines candidates were made from.
        unseen: lines that nothing explains, of runs the proposer never saw.
        owned: lines that patterns of the library explain, of any run.
        negatives: further lines that no candidate may match.
        golden: logs whose records may not change.
    """

    seen: Sequence[Sample]
    unseen: Sequence[Sample]
    owned: Sequence[str] = ()
    negatives: Sequence[str] = ()
    golden: Sequence[Golden] = ()


def candidates(
    samples: Sequence[Sample], *, library: Library, owned: Sequence[str] = ()
) -> tuple[list[Candidate], list[Refusal]]:
    """A pattern for every group of lines, the most frequent first.

    Args:
        samples: lines that nothing explains; lines that say nothing are left out by the caller.
        library: the library now; a line near one of its patterns widens that pattern.
        owned: lines that patterns explain; the nearest become counter-examples.
    """
    found: list[Candidate] = []
    refused: list[Refusal] = []
    taken = {p.name for p in library.patterns}
    known = known_templates(library)
    groups = mine(samples)
    firsts = [g.lines[0] for g in groups]
    for group in groups[:MAX_PROPOSALS]:
        try:
            widened = widen(group, library, known)
            if widened is not None:
                entry, replaces = widened
            else:
                others = [*owned, *(f for f in firsts if f != group.lines[0])]
                entry, replaces = entry_of(group, taken=taken, others=others), ""
        except CannotProposeError as error:
            refused.append(Refusal(group=group, reason=str(error)))
            continue
        if replaces and any(c.entry.name == entry.name for c in found):
            refused.append(Refusal(group=group, reason=f"{entry.name} is changed already"))
            continue
        taken.add(entry.name)
        found.append(Candidate(entry=entry, group=group, replaces=replaces))
    return _without_subsumed(found, refused), refused


def _without_subsumed(found: list[Candidate], refused: list[Refusal]) -> list[Candidate]:
    """Leave out what another candidate explains entirely; the more general one stays."""
    order = sorted(found, key=lambda c: (-len(c.group.slots), -c.group.count, c.entry.name))
    engines = [(c, compiled(c.entry)) for c in order]
    dropped: set[str] = set()
    for one, _ in reversed(engines):
        for other, regex in engines:
            if other is one or other.entry.name in dropped or one.entry.name in dropped:
                continue
            same = one.entry.intent == other.entry.intent
            if same and all(regex.matches(line.encode()) for line in one.group.lines):
                dropped.add(one.entry.name)
                refused.append(Refusal(group=one.group, reason=f"{other.entry.name} explains it"))
    return [c for c in found if c.entry.name not in dropped]


def prove(
    candidate: Candidate,
    proof: Proof,
    *,
    library: Library,
    thresholds: Thresholds,
    created_at: str,
    clock: Callable[[], float],
    among: Sequence[Candidate] = (),
    proposer: Proposer = "offline",
) -> Proposal:
    """The proposal, with all figures and what the gate found.

    Args:
        candidate: the pattern.
        proof: lines to prove it with.
        library: the library it would join.
        thresholds: what the figures must reach.
        created_at: ISO 8601 in UTC.
        clock: CPU seconds of this process, rising.
        among: all candidates of the pass; their lines keep a neighbour's lines apart.
        proposer: who made it.
    """
    unseen = [s.text for s in proof.unseen]
    groups = {c.entry.name: c.group.lines for c in among}
    groups[candidate.entry.name] = candidate.group.lines
    labels = label(groups, unseen, more=[s.text for s in proof.seen])
    return prove_labelled(
        candidate,
        proof,
        labels,
        library=library,
        thresholds=thresholds,
        created_at=created_at,
        clock=clock,
        proposer=proposer,
    )


def prove_all(
    found: Sequence[Candidate],
    proof: Proof,
    *,
    library: Library,
    thresholds: Thresholds,
    created_at: str,
    clock: Callable[[], float],
    proposer: Proposer = "offline",
) -> list[Proposal]:
    """Proposals of one pass; the lines are grouped for all of them at once. See `prove`."""
    unseen = [s.text for s in proof.unseen]
    groups = {c.entry.name: c.group.lines for c in found}
    labels = label(groups, unseen, more=[s.text for s in proof.seen])
    return [
        prove_labelled(
            one,
            proof,
            labels,
            library=library,
            thresholds=thresholds,
            created_at=created_at,
            clock=clock,
            proposer=proposer,
        )
        for one in found
    ]


def prove_labelled(
    candidate: Candidate,
    proof: Proof,
    labels: dict[str, str],
    *,
    library: Library,
    thresholds: Thresholds,
    created_at: str,
    clock: Callable[[], float],
    proposer: Proposer = "offline",
) -> Proposal:
    """As `prove`, with the group of every unseen line known: see `scoring.label`."""
    entry, group = candidate.entry, candidate.group
    try:
        regex = compiled(entry)
    except PatternError:
        regex = None
    texts = [s.text for s in proof.unseen]
    if regex is not None and entry.intent == "diagnostic":
        labels = with_places(labels, entry.name, regex, texts)
    against = [*proof.negatives, *_not_own(proof.owned, library, entry, candidate.replaces)]
    found = (
        Score(hits=0, right=0, group=0, lines=len(texts), negative_hits=0, negatives=0)
        if regex is None
        else score(regex.matches, entry.name, unseen=texts, labels=labels, negatives=against)
    )
    own = [s for s in proof.unseen if labels.get(s.text.strip()) == entry.name]
    support = Support(
        lines=group.count,
        runs=group.runs,
        unseen_lines=sum(s.count for s in own),
        unseen_runs=tuple(sorted({s.run for s in own if s.run} - {*group.runs})),
    )
    risks = risks_of(entry, library, replaces=candidate.replaces) if regex is not None else ()
    all_lines = [*texts, *proof.owned]
    before = coverage(library, all_lines)
    after = coverage(library, all_lines, trial=pattern_of(entry)) if regex is not None else before
    case = Case(
        entry=entry,
        replaces=candidate.replaces,
        library=library,
        score=found,
        support=support,
        lines=[*group.lines, *(s.text for s in own)],
        golden=proof.golden,
        risks=risks,
    )
    return Proposal(
        id=proposal_id(entry),
        kind="pattern",
        title=_title(candidate),
        rationale=entry.rationale,
        proposer=proposer,
        created_at=created_at,
        library=library.digest(),
        pattern=entry,
        replaces=candidate.replaces,
        before=before,
        after=with_score(after, found),
        support=support,
        risks=risks,
        gate=judge(case, thresholds=thresholds, clock=clock),
    )


def proposal_id(entry: PatternEntry) -> str:
    """The id of the proposal of a pattern; the same pattern has the same one."""
    text = "".join(c if c.isascii() and c.isalnum() else "-" for c in entry.name.lower())
    return ("p-" + text.strip("-"))[:60].rstrip("-")


def _title(candidate: Candidate) -> str:
    line = candidate.group.lines[0] if candidate.group.lines else candidate.entry.name
    verb = f"Widen {candidate.entry.name} for" if candidate.replaces else "Explain"
    return f"{verb} lines such as {line[:100]!r}"


def _not_own(
    owned: Sequence[str], library: Library, entry: PatternEntry, replaces: str
) -> list[str]:
    """Lines of other patterns; those of the pattern that it replaces are its own."""
    if not replaces:
        return list(owned)
    engine = Explainer(library, live=LIVE)
    hits = ((line, engine.line(line.encode())) for line in owned)
    return [line for line, hit in hits if hit is None or hit.pattern.name != entry.name]
