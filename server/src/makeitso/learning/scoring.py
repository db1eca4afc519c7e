"""How well a pattern reads lines its proposer never saw.

What belongs to a group is told without the pattern: seen and unseen lines are grouped together
anew, and an unseen line is of the group that most of its neighbours were made into, or, where it
names a place in a file, of the pattern that finds the place. So a pattern that is too narrow loses
recall, one that is too wide loses precision, and neither judges itself.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.mining import Sample, mine
from makeitso.learning.places import captured_place, place_of
from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.parsing.library import Library
from makeitso.parsing.linear import LinearRegex
from makeitso.protocol.proposal import Metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from makeitso.parsing.patterns import Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Figures of one pattern on labelled lines; None where there is nothing to divide by.

    Attributes:
        hits: lines it matches.
        right: of them, lines of its group.
        group: lines of its group.
        lines: all lines.
        negative_hits: lines of others, kept apart as negatives, that it matches.
        negatives: those lines.
    """

    hits: int
    right: int
    group: int
    lines: int
    negative_hits: int
    negatives: int

    @property
    def precision(self) -> float | None:
        """Of what it matches, the part that is its own."""
        return self.right / self.hits if self.hits else None

    @property
    def recall(self) -> float | None:
        """Of its own lines, the part it matches."""
        return self.right / self.group if self.group else None

    @property
    def coverage(self) -> float | None:
        """Of all lines, the part it matches."""
        return self.hits / self.lines if self.lines else None


def label(
    groups: Mapping[str, Sequence[str]], unseen: Iterable[str], *, more: Iterable[str] = ()
) -> dict[str, str]:
    """Which unseen line belongs to which group; lines of none are left out.

    Args:
        groups: by name, the lines each was made of.
        unseen: lines to label.
        more: further lines seen that no group has; they keep their neighbours to themselves.
    """
    own = {line.strip(): name for name, lines in groups.items() for line in lines}
    asked = {line.strip() for line in unseen}
    texts = {*own, *asked, *(line.strip() for line in more)}
    found: dict[str, str] = {}
    for together in mine(Sample(text=text) for text in texts):
        votes = Counter(own[line] for line in together.lines if line in own)
        if not votes:
            continue
        best = min(votes, key=lambda name: (-votes[name], name))
        for line in together.lines:
            if line in asked:
                found[line] = own.get(line, best)
    return found


def with_places(
    labels: Mapping[str, str], name: str, regex: LinearRegex, unseen: Iterable[str]
) -> dict[str, str]:
    """The labels, and with them the lines whose place in a file is where the pattern says it is.

    Findings of one form are a group however different their texts are; that the pattern reads one
    of them right is told by the place the line itself names.
    """
    found = dict(labels)
    for line in unseen:
        place = place_of(line)
        if place is None:
            continue
        data = line.encode()
        spans = regex.search(data)
        if spans is None:
            continue
        caught = {
            key: data[slice(*spans[number])].decode()
            for key, number in regex.names.items()
            if spans[number][0] >= 0
        }
        if captured_place(caught) == place:
            found[line.strip()] = name
    return found


def score(
    matches: Callable[[bytes], bool],
    name: str,
    *,
    unseen: Iterable[str],
    labels: Mapping[str, str],
    negatives: Iterable[str] = (),
) -> Score:
    """The figures of one pattern.

    Args:
        matches: whether it matches a line.
        name: its group in `labels`.
        unseen: lines to try it on; the same line twice counts twice.
        labels: group by line, without outer blanks.
        negatives: lines that it must not match.
    """
    hits = right = group = lines = 0
    for line in unseen:
        own = labels.get(line.strip()) == name
        hit = matches(line.encode())
        lines += 1
        group += own
        hits += hit
        right += hit and own
    against = [matches(line.encode()) for line in negatives]
    return Score(
        hits=hits,
        right=right,
        group=group,
        lines=lines,
        negative_hits=sum(against),
        negatives=len(against),
    )


def coverage(library: Library, lines: Iterable[str], *, trial: Pattern | None = None) -> Metrics:
    """How many lines a library explains, with one more pattern or without.

    Args:
        library: the library.
        lines: lines; blank ones do not count.
        trial: a pattern that comes before the others, and replaces the one of its name.
    """
    fresh = trial is not None and library.named(trial.name) is None
    engine = Explainer(library if trial is None or fresh else with_trial(library, trial), live=LIVE)
    more = LinearRegex(trial.compiled_source()) if trial is not None and fresh else None
    total = explained = 0
    for line in lines:
        if line.strip():
            total += 1
            data = line.encode()
            explained += (more is not None and more.matches(data)) or engine.line(data) is not None
    ratio = explained / total if total else None
    return Metrics(lines=total, explained=explained, coverage=ratio)


def with_trial(library: Library, trial: Pattern) -> Library:
    """The library as it would be: a known name in its place, a new one in front."""
    if library.named(trial.name) is None:
        return Library((trial, *library.patterns))
    return Library(tuple(trial if p.name == trial.name else p for p in library.patterns))


def with_score(metrics: Metrics, found: Score) -> Metrics:
    """Coverage of the library together with the figures of the pattern."""
    return metrics.model_copy(
        update={
            "precision": found.precision,
            "recall": found.recall,
            "negative_hits": found.negative_hits,
            "negatives": found.negatives,
        }
    )
