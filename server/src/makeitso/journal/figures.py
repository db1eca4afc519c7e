"""Events → figures: one pass, a tally a run, and sums of tallies.

Nothing here depends on how the events were cut into chunks, nor on the clock: what is still open
counts up to an instant the caller names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError
from makeitso.journal.drift import alerts
from makeitso.journal.runtally import RunTally
from makeitso.journal.sums import sums
from makeitso.journal.taskfigures import share_of, task_figures
from makeitso.journal.waiting import Waiting
from makeitso.protocol import audit
from makeitso.protocol.events import RunCreated

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from makeitso.journal.tasktally import Covers
    from makeitso.protocol.events import Event


class Audit:
    """Takes the events of a journal, gives figures over all its runs or some of them.

    Args:
        covers: whether a glob, the first argument, matches a path.
        runs: ids of the runs looked at; None: all. The others only tell what is usual.
    """

    def __init__(self, *, covers: Covers, runs: Collection[str] | None = None) -> None:
        self._covers = covers
        self._wanted = None if runs is None else frozenset(runs)
        self._tallies: dict[str, RunTally] = {}
        self._together = Waiting()
        self._first_at: int | None = None
        self._last_at: int | None = None

    def add(self, event: Event) -> None:
        """Take one event; those before the one that created their run are passed over."""
        if event.run is None:
            return
        wanted = self._wanted is None or event.run in self._wanted
        tally = self._tallies.get(event.run)
        if tally is None:
            if not isinstance(event.data, RunCreated):
                return
            together = self._together if wanted else Waiting()
            tally = RunTally(event.data, event, covers=self._covers, together=together)
            self._tallies[event.run] = tally
        tally.add(event)
        if wanted:
            self._first_at = event.at if self._first_at is None else self._first_at
            self._last_at = event.at

    def figures(self, *, until: int | None = None) -> audit.AuditFigures:
        """The figures so far.

        Args:
            until: Unix ms up to which open questions count; None: the last event.

        Raises:
            NotFoundError: a run looked for does not exist.
        """
        missing = (self._wanted or frozenset()) - self._tallies.keys()
        if missing:
            raise NotFoundError(
                f"there is no run {', '.join(sorted(missing))}", hint="`mis status` lists the runs"
            )
        shown = [t for t in self._tallies.values() if self._wanted is None or t.id in self._wanted]
        now = max(until or 0, self._last_at or 0) if until is not None else self._last_at or 0
        return audit.AuditFigures(
            events=sum(tally.events for tally in shown),
            first_at=self._first_at,
            last_at=self._last_at,
            total=sums(shown, self._together.total_ms(now)),
            by_run=tuple(
                audit.RunFigures(
                    id=tally.id,
                    goal=tally.goal,
                    state=tally.state,
                    started_at=tally.started_at,
                    ended_at=tally.ended_at,
                    figures=sums([tally], tally.waiting.total_ms(now)),
                    nearest=tally.costs.nearest(),
                    share=share_of(tally.costs.nearest()),
                    tasks=task_figures(tally, now),
                )
                for tally in shown
            ),
            drift=alerts(self._up_to_last(shown)),
        )

    def _up_to_last(self, shown: Sequence[RunTally]) -> list[RunTally]:
        """All runs before the last one looked at, and that one."""
        tallies = list(self._tallies.values())
        return tallies[: tallies.index(shown[-1]) + 1] if shown else []


def figures(
    events: Iterable[Event],
    *,
    covers: Covers,
    runs: Collection[str] | None = None,
    until: int | None = None,
) -> audit.AuditFigures:
    """The figures of events that are all at hand; see `Audit`.

    Raises:
        NotFoundError: a run looked for does not exist.
    """
    tally = Audit(covers=covers, runs=runs)
    for event in events:
        tally.add(event)
    return tally.figures(until=until)
