"""A review document that is closed was looked at: what it showed is not new the next time.

Not when it is opened: editors open documents to restore a session, to preview or to search.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import MisError
from makeitso.requests.changes import bring_up_to_date
from makeitso.runs.looking import record_look

if TYPE_CHECKING:
    from makeitso.lsp.documents import Document
    from makeitso.lsp.review_view import ReviewView
    from makeitso.lsp.server import Server
    from makeitso.requests.place import Workplace

log = logging.getLogger(__name__)

CLOSED_FOR_S = 0.5
"""Editors close a document and open it again at once, to change its language for instance."""


def closed(server: Server, document: Document, view: ReviewView) -> None:
    """A review document was closed."""
    shown = tuple(hunk.id for file in view.files for hunk in file.hunks)
    at = server.session.place
    if at is not None and view.task_state is not None and shown:
        server.session.start(_look, server, at, document.uri, (view.run, view.task), shown)


async def _look(
    server: Server, at: Workplace, uri: str, task: tuple[str, str], shown: tuple[str, ...]
) -> None:
    try:
        await anyio.sleep(CLOSED_FOR_S)
    except anyio.get_cancelled_exc_class():  # the editor is closed with it
        _record(at, task, shown)
        raise
    if server.documents.get(uri) is not None:
        return
    if _record(at, task, shown):
        run = at.known_runs()[task[0]]
        try:
            await bring_up_to_date(at, run, run.tasks[task[1]])
        except MisError as error:  # the look is recorded; the document is only a view of it
            log.info("look.unwritten", extra={"why": error.message})


def _record(at: Workplace, task: tuple[str, str], shown: tuple[str, ...]) -> bool:
    """Whether something in it had not been seen before."""
    try:
        return bool(record_look(at.book, *task, shown))
    except MisError as error:
        log.info("look.unrecorded", extra={"why": error.message})
        return False
