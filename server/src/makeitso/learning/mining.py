"""From lines that nothing explains to groups, one for each event or form of diagnostic."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.clusters import Cluster, cluster, template_cost
from makeitso.learning.masks import MAX_CHARACTERS
from makeitso.learning.places import shape, with_endings
from makeitso.learning.templates import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_LINES = 20_000
"""Most distinct lines one pass looks at; the most frequent ones, then by text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A line that was printed.

    Attributes:
        text: the line, cleaned of control sequences.
        run: the run it is from.
        count: how often it, or a line like it, was printed there.
    """

    text: str
    run: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Lines that one pattern is to explain.

    Attributes:
        intent: `diagnostic` where the lines name a place, else `event`.
        regex: the expression; it matches every line.
        lines: the lines, distinct and sorted.
        runs: runs they are from, sorted.
        count: how often such a line was printed.
        slots: types of what varies, in order.
        saving: how much shorter the lines are told with the pattern, in about words.
    """

    intent: str
    regex: str
    lines: tuple[str, ...]
    runs: tuple[str, ...]
    count: int
    slots: tuple[str, ...]
    saving: float


def mine(samples: Iterable[Sample]) -> list[Group]:
    """Group lines, the most frequent group first. The order of the samples has no effect."""
    counts: defaultdict[str, int] = defaultdict(int)
    runs: defaultdict[str, set[str]] = defaultdict(set)
    for sample in samples:
        text = sample.text.strip()
        if text and len(sample.text) < MAX_CHARACTERS:
            counts[text] += sample.count
            runs[text].add(sample.run)
    chosen = sorted(counts, key=lambda line: (-counts[line], line))[:MAX_LINES]
    placed, rest = _placed(chosen)
    events = [_event(found) for found in cluster(rest)]
    groups = [_counted(g, counts, runs) for g in (*placed, *events)]
    return sorted(groups, key=lambda g: (-g.count, g.regex))


def _placed(lines: Sequence[str]) -> tuple[list[Group], list[str]]:
    """Groups of lines that name a place, and the other lines."""
    by_shape: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    rest: list[str] = []
    for line in lines:
        found = shape(line)
        if found is None:
            rest.append(line)
        else:
            by_shape[found.key].append(line)
    groups: list[Group] = []
    for _, members in sorted(by_shape.items()):
        form = shape(members[0])
        assert form is not None
        words = sum(len(line.split()) for line in members)
        saved = words - form.literals - 2.0 * len(members)
        regex = with_endings(form.regex, members)
        groups.append(_group("diagnostic", regex, tuple(sorted(members)), form.slots, saved))
    return groups, rest


def _event(found: Cluster) -> Group:
    written = write(found)
    cost = template_cost(found.template)
    saved = (len(found.lines) - 1) * cost - len(found.lines) * 0.5 * len(written.slots)
    names = tuple(one.type for one in written.slots)
    return _group("event", written.regex, found.lines, names, saved)


def _group(
    intent: str, regex: str, lines: tuple[str, ...], slots: tuple[str, ...], saving: float
) -> Group:
    return Group(
        intent=intent, regex=regex, lines=lines, runs=(), count=0, slots=slots, saving=saving
    )


def _counted(group: Group, counts: dict[str, int], runs: dict[str, set[str]]) -> Group:
    return Group(
        intent=group.intent,
        regex=group.regex,
        lines=group.lines,
        runs=tuple(sorted({run for line in group.lines for run in runs[line] if run})),
        count=sum(counts[line] for line in group.lines),
        slots=group.slots,
        saving=group.saving,
    )
