"""Open documents of this client: read as they stand, edited through the client, with undo."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import anyio
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from makeitso.landing.editor import OpenText

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.landing.editor import FileEdit
    from makeitso.lsp.documents import Document
    from makeitso.lsp.server import Server

log = logging.getLogger(__name__)

TOLD_WITHIN_S = 3.0
"""How long the change of an edit that was applied may take to be told."""


class ClientEditor:
    """The port `Editor` over one client.

    Args:
        server: the connection.
        root: the workspace, to which paths are relative.
    """

    def __init__(self, server: Server, root: Path) -> None:
        self._server = server
        self._root = root

    def open_document(self, path: str, /) -> OpenText | None:
        """The document at a workspace path; None when it is not open."""
        found = self._server.documents.at(self._root / path)
        if found is None:
            return None
        return OpenText(text=found.text, version=found.version, dirty=found.dirty)

    async def apply(self, edits: Sequence[FileEdit], /, *, label: str) -> bool:
        """Ask the client to apply all edits as one step.

        False when it refuses, answers with an error (as some clients do for a "no"), or a document
        is not the one the edits were made for.
        """
        if not edits:
            return True
        found: list[tuple[Document, FileEdit]] = []
        for edit in edits:
            document = self._server.documents.at(self._root / edit.path)
            if document is None or document.version != edit.version:
                return False
            found.append((document, edit))
        params = types.ApplyWorkspaceEditParams(edit=self._workspace_edit(found), label=label)
        try:
            result = await self._server.protocol.ask(types.WORKSPACE_APPLY_EDIT, params)
        except JsonRpcException as error:
            log.info("edit.refused", extra={"why": str(error)})
            return False
        if result is None or not result.applied:
            return False
        # Some clients answer before they tell of the change: what follows reads our copy.
        with anyio.move_on_after(TOLD_WITHIN_S):
            for document, edit in found:
                await self._server.documents.later_than(document, edit.version)
        return True

    def _workspace_edit(self, found: Sequence[tuple[Document, FileEdit]]) -> types.WorkspaceEdit:
        """Versioned where the client knows versions; plain text edits, never annotated."""
        if not self._server.client.document_changes:
            return types.WorkspaceEdit(
                changes={document.uri: _edits(document, edit) for document, edit in found}
            )
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    text_document=types.OptionalVersionedTextDocumentIdentifier(
                        uri=document.uri, version=document.version
                    ),
                    edits=list(_edits(document, edit)),
                )
                for document, edit in found
            ]
        )


def _edits(document: Document, edit: FileEdit) -> list[types.TextEdit]:
    return [
        types.TextEdit(range=document.index.range(one.span), new_text=one.text)
        for one in edit.edits
    ]
