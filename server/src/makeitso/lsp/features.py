"""The standard requests, registered: each finds the view of its document and shows a part of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.errors import MisError
from makeitso.lsp import hover, learned, lenses, structure
from makeitso.lsp.answers import said
from makeitso.lsp.plan_view import PlanView
from makeitso.lsp.review_links import review_links
from makeitso.lsp.review_saving import take_in
from makeitso.lsp.review_view import ReviewView

if TYPE_CHECKING:
    from makeitso.lsp.server import Server


def register(server: Server) -> None:
    """Register every standard feature."""
    server.feature(types.INITIALIZED)(partial(_initialized, server))
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(partial(_saved, server))
    server.feature(types.TEXT_DOCUMENT_CODE_LENS)(partial(_lenses, server))
    server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(
            code_action_kinds=[types.CodeActionKind.QuickFix, types.CodeActionKind.Empty]
        ),
    )(partial(_actions, server))
    server.feature(types.TEXT_DOCUMENT_HOVER)(partial(_hover, server))
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(partial(_symbols, server))
    server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)(partial(_folds, server))
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_LINK)(partial(_links, server))


def _initialized(server: Server, params: types.InitializedParams) -> None:
    del params
    server.session.ready()


async def _saved(server: Server, params: types.DidSaveTextDocumentParams) -> None:
    known = server.documents.get(params.text_document.uri)
    before = known.settled if known is not None else ""
    document = server.documents.saved(params.text_document.uri)
    if document is None:
        return
    server.session.reload(document.path)
    found = server.views.of(document.uri)
    at = server.session.place
    if found is not None and isinstance(found[1], ReviewView) and at is not None:
        try:
            async with server.views.saving:  # saved twice, a remark is said once
                await take_in(server, at, document, found[1], before=before)
        except MisError as error:  # a notification has no answer to put it into
            server.say(said(error), types.MessageType.Error)


def _lenses(server: Server, params: types.CodeLensParams) -> list[types.CodeLens]:
    found = server.views.actions(params.text_document.uri)
    return lenses.lenses(found[1], found[0]) if found is not None else []


def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    found = server.views.actions(params.text_document.uri, params.range)
    if found is None:
        return []
    document, actions = found
    seen = server.views.of(params.text_document.uri)
    view = seen[1] if seen is not None else None
    problems = view.problems if isinstance(view, PlanView) else learned.problems(server, document)
    return [
        *lenses.fixes(problems, document, params, versioned=server.client.document_changes),
        *lenses.twins(actions, document, params),
    ]


def _hover(server: Server, params: types.HoverParams) -> types.Hover | None:
    found = server.views.of(params.text_document.uri)
    if found is None:
        return None
    document, view = found
    line, column = document.index.place(params.position)
    shown = hover.file_hover(server.views.hunks(document), line)
    if isinstance(view, PlanView):
        shown = hover.plan_hover(view, line, column)
    elif isinstance(view, ReviewView):
        shown = hover.review_hover(view, line)
    shown = learned.hover(server, document, line) or shown
    if shown is None:
        return None
    return types.Hover(
        contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value=shown[0]),
        range=document.index.range(shown[1]),
    )


def _symbols(
    server: Server, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
    found = server.views.of(params.text_document.uri)
    if found is None:
        return []
    document, view = found
    symbols: list[types.DocumentSymbol] = []
    if isinstance(view, PlanView):
        symbols = structure.plan_symbols(view, document)
    elif isinstance(view, ReviewView):
        symbols = structure.review_symbols(view, document)
    return symbols if server.client.symbol_tree else structure.flat(symbols, document.uri)


def _folds(server: Server, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    found = server.views.of(params.text_document.uri)
    view = found[1] if found is not None else None
    if isinstance(view, PlanView):
        return structure.plan_folds(view)
    if not isinstance(view, ReviewView):
        return []
    return structure.review_folds(view, collapsed_text=server.client.collapsed_text)


def _links(server: Server, params: types.DocumentLinkParams) -> list[types.DocumentLink]:
    found = server.views.of(params.text_document.uri)
    at = server.session.place
    if found is None or at is None or not isinstance(found[1], ReviewView):
        return []
    return review_links(found[1], found[0], at.bridge.root)
