"""Whether the latest runs are worse than those before them: parsing, and tokens for a task.

The latest `RECENT` ended runs are held against up to `EARLIER` ended ones before them. A share is
pooled over the lines of all runs on a side; tokens for a task are the median of the runs, so that
one large run is no drift.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from makeitso.journal.runtally import ended_tasks, tokens_of
from makeitso.protocol.audit import DriftAlert

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from makeitso.journal.runtally import RunTally
    from makeitso.protocol.audit import DriftFigure

RECENT = 5
"""Runs in the trailing window."""
EARLIER = 20
"""Most runs it is held against."""
LEAST_RUNS = 3
"""Runs with the figure that each side needs."""
LEAST_LINES = 50
"""Lines that each side needs before a share of them says anything."""
SHARE_LOST = 0.05
"""A share is worse when it fell by at least this, absolute."""
TIMES_MORE = 1.5
"""Tokens for a task are more when they grew at least so many times; and so must the lines that
were not understood."""

Part = tuple[int, int]
"""What counts, and of how much."""


def alerts(runs: Sequence[RunTally]) -> tuple[DriftAlert, ...]:
    """What got worse, with the numbers.

    Args:
        runs: runs in the order they were created; those not ended are passed over.
    """
    ended = [run for run in runs if run.ended_at is not None]
    return tuple(_found(ended))


def _found(ended: Sequence[RunTally]) -> Iterator[DriftAlert]:
    yield from _share(ended, "parse_success", _parse, "lines that ask for a record gave one")
    yield from _share(ended, "coverage", _coverage, "lines of output were recognised")
    yield from _tokens(ended)


def _parse(run: RunTally) -> Part:
    counts = run.counts()
    return counts["parse.records"], counts["parse.records"] + counts["parse.misses"]


def _coverage(run: RunTally) -> Part:
    counts = run.counts()
    return counts["parse.explained_lines"], counts["parse.lines"]


def _spent(run: RunTally) -> Part:
    counts = run.counts()
    return tokens_of(counts), ended_tasks(counts)


def _sides(
    ended: Sequence[RunTally], part: Callable[[RunTally], Part]
) -> tuple[list[tuple[str, Part]], list[tuple[str, Part]]]:
    """The recent runs that have the figure, and the earlier ones."""
    parts = [(run.id, part(run)) for run in ended[-(RECENT + EARLIER) :]]
    recent, earlier = parts[-RECENT:], parts[:-RECENT]
    return [p for p in recent if p[1][1]], [p for p in earlier if p[1][1]]


def _share(
    ended: Sequence[RunTally], figure: DriftFigure, part: Callable[[RunTally], Part], words: str
) -> Iterator[DriftAlert]:
    recent, earlier = _sides(ended, part)
    lines = [sum(whole for _, (_, whole) in side) for side in (recent, earlier)]
    if min(len(recent), len(earlier)) < LEAST_RUNS or min(lines) < LEAST_LINES:
        return
    now, before = (
        sum(known for _, (known, _) in side) / whole
        for side, whole in zip((recent, earlier), lines, strict=True)
    )
    if before - now >= SHARE_LOST and 1 - now >= TIMES_MORE * (1 - before):
        yield _alert(
            figure, now, before, recent, earlier, f"{now:.0%} of {words}, {before:.0%} before"
        )


def _tokens(ended: Sequence[RunTally]) -> Iterator[DriftAlert]:
    recent, earlier = _sides(ended, _spent)
    if min(len(recent), len(earlier)) < LEAST_RUNS:
        return
    now, before = (
        median(tokens / tasks for _, (tokens, tasks) in side) for side in (recent, earlier)
    )
    if before and now >= TIMES_MORE * before:
        words = f"{now:,.0f} tokens for a task, {before:,.0f} before"
        yield _alert("tokens_per_task", now, before, recent, earlier, words)


def _alert(
    figure: DriftFigure,
    now: float,
    before: float,
    recent: Sequence[tuple[str, Part]],
    earlier: Sequence[tuple[str, Part]],
    words: str,
) -> DriftAlert:
    return DriftAlert(
        figure=figure,
        recent=round(now, 6),
        earlier=round(before, 6),
        recent_runs=tuple(run for run, _ in recent),
        earlier_runs=len(earlier),
        message=f"{words} (the last {len(recent)} runs against {len(earlier)} earlier ones)",
    )
