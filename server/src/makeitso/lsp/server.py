"""The language server: one connection, its documents, its session, and the features on them."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pydantic import ValidationError
from pygls.lsp.server import LanguageServer

from makeitso import __version__
from makeitso.lsp import answers, features, learned, review_looking
from makeitso.lsp.client import Client, client_of
from makeitso.lsp.documents import Documents
from makeitso.lsp.proposal_watch import ProposalWatch
from makeitso.lsp.protocol import Protocol, converter
from makeitso.lsp.review_view import ReviewView
from makeitso.lsp.session import Session
from makeitso.lsp.studies import Studies
from makeitso.lsp.tool_problems import ToolProblems
from makeitso.lsp.views import Views
from makeitso.protocol.methods import BY_COMMAND, METHODS
from makeitso.protocol.trust import TrustState
from makeitso.requests import dispatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from makeitso.lsp.documents import Document
    from makeitso.protocol.base import Wire
    from makeitso.protocol.methods import Method

log = logging.getLogger(__name__)


class Server(LanguageServer):
    """A server for one client."""

    protocol: Protocol  # pyright: ignore[reportIncompatibleVariableOverride] -- made by pygls from protocol_cls

    def __init__(self) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] -- **kwargs of pygls
            "makeitso", __version__, protocol_cls=Protocol, converter_factory=converter
        )
        self.client = Client()
        self.documents = Documents()
        self.session = Session(self)
        self.studies = Studies(self)
        self.proposals = ProposalWatch(self)
        self.tools = ToolProblems(self)
        self.views = Views(self)

    # -- told by the protocol -----------------------------------------------------------------

    def on_initialize(self, params: types.InitializeParams) -> None:
        """The client said who it is."""
        self.client = client_of(params)
        self.documents.agree(self.protocol.workspace.position_codec)

    def on_open(self, document: Document) -> None:
        """A document was opened."""
        self.tools.looked_at()
        self.views.show(document)
        self.session.touched()

    def on_change(self, document: Document) -> None:
        """A document changed."""
        self.views.show(document)
        self.session.touched()

    def on_close(self, document: Document) -> None:
        """A document was closed: what it said is taken back, what it showed is seen."""
        view = self.views.last(document)
        self.views.forget(document)
        self.studies.forget(document)
        self.tools.looked_at()
        if isinstance(view, ReviewView):
            review_looking.closed(self, document, view)
        self.session.touched()

    async def on_command(self, params: object) -> object:
        """Carry out a command.

        Raises:
            InvalidParams: there is no such command, or its argument does not fit.
            MisError: it cannot be done.
        """
        fields = cast("dict[str, Any]", params) if isinstance(params, dict) else {}
        method = BY_COMMAND.get(str(fields.get("command")))
        if method is None:
            raise answers.InvalidParams(
                [{"path": "command", "message": "there is no such command"}]
            )
        arguments: object = fields.get("arguments") or []
        given = cast("list[object]", arguments) if isinstance(arguments, list) else [None, None]
        if len(given) > 1:
            raise answers.InvalidParams(
                [{"path": "arguments", "message": "expected one argument, the params"}]
            )
        parsed = self._parse(method, given[0] if given else None)
        result = await self._answer(method, parsed, token=_token(fields))
        self.views.after_command(parsed, result)
        return result

    async def call(self, method: Method, params: object) -> Wire:
        """Validate and carry out a request of ours.

        Raises:
            InvalidParams: the params do not fit.
            MisError: it cannot be done.
        """
        return await self._answer(method, self._parse(method, params), token=_token(params))

    @staticmethod
    def _parse(method: Method, params: object) -> Wire:
        try:
            return dispatch.parse(method, params)
        except ValidationError as error:
            raise answers.of_pydantic(error) from None

    async def _answer(
        self, method: Method, parsed: Wire, *, token: str | int | None = None
    ) -> Wire:
        at = self.session.workplace()
        learned.refuse_unsaved(self, at, parsed)
        result = await self.session.long.request(
            method, parsed, partial(dispatch.answer, at, method, parsed), token=token
        )
        if isinstance(result, TrustState):
            self.session.stale()  # trust is in no journal that would tell of it
        return result

    # -- telling the client -------------------------------------------------------------------

    def notify(self, method: str, params: object) -> None:
        """Send a notification."""
        self.protocol.notify(method, params)

    def say(self, text: str, kind: types.MessageType) -> None:
        """Show a message."""
        self.notify(
            types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=kind, message=text[:1000])
        )

    def show_all(self) -> None:
        """Show every open document's state anew, and have lenses asked for again."""
        for document in self.documents:
            self.views.show(document)
        if any(document.kind != "other" for document in self.documents):
            self.refresh_lenses()

    def refresh_lenses(self) -> None:
        """Have lenses asked for again, by a client that does."""
        if self.client.lens_refresh:
            self.protocol.send_request(types.WORKSPACE_CODE_LENS_REFRESH)

    def report_server_error(self, error: Exception, source: object) -> None:
        """Something went wrong outside of a request; pygls's own way of saying so can recurse."""
        log.error("server.error", extra={"source": str(source)}, exc_info=error)


def build() -> Server:
    """A server with every feature registered.

    Raises:
        RuntimeError: the table of methods and the handlers disagree.
    """
    dispatch.check_table()
    server = Server()
    features.register(server)
    for method in METHODS:
        server.feature(method.name)(_answering(server, method))
        server.command(method.command)(_answering(server, method))
    return server


def _token(params: object) -> str | int | None:
    """The token under which the client wants to hear how a request goes."""
    fields = cast("dict[str, object]", params) if isinstance(params, dict) else {}
    token = fields.get("workDoneToken")
    return token if isinstance(token, str | int) else None


def _answering(server: Server, method: Method) -> Callable[[Any], Awaitable[Wire]]:
    # Any, because pygls hands the server itself to a first parameter that could hold it.
    async def answer(params: Any) -> Wire:  # noqa: ANN401
        return await server.call(method, params)

    return answer
