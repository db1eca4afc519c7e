"""`codex app-server`: one child, one connection, threads and turns."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, TypeVar

import anyio
from pydantic import BaseModel, ValidationError

from makeitso import __version__
from makeitso.codex.messages import Initialized, ThreadOpened, TurnNote
from makeitso.codex.rpc import Handlers, RemoteError, RpcClient
from makeitso.errors import ProtocolError, WorkerError
from makeitso.processes import open_child, task_group

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from makeitso.codex.rpc import Json
    from makeitso.processes import Child

Model = TypeVar("Model", bound=BaseModel)

START_TIMEOUT_S = 60.0
INTERRUPT_TIMEOUT_S = 3.0
COMMANDS_GRACE_S = 0.4
"""How long Codex may take to end the commands of a turn itself; measured idle: 0.05 s."""
"""It answers within 0.1 s, or it hangs and has to be killed."""
EOF_PATIENCE_S = 5.0
"""At the end of its input Codex ends its commands and itself in about 0.1 s."""
_RETRY_S = 0.05
_LAST_WORDS_S = 1.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_BENIGN = "could not find bubblewrap on PATH"  # it brings its own
_STDERR_TAIL = 4000


class AppServer:
    """A running app-server.

    Attributes:
        child: the process.
        rpc: the connection.
        user_agent: how it introduced itself.
    """

    def __init__(self, child: Child, rpc: RpcClient) -> None:
        self.child = child
        self.rpc = rpc
        self.user_agent = ""
        self._stderr = bytearray()
        self._drained = anyio.Event()

    @property
    def stderr_tail(self) -> str:
        """The last of what it logged so far, without colours and what it says of every start."""
        text = _COLOUR.sub("", self._stderr.decode(errors="replace"))
        return "\n".join(line for line in text.splitlines() if _BENIGN not in line).strip()

    async def last_words(self) -> str:
        """The last of what it logged; waits a moment for the rest if it has just ended."""
        with anyio.move_on_after(_LAST_WORDS_S):
            await self._drained.wait()
        return self.stderr_tail

    async def initialize(self) -> None:
        """Introduce ourselves.

        Raises:
            WorkerError: it ended or stays silent.
            ProtocolError: it speaks something else.
        """
        client = {"name": "makeitso", "title": "makeitso", "version": __version__}
        # backgroundTerminals/clean, which ends a command after an interrupt, is experimental.
        params: Json = {"clientInfo": client, "capabilities": {"experimentalApi": True}}
        result = await self.rpc.call("initialize", params, timeout_s=START_TIMEOUT_S)
        self.user_agent = read_result(Initialized, result).user_agent
        await self.rpc.notify("initialized")

    async def open_thread(self, params: Json, *, resume: str | None = None) -> ThreadOpened:
        """Start a thread, or resume one; `params` are those both methods share.

        Raises:
            WorkerError: it ended or stays silent.
            ProtocolError: it refuses or speaks something else.
        """
        if resume is None:
            result = await self.rpc.call("thread/start", params)
        else:
            known = {**params, "threadId": resume, "excludeTurns": True}
            result = await self.rpc.call("thread/resume", known)
        return read_result(ThreadOpened, result)

    async def start_turn(self, thread: str, text: str, *, schema: Json | None = None) -> str:
        """Give an instruction; the id of the turn.

        Raises:
            WorkerError: it ended or stays silent.
            ProtocolError: it refuses or speaks something else.
        """
        params: Json = {"threadId": thread, "input": [{"type": "text", "text": text}]}
        if schema is not None:
            params["outputSchema"] = schema
        return read_result(TurnNote, await self.rpc.call("turn/start", params)).turn.id

    async def interrupt_turn(self, thread: str, turn: str) -> bool:
        """End a running turn and the commands it started; False if Codex did not do both.

        An interrupt alone leaves a running command alive, without any further word of it. One for a
        turn that is already over is never answered, so ask only for one that runs. While a command
        floods it Codex does not answer within seconds: then its commands are killed under it.
        """
        params: Json = {"threadId": thread, "turnId": turn}
        interrupted = False
        async with task_group() as tasks:
            tasks.start_soon(self._kill_commands_soon)
            with anyio.move_on_after(INTERRUPT_TIMEOUT_S):
                while not interrupted:
                    try:
                        await self.rpc.call("turn/interrupt", params, timeout_s=INTERRUPT_TIMEOUT_S)
                        interrupted = True
                    except RemoteError:
                        # Between the answer to turn/start and its first notification Codex says
                        # that there is no active turn.
                        await anyio.sleep(_RETRY_S)
                    except WorkerError:
                        break
            ended = interrupted and await self.end_commands(thread)
            tasks.cancel_scope.cancel()
        return ended

    async def _kill_commands_soon(self) -> None:
        await anyio.sleep(COMMANDS_GRACE_S)
        await self.child.kill_below()

    async def steer_turn(self, thread: str, turn: str, text: str) -> bool:
        """Say something to a running turn; False if Codex did not take it."""
        params: Json = {
            "threadId": thread,
            "expectedTurnId": turn,
            "input": [{"type": "text", "text": text}],
        }
        try:
            await self.rpc.call("turn/steer", params, timeout_s=INTERRUPT_TIMEOUT_S)
        except (RemoteError, WorkerError):
            return False
        return True

    async def end_commands(self, thread: str) -> bool:
        """End every command of a thread that still runs; False if that could not be had."""
        params: Json = {"threadId": thread}
        try:
            await self.rpc.call(
                "thread/backgroundTerminals/clean", params, timeout_s=INTERRUPT_TIMEOUT_S
            )
        except (RemoteError, WorkerError):
            return False
        return True

    async def drain_stderr(self, log: Callable[[bytes], Awaitable[None]]) -> None:
        """Read standard error to its end, keeping its tail."""
        async for chunk in self.child.stderr():
            self._stderr += chunk
            del self._stderr[:-_STDERR_TAIL]
            await log(chunk)
        self._drained.set()


@contextlib.asynccontextmanager
async def open_appserver(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    handlers: Handlers,
    log: Callable[[bytes], Awaitable[None]],
) -> AsyncGenerator[AppServer]:
    """Start `argv` (program, `app-server`, options) and introduce ourselves.

    On leaving the block its input is closed, it gets time to end, and nothing of its tree is left.

    Raises:
        EnvironmentFault: it cannot be started.
        WorkerError: it ends or stays silent; the message has the last of its log.
        ProtocolError: it speaks something else.
    """
    async with (
        open_child(argv, cwd=cwd, env=env, stdin="pipe", patience_s=EOF_PATIENCE_S) as child,
        task_group() as tasks,
    ):
        server = AppServer(child, RpcClient(child, handlers, tasks=tasks))
        tasks.start_soon(server.rpc.read)
        tasks.start_soon(server.drain_stderr, log)
        tasks.start_soon(child.keep_looking)
        try:
            await server.initialize()
        except WorkerError as error:
            detail = await server.last_words()
            raise WorkerError(f"{error.message}. {detail}" if detail else error.message) from error
        yield server
        # Codex is told of the end first: its last words still reach the log.
        await child.end(patience_s=EOF_PATIENCE_S)
        with anyio.move_on_after(EOF_PATIENCE_S):
            await server.rpc.ended.wait()
        tasks.cancel_scope.cancel()


def read_result(model: type[Model], value: Json) -> Model:
    """Read an answer as a model.

    Raises:
        ProtocolError: it does not fit.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ProtocolError(
            f"Codex answered in an unknown shape ({model.__name__})",
            hint="this version of Codex may be untested; mis doctor says which are known to work",
            data={"detail": str(error)[:500]},
        ) from error
