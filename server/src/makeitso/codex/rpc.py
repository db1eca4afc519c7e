"""JSON-RPC over a child's pipes, one object a line, without the `jsonrpc` field.

One reader reads; it hands every notification on and waits until it is taken, so that a slow
listener slows the pipe and nothing piles up here. Requests of the other side are answered in tasks
of their own: a person may take hours.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import anyio

from makeitso.errors import ProtocolError, WorkerError
from makeitso.processes import LineSplitter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.abc import TaskGroup

    from makeitso.processes import Child

Json = dict[str, object]
RequestId = int | str

CALL_TIMEOUT_S = 60.0
_METHOD_UNKNOWN = -32601
_BAD_REQUEST_LIMIT = 500


class NoAnswer(Exception):  # noqa: N818 -- it is an answer: that there is none
    """Raised by a request handler for a request nobody here can answer."""


class RemoteError(ProtocolError):
    """The other side answered a call with an error; `data` has its `code`."""


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """Who takes what comes.

    Attributes:
        note: a notification: method and params.
        request: a request: id, method, params; returns the result or raises NoAnswer.
        wire: every line received, as it came.
        stray: what could not be understood, described for a person.
    """

    note: Callable[[str, Json], Awaitable[None]]
    request: Callable[[RequestId, str, Json], Awaitable[Json]]
    wire: Callable[[bytes], Awaitable[None]]
    stray: Callable[[str], Awaitable[None]]


class RpcClient:
    """Calls and notifications to one child; `read` must run in a task.

    Attributes:
        ended: set once the child's output has ended; every open call fails then.
    """

    def __init__(self, child: Child, handlers: Handlers, *, tasks: TaskGroup) -> None:
        self.ended = anyio.Event()
        self._child = child
        self._handlers = handlers
        self._tasks = tasks
        self._ids = itertools.count(1)
        self._open: dict[int, _Call] = {}
        self._asked: dict[RequestId, anyio.CancelScope] = {}
        self._writing = anyio.Lock()

    async def call(self, method: str, params: Json, *, timeout_s: float = CALL_TIMEOUT_S) -> Json:
        """Call a method and wait for its result.

        Raises:
            RemoteError: the answer is an error.
            WorkerError: no answer in time, or the child ended.
        """
        number = next(self._ids)
        call = self._open[number] = _Call()
        try:
            with anyio.move_on_after(timeout_s):
                await self._send({"id": number, "method": method, "params": params})
                await call.done.wait()
        finally:
            del self._open[number]
        if call.error is not None:
            raise RemoteError(
                f"{method}: {call.error.get('message', 'error without a message')}",
                data={"code": call.error.get("code")},
            )
        if call.result is None:
            why = "it ended" if self.ended.is_set() else f"no answer within {timeout_s:g} s"
            raise WorkerError(f"Codex did not answer {method}: {why}")
        return call.result

    async def notify(self, method: str) -> None:
        """Send a notification without params."""
        await self._send({"method": method})

    def forget_request(self, request_id: RequestId) -> None:
        """Stop answering a request of the other side: it was settled without us."""
        if scope := self._asked.pop(request_id, None):
            scope.cancel()

    async def read(self) -> None:
        """Read until the child's output ends."""
        splitter = LineSplitter()
        try:
            async for chunk in self._child.stdout():
                for line in splitter.feed(chunk):
                    await self._take(line.data, cut=line.cut)
            for line in splitter.finish():
                await self._take(line.data, cut=line.cut)
        finally:
            self.ended.set()
            for call in self._open.values():
                call.done.set()

    async def _take(self, line: bytes, *, cut: int) -> None:
        await self._handlers.wire(line + b"\n")
        try:
            message: object = None if cut else json.loads(line)
        except (ValueError, RecursionError):
            message = None
        if not isinstance(message, dict):
            if line.strip():
                await self._handlers.stray(_describe(line, cut=cut))
            return
        fields = cast("Json", message)
        method, request_id = fields.get("method"), fields.get("id")
        if isinstance(method, str):
            raw = fields.get("params")
            params = cast("Json", raw) if isinstance(raw, dict) else {}
            if isinstance(request_id, int | str):
                self._tasks.start_soon(self._answer, request_id, method, params)
            else:
                await self._handlers.note(method, params)
        elif isinstance(request_id, int) and (call := self._open.get(request_id)):
            _settle(call, fields)

    async def _answer(self, request_id: RequestId, method: str, params: Json) -> None:
        with anyio.CancelScope() as scope:
            self._asked[request_id] = scope
            try:
                result = await self._handlers.request(request_id, method, params)
                reply: Json = {"id": request_id, "result": result}
            except NoAnswer as refusal:
                error = {"code": _METHOD_UNKNOWN, "message": str(refusal) or "not answered here"}
                reply = {"id": request_id, "error": error}
            finally:
                self._asked.pop(request_id, None)
            if not self.ended.is_set():
                try:
                    await self._send(reply)
                except WorkerError as error:
                    await self._handlers.stray(f"answer to {method} not sent: {error}")

    async def _send(self, message: Json) -> None:
        async with self._writing:
            await self._child.write(json.dumps(message).encode() + b"\n")


class _Call:
    def __init__(self) -> None:
        self.done = anyio.Event()
        self.result: Json | None = None
        self.error: Json | None = None


def _settle(call: _Call, fields: Json) -> None:
    error, result = fields.get("error"), fields.get("result")
    if isinstance(error, dict):
        call.error = cast("Json", error)
    else:
        call.result = cast("Json", result) if isinstance(result, dict) else {}
    call.done.set()


def _describe(line: bytes, *, cut: int) -> str:
    if cut:
        return f"a line of {len(line) + cut} bytes was dropped"
    return f"not a message: {line[:_BAD_REQUEST_LIMIT].decode(errors='replace')}"
