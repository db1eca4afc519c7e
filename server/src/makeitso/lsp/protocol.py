"""JSON-RPC for our server: every request gets exactly one answer, and nothing inner gets out.

What differs from pygls, each for a measured reason (pygls 2.1.1):
- our own methods and commands keep their params as JSON: pygls turns them into namedtuples and
  renames keys that are no identifiers;
- a message is structured once, at its top: pygls does it for every nested object that has a key
  `jsonrpc`;
- what cannot be structured is answered: pygls would never answer it;
- errors carry no traceback and no input: pygls puts both into `error.data`;
- the types of pygls's own handlers are generators where ours are plain functions: it takes both;
- requests before `initialize` and after `shutdown` are answered, `exit` ends the loop instead of
  the interpreter, and open documents are ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, cast

import attrs
import pydantic
from lsprotocol import types
from lsprotocol.types import ErrorCodes, ResponseError
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol, default_converter, lsp_method

from makeitso.lsp import answers
from makeitso.protocol.methods import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from concurrent.futures import Future

    from cattrs import Converter

    from makeitso.lsp.server import Server

log = logging.getLogger(__name__)

_PLAIN = frozenset({types.WORKSPACE_EXECUTE_COMMAND})
"""Standard methods whose params stay JSON as well."""


@attrs.define
class Envelope:
    """A request or notification whose params stay JSON."""

    method: str
    id: Any = None
    params: Any = None
    jsonrpc: str = "2.0"


@attrs.define
class Push:
    """A notification of ours; it has no id, not even a null one.

    No defaults here: the converter would leave such fields out when it sends.
    """

    method: str
    params: Any
    jsonrpc: str


@attrs.define
class Reply:
    """The result of such a request."""

    id: Any
    result: Any = None
    jsonrpc: str = "2.0"


def converter() -> Converter:
    """The protocol's converter, with our envelopes and models."""
    made = default_converter()
    for kind in (Envelope, Push, Reply):
        made.register_structure_hook(kind, _of_fields)
    made.register_unstructure_hook_func(
        lambda kind: isinstance(kind, type) and issubclass(kind, pydantic.BaseModel),
        lambda model: model.model_dump(mode="json", by_alias=True),
    )
    return made


def _of_fields(fields: dict[str, Any], kind: type[Any]) -> Any:  # noqa: ANN401 -- cattrs' hook
    return kind(**{field.name: fields.get(field.name) for field in attrs.fields(kind)})


class Protocol(LanguageServerProtocol):
    """The protocol between one client and our server."""

    _server: Server  # pyright: ignore[reportIncompatibleVariableOverride] -- ours is the only one

    def __init__(self, server: Server, made: Converter) -> None:
        super().__init__(server, made)
        self._initialized = False
        self.exit_code: int | None = None
        self.on_exit: Callable[[], None] = lambda: None

    # -- what comes in ------------------------------------------------------------------------

    def receive(self, body: bytes) -> None:
        """Take one message."""
        try:
            data: object = json.loads(body)
        except ValueError:
            self._send_data(_nobody(ErrorCodes.ParseError.value, "That is not JSON."))
            return
        if not isinstance(data, dict):
            self._send_data(_nobody(ErrorCodes.InvalidRequest.value, "That is no message."))
            return
        message = cast("dict[str, Any]", data)
        if "method" in message and "id" in message:
            self._request(message)
        elif "method" in message:
            self._notification(message)
        elif "id" in message:
            self._response(message)
        else:
            self._send_data(_nobody(ErrorCodes.InvalidRequest.value, "That is no message."))

    def _request(self, message: dict[str, Any]) -> None:
        number, method = message["id"], str(message["method"])
        refusal = self._refusal(method)
        if refusal is not None:
            self._send_response(number, error=refusal)
            return
        try:
            kind = Envelope if self._is_plain(method) else self.get_message_type(method)
            structured = self._converter.structure(message, kind or Envelope)
        except Exception as error:  # noqa: BLE001 -- whatever a client sends is answered
            self._send_response(number, error=answers.bad_params(answers.of_cattrs(error)))
            return
        self.handle_message(structured)

    def _refusal(self, method: str) -> ResponseError | None:
        if method == types.INITIALIZE:
            return answers.shutting_down() if self._initialized else None
        if not self._initialized:
            return answers.not_initialized()
        if self._shutdown:
            return answers.shutting_down()
        if not self._knows(method):
            return answers.unknown_method(method)
        return None

    def _knows(self, method: str) -> bool:
        builtin = cast("dict[str, object]", self.fm.builtin_features)
        return method in builtin or method in cast("dict[str, object]", self.fm.features)

    def _notification(self, message: dict[str, Any]) -> None:
        method = str(message["method"])
        if not self._initialized and method != types.EXIT:
            return
        try:
            structured = self._converter.structure(message, self.get_message_type(method) or Push)
        except Exception:  # noqa: BLE001 -- a notification has no answer; it is dropped and said
            log.warning("notification.malformed", extra={"method": method[:100]})
            return
        self.handle_message(structured)

    def _response(self, message: dict[str, Any]) -> None:
        number = message["id"]
        future = self._request_futures.pop(number, None)
        kind = self._result_types.pop(number, None) or Reply
        if future is None or future.done():
            return
        error = message.get("error")
        if error is not None:
            told = cast("dict[str, object]", error) if isinstance(error, dict) else {}
            text = str(told.get("message", ""))
            future.set_exception(JsonRpcException(text or "the client refused", code=-32603))
            return
        try:
            future.set_result(self._converter.structure(message, kind).result)
        except Exception:  # noqa: BLE001 -- an answer we cannot read is no answer
            future.set_exception(JsonRpcException("the client's answer is malformed", code=-32603))

    @staticmethod
    def _is_plain(method: str) -> bool:
        return method.startswith(PREFIX) or method in _PLAIN

    def get_message_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The class of a message; ours keep their params as JSON."""
        if method.startswith(PREFIX):
            return Push
        return super().get_message_type(method)

    def get_result_type(self, method: str) -> type[Any] | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The class of an answer."""
        return Reply if self._is_plain(method) else super().get_result_type(method)

    # -- what goes out ------------------------------------------------------------------------

    def _send_handler_result(self, future: Future[Any], *, msg_id: str | int) -> None:
        """The one place where a handler's end becomes an answer."""
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            self._send_response(msg_id, error=answers.cancelled())
            return
        error = future.exception()
        if error is None:
            self._answer(msg_id, future.result())
            return
        answer = answers.expected(error)
        if answer is None:
            log.error("request.failed", exc_info=error)
            answer = answers.INTERNAL
        self._send_response(msg_id, error=answer)

    def _answer(self, msg_id: str | int, result: object) -> None:
        try:
            # A result that JSON cannot take must not become a missing answer.
            body = self._converter.unstructure(result)
            json.dumps(body)
        except (TypeError, ValueError):
            log.exception("result.unsendable")
            self._send_response(msg_id, error=answers.INTERNAL)
            return
        # As a dict: the converter leaves fields out that have their default, `result: null` too.
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "result": body})

    def _send_response(
        self,
        msg_id: str | int,
        result: object = None,
        error: ResponseError | None = None,
    ) -> None:
        if error is None:
            self._answer(msg_id, result)
            return
        if error.code == ErrorCodes.InternalError.value:
            error = answers.INTERNAL
        fields: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.data is not None:
            fields["data"] = self._converter.unstructure(error.data)
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": fields})

    async def ask(self, method: str, params: object) -> Any:  # noqa: ANN401 -- the caller knows
        """Send the client a request and wait for its answer.

        Raises:
            JsonRpcException: the client answered with an error; it did not do it.
        """
        return await asyncio.wrap_future(self.send_request(method, params))

    # -- built-in methods ---------------------------------------------------------------------

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Agree on what both sides can do."""
        self._initialized = True
        result = yield from super().lsp_initialize(params)
        self._server.on_initialize(params)
        return result

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: object) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """End; the loop that feeds us returns."""
        self.exit_code = 0 if self._shutdown else 1
        self.on_exit()

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, params: types.DidOpenTextDocumentParams
    ) -> None:
        """A document was opened."""
        self._server.on_open(self._server.documents.open(params.text_document))

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, params: types.DidChangeTextDocumentParams
    ) -> None:
        """A document changed."""
        document = self._server.documents.change(params)
        if document is not None:
            self._server.on_change(document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, params: types.DidCloseTextDocumentParams
    ) -> None:
        """A document was closed."""
        document = self._server.documents.close(params.text_document.uri)
        if document is not None:
            self._server.on_close(document)

    @lsp_method(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def lsp_work_done_progress_cancel(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, params: types.WorkDoneProgressCancelParams
    ) -> None:
        """The client cancelled a progress."""
        self._server.session.cancel_progress(params.token)

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, params: object
    ) -> object:
        """Carry out a command of ours; its one argument is the params of the request it names."""
        return await self._server.on_command(params)


def _nobody(code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
