"""A person asks for a landing to be taken back, and learns how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.protocol import events as ev
from makeitso.protocol.events_review import INTERRUPTED

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.runs.book import Book


@dataclass(frozen=True, kw_only=True)
class UndoAsked:
    """What was asked for."""

    run: str
    task: str
    landing: str
    request: int
    """Number of the event that says so."""


def request_undo(book: Book, landing: str | None = None, *, run: str | None = None) -> UndoAsked:
    """Ask for a landing, or for the last one that stands, to be taken back.

    Args:
        book: the runs.
        landing: its id; None: the last.
        run: only of this run.

    Raises:
        NotFoundError: there is no such landing.
        StateError: nothing has landed, it is taken back already, or its task is at work.
    """
    book.refresh()
    at, task, name = _named(book, landing) if landing is not None else _last(book, run)
    if not (task.reviewing or task.ended is not None):
        raise StateError(
            f"{task.id} is at work, so nothing of it is taken back now",
            hint="`mis status` shows when it stands for review again",
        )
    asked = book.journal.append(
        ev.UndoRequested(landing=name), actor="person", run=at.id, task=task.id
    )
    return UndoAsked(run=at.id, task=task.id, landing=name, request=asked.seq)


def taken_back(book: Book, request: int) -> ev.LandingUndone | None:
    """What became of such a request; None: nothing yet."""
    wanted = None
    for event in book.journal.read(after=request - 1):
        if event.seq == request and isinstance(event.data, ev.UndoRequested):
            wanted = event.data.landing
        elif (
            isinstance(event.data, ev.LandingUndone)
            and event.data.landing == wanted
            and event.data.error != INTERRUPTED
        ):
            return event.data
    return None


def _named(book: Book, landing: str) -> tuple[RunState, TaskState, str]:
    for run in book.runs.values():
        for task in run.tasks.values():
            if any(one.id == landing for one in task.landings):
                if landing not in task.standing:
                    raise StateError(
                        f"{landing} is taken back already",
                        hint="`mis review` shows its hunks; accept them and `mis review land`",
                    )
                return run, task, landing
    raise NotFoundError(
        f"there is no landing {landing}", hint="`mis review undo` alone takes the last one back"
    )


def _last(book: Book, run: str | None) -> tuple[RunState, TaskState, str]:
    """The newest landing that stands, by the order of the journal."""
    known = {
        name: (at, task)
        for at in book.runs.values()
        if run is None or at.id == run
        for task in at.tasks.values()
        for name in task.standing
    }
    ended = [
        event.data.landing.id
        for event in book.journal.read(run=run)
        if isinstance(event.data, ev.LandingEnded) and event.data.landing.id in known
    ]
    if not ended:
        raise StateError(
            "nothing that landed is left to be taken back",
            hint="`mis review` shows what is proposed",
        )
    at, task = known[ended[-1]]
    return at, task, ended[-1]
