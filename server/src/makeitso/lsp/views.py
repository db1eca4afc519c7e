"""What is shown about each open document, kept with the version and journal it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from lsprotocol import types

from makeitso.errors import MisError
from makeitso.lsp import diagnostics, learned, review_saving
from makeitso.lsp.file_view import (
    FileHunk,
    FileViews,
    file_actions,
    file_diagnostics,
    relative_path,
)
from makeitso.lsp.plan_actions import plan_actions
from makeitso.lsp.plan_view import PlanView, view_plan
from makeitso.lsp.review_actions import review_actions, selection_actions
from makeitso.lsp.review_view import ReviewView, names_in, view_review
from makeitso.lsp.showing import show_place
from makeitso.protocol.methods_foreign import ReviewOpenResult
from makeitso.protocol.methods_places import ReviewPlace, ReviewShowParams
from makeitso.protocol.methods_review import ChangeGetResult, HunkStates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.journal.state import RunState
    from makeitso.lsp.actions import Action
    from makeitso.lsp.documents import Document
    from makeitso.lsp.server import Server
    from makeitso.protocol.base import Wire
    from makeitso.requests.place import Workplace


@dataclass(frozen=True)
class _Made:
    key: tuple[object, ...]
    view: PlanView | ReviewView | None


class Views:
    """The views of open documents.

    Args:
        server: the connection.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._made: dict[str, _Made] = {}
        self._shown: dict[str, list[types.Diagnostic]] = {}
        self._refused: dict[str, dict[str, str]] = {}
        self._heard: dict[str, set[tuple[str, int, str]]] = {}
        self._places: dict[str, int] = {}
        """Lines of review documents where somebody was last; lenses are shown around them."""
        self.files = FileViews()
        self.saving = anyio.Lock()
        """What is saved is taken in one document after the other."""

    def of(self, uri: str) -> tuple[Document, PlanView | ReviewView | None] | None:
        """An open document and its view; None when it is not open."""
        document = self._server.documents.get(uri)
        return (document, self._view(document)) if document is not None else None

    def last(self, document: Document) -> PlanView | ReviewView | None:
        """The view of a document that is no longer open."""
        return self._view(document)

    def actions(
        self, uri: str, wanted: types.Range | None = None
    ) -> tuple[Document, Iterable[Action]] | None:
        """An open document and what can be done with it; at a range, with what is chosen there."""
        found = self.of(uri)
        if found is None:
            return None
        document, view = found
        first, last = _lines(document, wanted)
        if isinstance(view, PlanView):
            return document, plan_actions(view)
        if isinstance(view, ReviewView) and wanted is None:
            page = view.page(self._places.get(uri, 0))
            return document, review_actions(view, uri=uri, first=page[0], last=page[1])
        if isinstance(view, ReviewView):
            self._be_at(uri, view, first)
            return document, [
                *selection_actions(view, first=first, last=last),
                *review_actions(view, uri=uri, first=first, last=last),
            ]
        if wanted is None:
            return document, learned.lenses(self._server, document)
        runs = _runs(self._server.session.place)
        return document, [
            *learned.actions(self._server, document, first=first, last=last),
            *file_actions(self.hunks(document), uri, runs, first=first, last=last),
        ]

    def _be_at(self, uri: str, view: ReviewView, line: int) -> None:
        """Somebody is at a line: beyond the lenses that are shown, others are."""
        first, last = view.page(self._places.get(uri, 0))
        if not first <= line <= last:
            self._places[uri] = line
            self._server.refresh_lenses()

    def hunks(self, document: Document) -> list[FileHunk]:
        """Open hunks of a real file, where they stand in it now."""
        path = self.path(document)
        return self.files.hunks(path, document.text) if path is not None else []

    def path(self, document: Document) -> str | None:
        """Path of a real file in the workspace."""
        at = self._server.session.place
        return relative_path(document, at.bridge.root) if at is not None else None

    def refuse(self, document: Document, failed: dict[str, str]) -> None:
        """Say at the hunks of a review document what of its saved text was not taken in."""
        self._refused[document.uri] = failed
        self.show(document)

    def heard(
        self, document: Document, said: set[tuple[str, int, str]]
    ) -> set[tuple[str, int, str]]:
        """Remarks of a document that were taken in before and still stand there, to be added to."""
        found = self._heard.setdefault(document.uri, set())
        found &= said
        return found

    def show(self, document: Document) -> None:
        """Publish the document's diagnostics if they are others than before."""
        found = self._diagnostics(document)
        if self._shown.get(document.uri, [] if document.kind == "other" else None) == found:
            return
        self._shown[document.uri] = found
        self._publish(document, found)

    def forget(self, document: Document) -> None:
        """A document was closed."""
        self._made.pop(document.uri, None)
        self._places.pop(document.uri, None)
        self._refused.pop(document.uri, None)
        self._heard.pop(document.uri, None)
        if self._shown.pop(document.uri, None):
            self._publish(document, [])

    def after_command(self, params: Wire, result: Wire) -> None:
        """Some commands end in showing something."""
        learned.after_command(self._server, result)
        if isinstance(result, ReviewOpenResult) and result.uri is None:
            self._server.say(f"{result.title}: it changes nothing here.", types.MessageType.Info)
        if (
            isinstance(result, ChangeGetResult | ReviewOpenResult)
            and result.uri is not None
            and self._server.client.shows_documents
        ):
            self._server.protocol.send_request(
                types.WINDOW_SHOW_DOCUMENT,
                types.ShowDocumentParams(uri=result.uri, take_focus=True),
            )
        if isinstance(result, HunkStates):
            for line in result.stale:
                self._server.say(line, types.MessageType.Warning)
        if isinstance(result, ReviewPlace):
            comment = isinstance(params, ReviewShowParams) and params.to == "comment"
            self._server.session.start(show_place, self._server, result, comment)

    def _publish(self, document: Document, found: list[types.Diagnostic]) -> None:
        self._server.notify(
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS,
            types.PublishDiagnosticsParams(
                uri=document.uri, diagnostics=found, version=document.version
            ),
        )

    def _diagnostics(self, document: Document) -> list[types.Diagnostic]:
        view = self._view(document)
        if isinstance(view, PlanView):
            return diagnostics.of_plan(view, document.index)
        if isinstance(view, ReviewView):
            failed = review_saving.refused(view, self._refused.get(document.uri, {}))
            return diagnostics.of_review(view, document.index, refused=failed)
        at = self._server.session.place
        if document.kind == "rules" and document.path is not None:
            return diagnostics.of_rules(document.path, document.text, document.index)
        if document.kind == "config" and document.path is not None and at is not None:
            return diagnostics.of_config(document.path, document.text, document.index, at)
        found = learned.diagnostics(self._server, document)
        severity = _SEVERITY[self._server.client.problems]
        if document.kind == "other" and severity is not None:
            found += file_diagnostics(self.hunks(document), document.index, severity)
        if document.kind == "other":
            found += self._server.tools.of(document)
        return found

    def _view(self, document: Document) -> PlanView | ReviewView | None:
        if document.path is None or document.kind not in ("plan", "review"):
            return None
        at = self._server.session.place
        key = (document.version, document.text, self._moment(at))
        made = self._made.get(document.uri)
        if made is None or made.key != key:
            before = made.view if made is not None else None
            made = _Made(key, self._make(document, at, before))
            self._made[document.uri] = made
        return made.view

    def _make(
        self, document: Document, at: Workplace | None, before: PlanView | ReviewView | None
    ) -> PlanView | ReviewView | None:
        assert document.path is not None
        if document.kind == "plan":
            try:
                return view_plan(document.text, document.path, at)
            except MisError:  # the journal cannot be read: what the text says is still true
                return view_plan(document.text, document.path, None)
        stem = document.path.name.removesuffix(".diff")
        names = names_in(stem)
        runs = _runs(at)
        run = runs.get(names[0]) if names else None
        known = before if isinstance(before, ReviewView) else None
        return view_review(document.text, stem, run, before=known)

    @staticmethod
    def _moment(at: Workplace | None) -> tuple[object, ...]:
        """What of the world a view depends on."""
        if at is None:
            return ()
        try:
            seq = at.book.seq if at.bridge.has_journal else 0
        except MisError:
            seq = -1
        owner = at.bridge.owner if seq > 0 else None
        return (seq, owner.pid if owner else 0, at.bridge.loaded, at.bridge.trust)


def _lines(document: Document, wanted: types.Range | None) -> tuple[int, int]:
    """First and last line of a range; a last line of which nothing is selected does not count."""
    if wanted is None:
        return 0, 0
    first, _ = document.index.place(wanted.start)
    last, column = document.index.place(wanted.end)
    return first, last - 1 if last > first and column == 0 else last


_SEVERITY: dict[str, types.DiagnosticSeverity | None] = {
    "off": None,
    "hint": types.DiagnosticSeverity.Hint,
    "information": types.DiagnosticSeverity.Information,
}


def _runs(at: Workplace | None) -> dict[str, RunState]:
    if at is None:
        return {}
    try:
        return dict(at.known_runs())
    except MisError:
        return {}
