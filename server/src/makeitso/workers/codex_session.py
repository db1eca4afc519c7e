"""One app-server thread at work: its notifications become events, its turns become results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.codex.failures import Failure
from makeitso.codex.notes import RequestSettled, TurnEnded, read_note
from makeitso.errors import ProtocolError, WorkerError
from makeitso.workers.codex_asks import CodexAsks
from makeitso.workers.codex_turn import Turn, failed, ran_out
from makeitso.workers.port import Notice, Output, TurnResult, WorkerEvent
from makeitso.workers.timers import TurnTimers

if TYPE_CHECKING:
    from makeitso.codex.appserver import AppServer
    from makeitso.codex.rpc import Json, RequestId
    from makeitso.workers.port import WorkerHost, WorkerJob

END_AFTER_INTERRUPT_S = 3.0
HUNG_GRACE_S = 1.0

_UNSAID = Failure("model", "Codex gave no reason", retryable=False)


class CodexSession:
    """A `WorkerSession` over an app-server.

    Attributes:
        thread: id of its thread, once bound.
    """

    def __init__(self, job: WorkerJob, host: WorkerHost) -> None:
        self.thread = ""
        self._host = host
        self._emitting = anyio.Lock()
        self._stopping = anyio.Lock()
        self._server: AppServer | None = None
        self._timers = TurnTimers(idle_s=job.idle_timeout_s, wall_s=job.wall_timeout_s)
        self._asks = CodexAsks(job, host, timers=self._timers, tell=self.tell, steer=self.steer)
        self._turn = Turn()
        self._busy = False
        self._ends: dict[str, TurnEnded] = {}

    def bind(self, server: AppServer, thread: str) -> None:
        """Connect to the running server and its thread."""
        self._server, self.thread = server, thread

    async def emit(self, event: WorkerEvent) -> None:
        """Hand an event to the host, one at a time and in order."""
        async with self._emitting:
            await self._host.emit(event)

    async def tell(self, text: str) -> None:
        """Hand a notice to the host."""
        await self.emit(Notice(text))

    async def steer(self, text: str) -> None:
        """Say something to the turn that runs; what cannot be said now is left out."""
        turn = self._turn
        if turn.id and not turn.over.is_set():
            await self._bound().steer_turn(self.thread, turn.id, text)

    async def turn(self, text: str) -> TurnResult:
        """See `WorkerSession.turn`."""
        if self._busy:
            return failed(Failure("protocol", "a turn is already running", retryable=False))
        server, turn = self._bound(), Turn()
        self._turn, self._busy = turn, True
        self._timers.start()
        try:
            try:
                turn.id = await server.start_turn(self.thread, text)
                turn.known.set()
            except (WorkerError, ProtocolError) as error:
                refused = Failure("protocol", error.message, retryable=False)
                gone = server.rpc.ended.is_set()
                return turn.result(otherwise=await self._died(server) if gone else refused)
            self._end_if_told(turn)
            expired = await self._timers.run_out(turn.over, server.rpc.ended)
            if expired is not None:
                await self._stop(server, turn)
                return ran_out(turn, expired, self._timers)
            if turn.status == "interrupted":
                await self._stop(server, turn)
            if turn.over.is_set():
                return turn.result(otherwise=_UNSAID)
            return turn.result(otherwise=await self._died(server))
        finally:
            if not turn.over.is_set() and not server.rpc.ended.is_set():
                await self._stop(server, turn)
            self._busy = False

    async def interrupt(self) -> None:
        """See `WorkerSession.interrupt`."""
        if self._busy:
            server, turn = self._bound(), self._turn
            with anyio.move_on_after(END_AFTER_INTERRUPT_S):
                await self._timers.either(turn.known, turn.over, server.rpc.ended)
            await self._stop(server, turn)

    async def on_note(self, method: str, params: Json) -> None:
        """Take a notification."""
        self._timers.touch()
        note = read_note(method, params, thread=self.thread)
        match note:
            case None:
                pass
            case RequestSettled():
                self._bound().rpc.forget_request(note.request)
            case TurnEnded():
                self._ends = {note.turn: note}
                self._end_if_told(self._turn)
            case _:
                await self._turn.take(note, self.emit)

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

    def _end_if_told(self, turn: Turn) -> None:
        # The end may be told before the answer to turn/start, and late for a turn given up.
        if turn.id and (end := self._ends.get(turn.id)):
            turn.end(end.status, end.failure)

    async def _stop(self, server: AppServer, turn: Turn) -> None:
        """Interrupt, end its commands, and if Codex does not follow, end Codex."""
        with anyio.CancelScope(shield=True):
            async with self._stopping:
                turn.stopped = True
                if turn.id and not turn.over.is_set() and not server.rpc.ended.is_set():
                    turn.cleaned = await server.interrupt_turn(self.thread, turn.id)
                    if turn.cleaned:
                        with anyio.move_on_after(END_AFTER_INTERRUPT_S):
                            await self._timers.either(turn.over, server.rpc.ended)
                elif not turn.cleaned:
                    turn.cleaned = await server.end_commands(self.thread)
                if not turn.cleaned or not turn.over.is_set():
                    await server.child.end(grace_s=HUNG_GRACE_S)
                await turn.close_commands(self.emit)

    async def _died(self, server: AppServer) -> Failure:
        with anyio.move_on_after(HUNG_GRACE_S):
            await server.child.wait()  # its pipes close a moment before it is known how it ended
        code = server.child.exit_code
        how = "its output closed" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by signal {-code}"
        tail = await server.last_words()
        text = f"Codex ended in the middle of a turn ({how})"
        return Failure("process", f"{text}: {tail[-500:]}" if tail else text, retryable=True)

    def _bound(self) -> AppServer:
        assert self._server is not None, "the session is bound before it is handed out"
        return self._server
