"""The folded state of every run, kept in step with the journal, also with what others append."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.errors import NotFoundError
from makeitso.journal import fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.journal.state import RunState
    from makeitso.protocol.events import Event
    from makeitso.store.journal import Journal

POLL_S = 0.15
"""How often another process's events are looked for; one integer is read each time."""


class Book:
    """Runs by id. `refresh` folds what is new; `changed` waits for something new."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.runs: dict[str, RunState] = {}
        self.seq = 0
        self._wake = anyio.Event()
        self._listeners: list[Callable[[Event], None]] = []
        journal.listen(self._appended)
        self.refresh()

    def _appended(self, event: Event) -> None:
        del event  # read back with what others appended before it
        self.refresh()

    def refresh(self) -> bool:
        """Fold events that are new; returns whether there were any."""
        fresh = self._tell() if self._listeners else self._catch_up()
        if fresh:
            self.wake()
        return fresh

    def _tell(self) -> bool:
        fresh = list(self.journal.read(after=self.seq))
        for event in fresh:
            fold.apply(self.runs, event)
            self.seq = event.seq
        for event in fresh:
            for listener in list(self._listeners):
                listener(event)
        return bool(fresh)

    def _catch_up(self) -> bool:
        """Nobody listens: what no state follows from is not even read."""
        before, newest = self.seq, self.journal.last_seq()
        for event in self.journal.read(after=before, without=fold.UNFOLDED):
            fold.apply(self.runs, event)
            self.seq = event.seq
        self.seq = max(self.seq, newest)
        return self.seq > before

    def wake(self) -> None:
        """Let everybody who waits in `changed` look again."""
        self._wake.set()
        self._wake = anyio.Event()

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each new event, of whatever process; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def run(self, run_id: str) -> RunState:
        """The state of a run.

        Raises:
            NotFoundError: there is no such run.
        """
        try:
            return self.runs[run_id]
        except KeyError:
            raise NotFoundError(
                f"there is no run {run_id}", hint="`mis status` lists the runs"
            ) from None

    async def changed(self) -> None:
        """Return when something new is folded or `wake` was called."""
        await self._wake.wait()

    async def watch(self) -> None:
        """Keep folding what other processes append; runs until cancelled."""
        while True:
            await anyio.sleep(POLL_S)
            if self.journal.last_seq() > self.seq:
                self.refresh()
