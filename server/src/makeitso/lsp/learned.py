"""Libraries, logs and proposals in the editor: what is shown of a document, and done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.errors import StateError
from makeitso.lsp.diagnostics import of_problem
from makeitso.lsp.library_view import LibraryView, library_hover
from makeitso.lsp.log_view import LogView, log_actions, log_diagnostics, log_hover
from makeitso.lsp.proposal_view import (
    library_actions,
    library_diagnostics,
    proposal_actions,
    proposal_diagnostics,
    proposal_hover,
)
from makeitso.protocol.methods_learn import (
    LearnProposeResult,
    LearnRunResult,
    ProposalDecideParams,
    ProposalDecideResult,
    ProposalRollbackParams,
    ProposalRollbackResult,
)
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from makeitso.lsp.actions import Action
    from makeitso.lsp.documents import Document
    from makeitso.lsp.positions import Stretch
    from makeitso.lsp.proposal_watch import Standing
    from makeitso.lsp.server import Server
    from makeitso.protocol.base import Wire
    from makeitso.protocol.methods_learn import ProposalItem
    from makeitso.protocol.text import Problem
    from makeitso.requests.place import Workplace


def diagnostics(server: Server, document: Document) -> list[types.Diagnostic]:
    """What is wrong in a library or proposal, what waits there, what a log has that is unknown."""
    study = server.studies.latest(document)
    if isinstance(study, LogView):
        return log_diagnostics(study, document.index)
    if not isinstance(study, LibraryView):
        return []
    found = [of_problem(one, document.index) for one in study.problems]
    standing = _standing(server, document)
    if standing is not None:
        found += proposal_diagnostics(standing, document.index)
    elif document.kind != "proposal":
        known = server.proposals.known.values()
        found += library_diagnostics(study, known, document.index)
    return found


def problems(server: Server, document: Document) -> tuple[Problem, ...]:
    """Problems of the text as it is now, with their fixes."""
    study = server.studies.of(document)
    return study.problems if isinstance(study, LibraryView) else ()


def lenses(server: Server, document: Document) -> list[Action]:
    """What can be done with a library or proposal as a whole."""
    study = server.studies.of(document)
    if not isinstance(study, LibraryView):
        return []
    standing = _standing(server, document)
    if standing is not None:
        return [] if document.dirty else proposal_actions(standing, last=study.last)
    at = server.session.place
    learns = at is not None and at.bridge.config.learning.mode != "off"
    known = server.proposals.known.values()
    return library_actions(study, known, learns=learns) if document.kind != "proposal" else []


def actions(server: Server, document: Document, *, first: int, last: int) -> list[Action]:
    """What can be done on some lines."""
    study = server.studies.of(document)
    if isinstance(study, LogView):
        return log_actions(study, first=first, last=last)
    return lenses(server, document)


def hover(server: Server, document: Document, line: int) -> tuple[str, Stretch] | None:
    """What stands behind a line."""
    study, standing = server.studies.of(document), _standing(server, document)
    if isinstance(study, LogView):
        return log_hover(study, line)
    if standing is not None and line == 0:
        return proposal_hover(standing), Span(line=0, column=0, end_line=0, end_column=0)
    return library_hover(study, line) if isinstance(study, LibraryView) else None


def refuse_unsaved(server: Server, at: Workplace, params: Wire) -> None:
    """Do not change a file under the hands of who edits it, nor decide about unsaved text.

    Raises:
        StateError: the library, or the proposal decided about, has unsaved changes.
    """
    if not isinstance(params, ProposalDecideParams | ProposalRollbackParams):
        return
    if isinstance(params, ProposalDecideParams) and not params.grant:
        return  # no file changes
    proposal = at.bridge.dot.proposals / f"{params.id}.toml"
    for path in (at.bridge.root / at.bridge.config.learning.regex_repo, proposal):
        document = server.documents.at(path)
        if document is not None and document.touched and document.dirty:
            raise StateError(
                f"{path.name} has unsaved changes", hint="save it, or take the changes back"
            )


def after_command(server: Server, result: Wire) -> None:
    """Show what a command of these came to."""
    if isinstance(result, LearnProposeResult):
        if result.item is None:
            server.say(f"No proposal: {result.reason}", types.MessageType.Info)
        else:
            _show(server, result.item)
    elif isinstance(result, LearnRunResult):
        written = len(result.written)
        said = f"{written} {'proposal' if written == 1 else 'proposals'} written"
        applied = f", {len(result.applied)} applied" if result.applied else ""
        server.say(
            f"{said}{applied}; {result.explained} of {result.lines} lines are explained.",
            types.MessageType.Info,
        )
        if written == 1:
            _show(server, result.written[0])
    elif isinstance(result, ProposalDecideResult):
        server.say(f"{result.item.proposal.id} is {result.item.state}.", types.MessageType.Info)
    elif isinstance(result, ProposalRollbackResult):
        how = "as it was before" if result.exact else "without it; it was edited since"
        server.say(f"The library is {how}.", types.MessageType.Info)


def _show(server: Server, item: ProposalItem) -> None:
    if not server.client.shows_documents:
        server.say(f"{item.proposal.title}: {item.uri}", types.MessageType.Info)
        return
    server.protocol.send_request(
        types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri=item.uri, take_focus=True)
    )


def _standing(server: Server, document: Document) -> Standing | None:
    """The proposal whose file a document is."""
    if document.kind != "proposal" or document.path is None:
        return None
    return server.proposals.known.get(document.path.name.removesuffix(".toml"))
