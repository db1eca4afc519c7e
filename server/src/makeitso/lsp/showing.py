"""Showing a place to the person, as far as the client can."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from makeitso.landing.editor import FileEdit, TextEdit
from makeitso.lsp.documents import path_of
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from makeitso.lsp.server import Server
    from makeitso.protocol.methods_places import ReviewPlace

log = logging.getLogger(__name__)

BEGUN = "# > "
OPENED_WITHIN_S = 5.0
"""How long a client may take to tell of a document that it was asked to show."""


async def show_place(server: Server, place: ReviewPlace, comment: bool) -> None:  # noqa: FBT001
    """Open a document at a place; with a line begun below it if a comment is to be written.

    Where the client cannot open documents the place is told in words.
    """
    if place.uri is None:
        server.say(place.said, types.MessageType.Info)
        return
    if not server.client.shows_documents:
        path = path_of(place.uri)
        where = f"{path}:{place.line + 1}"
        server.say(f"{where} {place.said}".strip(), types.MessageType.Info)
        return
    cursor = types.Position(line=place.line, character=0)
    try:
        await server.protocol.ask(
            types.WINDOW_SHOW_DOCUMENT,
            types.ShowDocumentParams(
                uri=place.uri, take_focus=True, selection=types.Range(start=cursor, end=cursor)
            ),
        )
        if comment and await _begin(server, place):
            end = types.Position(line=place.line + 1, character=len(BEGUN))
            await server.protocol.ask(
                types.WINDOW_SHOW_DOCUMENT,
                types.ShowDocumentParams(
                    uri=place.uri, take_focus=True, selection=types.Range(start=end, end=end)
                ),
            )
    except JsonRpcException as error:
        log.info("show.refused", extra={"why": str(error)})
    if place.said:
        server.say(place.said, types.MessageType.Info)


async def _begin(server: Server, place: ReviewPlace) -> bool:
    """Begin the line of a comment in the document, as soon as it is told to be open."""
    path, at = path_of(place.uri or ""), server.session.place
    document = None
    if path is not None:
        with anyio.move_on_after(OPENED_WITHIN_S):
            document = await server.documents.opened(path)
    if document is None or document.path is None or at is None:
        return False
    below = Span(line=place.line + 1, column=0, end_line=place.line + 1, end_column=0)
    edit = FileEdit(
        path=at.relative(document.path),
        version=document.version,
        edits=(TextEdit(below, f"{BEGUN}\n"),),
    )
    return await at.bridge.editor.apply((edit,), label="Comment")
