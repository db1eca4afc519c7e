"""One app-server thread at work: its notifications become events, its turns become results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.codex.failures import Failure
from makeitso.codex.messages import Item, unwrapped
from makeitso.codex.notes import (
    ItemEnded,
    ItemStarted,
    OutputDelta,
    RequestSettled,
    TextDelta,
    Tokens,
    Trouble,
    TurnEnded,
    read_note,
)
from makeitso.errors import ProtocolError, WorkerError
from makeitso.workers.codex_asks import CodexAsks
from makeitso.workers.port import (
    CommandEnded,
    CommandStarted,
    FilesTouched,
    Message,
    Notice,
    Output,
    TurnResult,
    Usage,
    WorkerEvent,
)
from makeitso.workers.timers import TurnTimers

if TYPE_CHECKING:
    from makeitso.codex.appserver import AppServer
    from makeitso.codex.rpc import Json, RequestId
    from makeitso.workers.port import WorkerHost, WorkerJob

END_AFTER_INTERRUPT_S = 10.0


class CodexSession:
    """A `WorkerSession` over an app-server.

    Attributes:
        thread: id of its thread, once bound.
    """

    def __init__(self, job: WorkerJob, host: WorkerHost) -> None:
        self.thread = ""
        self._job = job
        self._host = host
        self._emitting = anyio.Lock()
        self._server: AppServer | None = None
        self._timers = TurnTimers(idle_s=job.idle_timeout_s, wall_s=job.wall_timeout_s)
        self._asks = CodexAsks(job, host, timers=self._timers, tell=self._tell)
        self._turn = _Turn()
        self._busy = False
        self._stopping = anyio.Lock()
        self._closed: set[str] = set()

    def bind(self, server: AppServer, thread: str) -> None:
        """Connect to the running server and its thread."""
        self._server, self.thread = server, thread

    async def emit(self, event: WorkerEvent) -> None:
        """Hand an event to the host, one at a time and in order."""
        async with self._emitting:
            await self._host.emit(event)

    async def turn(self, text: str) -> TurnResult:
        """See `WorkerSession.turn`."""
        if self._busy:
            return _failed(Failure("protocol", "a turn is already running", retryable=False))
        server, turn = self._bound(), _Turn()
        self._turn, self._busy = turn, True
        self._timers.start()
        try:
            try:
                turn.id = await server.start_turn(self.thread, text)
            except (WorkerError, ProtocolError) as error:
                return self._not_started(server, error)
            expired = await self._timers.run_out(turn.over, server.rpc.ended)
            if expired is not None:
                await self._stop(server, turn)
                return TurnResult(
                    status="failed",
                    message=turn.message,
                    error=self._timers.describe(expired),
                    error_kind=expired,
                    retryable=True,
                )
            if turn.status == "interrupted":
                await self._stop(server, turn)
            return self._result(server, turn)
        finally:
            if not turn.over.is_set() and not server.rpc.ended.is_set():
                await self._stop(server, turn)
            self._busy = False

    async def interrupt(self) -> None:
        """See `WorkerSession.interrupt`."""
        if self._busy:
            await self._stop(self._bound(), self._turn)

    async def on_note(self, method: str, params: Json) -> None:
        """Take a notification."""
        self._timers.touch()
        note = read_note(method, params, thread=self.thread)
        match note:
            case TextDelta():
                await self.emit(Output("message", note.text.encode(), note.item))
            case OutputDelta():
                self._turn.streamed.add(note.item)
                await self.emit(Output("stdout", note.text.encode(), note.item))
            case ItemStarted():
                await self._item_started(note.item)
            case ItemEnded():
                await self._item_ended(note.item)
            case Tokens():
                total = note.total
                await self.emit(
                    Usage(
                        input_tokens=total.input_tokens,
                        cached_input_tokens=total.cached_input_tokens,
                        output_tokens=total.output_tokens,
                        reasoning_tokens=total.reasoning_output_tokens,
                        total_tokens=total.total_tokens,
                    )
                )
            case Trouble():
                await self.emit(Notice(note.text, note.will_retry))
            case RequestSettled():
                self._bound().rpc.forget_request(note.request)
            case TurnEnded():
                self._turn.status, self._turn.failure = note.status, note.failure
                self._turn.over.set()
            case None:
                pass

    async def on_request(self, request: RequestId, method: str, params: Json) -> Json:
        """Answer a request of Codex; raises NoAnswer for one nobody can answer."""
        del request
        return await self._asks.answer(method, params, items=self._turn.open_items)

    async def on_wire(self, line: bytes) -> None:
        """Keep a raw line."""
        await self.emit(Output("wire", line))

    async def on_log(self, chunk: bytes) -> None:
        """Keep what the program logs."""
        await self.emit(Output("log", chunk))

    async def on_stray(self, text: str) -> None:
        """Tell of something that could not be understood."""
        await self._tell(text)

    async def _tell(self, text: str) -> None:
        await self.emit(Notice(text))

    async def _item_started(self, item: Item) -> None:
        if item.type in ("commandExecution", "fileChange"):
            self._turn.open_items[item.id] = item
        if item.type == "commandExecution":
            await self.emit(CommandStarted(item.id, unwrapped(item.command), item.cwd))

    async def _item_ended(self, item: Item) -> None:
        turn = self._turn
        turn.open_items.pop(item.id, None)
        if item.id in self._closed:
            return  # its end was told when the turn was stopped
        match item.type:
            case "agentMessage":
                final = item.phase == "final_answer"
                if final or not turn.final:
                    turn.message, turn.final = item.text, final
                await self.emit(Message(item.text, final, item.id))
            case "commandExecution":
                if item.aggregated_output and item.id not in turn.streamed:
                    await self.emit(Output("stdout", item.aggregated_output.encode(), item.id))
                await self.emit(
                    CommandEnded(item.id, unwrapped(item.command), item.exit_code, item.duration_ms)
                )
            case "fileChange" if item.status == "completed":
                paths = tuple(path for change in item.changes for path in change.paths)
                await self.emit(FilesTouched(paths))
            case "fileChange":
                await self.emit(Notice(f"a patch was not applied: {item.status}"))
            case _:
                pass

    async def _stop(self, server: AppServer, turn: _Turn) -> None:
        """Interrupt, end its commands, and if Codex does not follow, end Codex."""
        with anyio.CancelScope(shield=True):
            async with self._stopping:
                if turn.id and not turn.over.is_set() and not server.rpc.ended.is_set():
                    await server.interrupt_turn(self.thread, turn.id)
                    with anyio.move_on_after(END_AFTER_INTERRUPT_S):
                        await self._timers.either(turn.over, server.rpc.ended)
                if not turn.cleaned:
                    turn.cleaned = await server.end_commands(self.thread)
                if not turn.cleaned or not turn.over.is_set():
                    await server.child.end()
                await self._close_commands(turn)

    async def _close_commands(self, turn: _Turn) -> None:
        for item in tuple(turn.open_items.values()):
            del turn.open_items[item.id]
            self._closed.add(item.id)
            if item.type == "commandExecution":
                await self.emit(CommandEnded(item.id, unwrapped(item.command), None, None))

    def _result(self, server: AppServer, turn: _Turn) -> TurnResult:
        match turn.status:
            case "completed":
                return TurnResult(status="completed", message=turn.message)
            case "interrupted":
                return TurnResult(status="interrupted", message=turn.message)
            case _:
                return _failed(turn.failure or self._died(server), message=turn.message)

    def _not_started(self, server: AppServer, error: WorkerError | ProtocolError) -> TurnResult:
        if server.rpc.ended.is_set():
            return _failed(self._died(server))
        return _failed(Failure("protocol", error.message, retryable=False))

    def _died(self, server: AppServer) -> Failure:
        code = server.child.exit_code
        how = "its output closed" if code is None else f"exit code {code}"
        tail = server.stderr_tail
        text = f"Codex ended in the middle of a turn ({how})"
        return Failure("process", f"{text}: {tail[-500:]}" if tail else text, retryable=True)

    def _bound(self) -> AppServer:
        assert self._server is not None, "the session is bound before it is handed out"
        return self._server


def _failed(failure: Failure, *, message: str = "") -> TurnResult:
    return TurnResult(
        status="failed",
        message=message,
        error=failure.message,
        error_kind=failure.kind,
        retryable=failure.retryable,
    )


class _Turn:
    def __init__(self) -> None:
        self.id = ""
        self.status = ""
        self.message = ""
        self.final = False
        self.failure: Failure | None = None
        self.over = anyio.Event()
        self.cleaned = False
        self.open_items: dict[str, Item] = {}
        self.streamed: set[str] = set()
