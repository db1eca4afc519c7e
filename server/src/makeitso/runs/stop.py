"""Asking a run to stop, from any process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.runs.book import Book


def request_stop(book: Book, run_id: str, *, reason: str, owned: bool) -> None:
    """Record the wish; the owner acts on it. Without an owner the run is put down at once.

    Raises:
        NotFoundError: no such run.
        StateError: it is over.
    """
    book.refresh()
    run = book.run(run_id)
    if run.finished is not None:
        raise StateError(f"{run_id} is over: {run.finished.state}")
    if run.paused is not None and run.paused.state == "stopped":
        return
    data = (
        ev.StopRequested(reason=reason)
        if owned
        else ev.RunPaused(state="stopped", reason=reason, exit_code=130)
    )
    book.journal.append(data, actor="person", run=run_id)
