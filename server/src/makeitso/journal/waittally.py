"""Counts of waits: how many began, how long they took, how often a command was looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections import Counter

    from makeitso.protocol.events import Event
    from makeitso.protocol.wait import WaitBy


class WaitTally:
    """Waits of one run. Feed it every event of the run, in order."""

    def __init__(self) -> None:
        self._open: dict[int, tuple[WaitBy, int]] = {}
        """Who wanted a wait and when it began, by its seq."""

    def take(self, event: Event, counts: Counter[str]) -> None:
        """Take one event; a wait counts when it begins, its time when it ends first."""
        match event.data:
            case ev.WaitStarted(by=by):
                self._open[event.seq] = (by, event.at)
                counts["wait.waits"] += 1
                counts["wait.manager"] += by == "manager"
            case ev.WaitLooked(wait=wait) if wait in self._open:
                counts["wait.looks"] += 1
            case ev.WaitEnded(wait=wait, reason=reason) if wait in self._open:
                by, began_at = self._open.pop(wait)
                took_ms = max(0, event.at - began_at)  # a clock that was set back
                counts["wait.waited_ms"] += took_ms
                counts["wait.manager_ms"] += took_ms if by == "manager" else 0
                counts["wait.skipped"] += reason == "skipped"
            case _:
                pass
