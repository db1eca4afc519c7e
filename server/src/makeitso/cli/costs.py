"""What a run costs, said now and then while it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli.ticker import Line
from makeitso.journal.costs import progress_line
from makeitso.journal.view import run_view
from makeitso.protocol.events import TimeCounted, UsageCounted

if TYPE_CHECKING:
    from makeitso.protocol.events import Event
    from makeitso.runs.book import Book

EVERY_MS = 30_000
"""How often it is said, at most; when time or tokens are counted."""


class Costs:
    """When the next line is due, by the times of the events."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._last: int | None = None

    def line(self, event: Event) -> Line | None:
        """The line that is due with an event; None: none is."""
        if not isinstance(event.data, TimeCounted | UsageCounted) or event.run is None:
            return None
        if self._last is None or event.at < self._last:  # the first, or the clock was set back
            self._last = event.at
        if event.at - self._last < EVERY_MS:
            return None
        self._last = event.at
        return Line(progress_line(run_view(self._book.run(event.run))), "dim")
