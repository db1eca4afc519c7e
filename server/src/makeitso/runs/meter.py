"""How long phases work, by a clock that does not jump, counted into the journal as it passes.

Not counted: the time a person takes to answer, waits, and whatever passes while no process drives
the run. What is counted survives; a crash loses what came after the last count.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

import anyio

from makeitso.journal.ceilings import Uncounted
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from makeitso.protocol.words import PhaseName

    Place = tuple[str | None, PhaseName | None]
    Record = Callable[[ev.TimeCounted, str | None, PhaseName | None], object]

BEAT_S = 15.0
"""How often time is counted while a phase goes on."""


_working: ContextVar[Place | None] = ContextVar("working", default=None)
"""The phase that whoever asks is at work on, so that a question knows whose clock stands still."""


class Meter:
    """The clocks of one run in one process: one of each phase at work, and one of the run.

    Args:
        record: puts a count into the journal, of a task and phase; None, None: of the plan.
        now: seconds that never jump.
    """

    def __init__(self, record: Record, *, now: Callable[[], float]) -> None:
        self._record, self._now = record, now
        self._since: dict[Place, float] = {}
        self._run_since = 0.0
        self._pauses: dict[Place, int] = {}
        """Of each phase at work, how many questions of it stand."""

    @contextlib.contextmanager
    def running(self, task: str | None = None, phase: PhaseName | None = None) -> Generator[None]:
        """Time what is done in the block as work on a phase, or on the plan."""
        place = (task, phase)
        token = _working.set(place)
        self._pauses[place] = 0
        self._start(place)
        try:
            yield
        finally:
            self._stop(place)
            del self._pauses[place]
            _working.reset(token)

    @contextlib.contextmanager
    def paused(self) -> Generator[None]:
        """The work that this block is part of waits in it for a person."""
        place = _working.get()
        if place is None or place not in self._pauses:
            yield
            return
        self._pauses[place] += 1
        self._stop(place)
        try:
            yield
        finally:
            self._pauses[place] -= 1
            if not self._pauses[place]:
                self._start(place)

    def uncounted(self, task: str | None = None, phase: PhaseName | None = None) -> Uncounted:
        """What passed since the last count."""
        now = self._now()
        since = self._since.get((task, phase))
        return Uncounted(
            run_ms=_ms(now - self._run_since) if self._since else 0,
            task_ms=_ms(now - since) if since is not None else 0,
        )

    async def beat(self) -> None:
        """Count now and then, until cancelled."""
        while True:
            await anyio.sleep(BEAT_S)
            self.count()

    def count(self) -> None:
        """Put what passed so far into the journal."""
        for place in list(self._since):
            self._stop(place)
            self._start(place)

    def _start(self, place: Place) -> None:
        now = self._now()
        if not self._since:
            self._run_since = now
        self._since[place] = now

    def _stop(self, place: Place) -> None:
        since = self._since.get(place)
        if since is None:
            return  # it is paused
        now = self._now()
        active, run = _ms(now - since), _ms(now - self._run_since)
        del self._since[place]
        self._run_since += run / 1000
        if active or run:
            self._record(ev.TimeCounted(active_ms=active, run_ms=run), *place)


def _ms(seconds: float) -> int:
    return max(0, int(seconds * 1000))
