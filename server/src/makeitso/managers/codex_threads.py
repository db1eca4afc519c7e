"""Read-only threads on one app-server, which starts at the first question and stays.

The server lives in a task of its own, because questions come and go in the tasks of others. A
thread's notifications wait in a short queue for whoever asked; a slow listener slows the reader.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import anyio

from makeitso.codex.appserver import EOF_PATIENCE_S, AppServer, open_appserver
from makeitso.codex.find import probe_codex
from makeitso.codex.home import HomeSettings, codex_environment, write_home
from makeitso.codex.notes import Note, read_note
from makeitso.codex.permissions import READ_ONLY
from makeitso.codex.rpc import Handlers, NoAnswer, RemoteError
from makeitso.codex.sandbox import sandbox_state
from makeitso.errors import MisError, WorkerError
from makeitso.managers.codex_turn import Thread, listen
from makeitso.managers.port import unseen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from anyio.abc import TaskGroup, TaskStatus
    from anyio.streams.memory import MemoryObjectSendStream

    from makeitso.codex.rpc import Json, RequestId
    from makeitso.managers.port import ManagerEvent
    from makeitso.managers.structured import Reply

QUEUE = 256
"""Notifications of a thread that may wait to be taken."""
HUNG_GRACE_S = 0.5
"""A server that does not do as it is told gets so long to end by itself."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the app-server runs and what it asks; see `CodexSettings`."""

    command: str | None
    repository: Path
    home: Path
    tmp: Path
    model: str | None
    base_url: str | None
    api_key: str | None
    run_commands: bool


class CodexThreads:
    """Opens threads and asks in them; `tasks` is where the server's task runs."""

    def __init__(self, place: Place, *, tasks: TaskGroup) -> None:
        self._place = place
        self._tasks = tasks
        self._starting = anyio.Lock()
        self._server: AppServer | None = None
        self._closing = anyio.Event()
        self._gone = anyio.Event()
        self._queues: dict[str, MemoryObjectSendStream[Note]] = {}

    async def open(self, repository: Path) -> Thread:
        """Start a thread that may read `repository` and change nothing; it leaves no history file.

        Raises:
            EnvironmentFault: Codex is missing or too old.
            WorkerError, ProtocolError: it does not start, or speaks something else.
        """
        server = await self._running()
        opened = await server.open_thread(
            {
                "cwd": str(repository),
                "approvalPolicy": READ_ONLY.approval,
                "sandbox": READ_ONLY.sandbox,
                "ephemeral": True,
                # AGENTS.md of the tree would count as instructions, and a worker can write it.
                "config": {"project_doc_max_bytes": 0},
            }
        )
        return Thread(server=server, id=opened.thread.id, model=opened.model)

    async def ask(
        self,
        thread: Thread,
        text: str,
        *,
        schema: Json,
        progress: Callable[[str], Awaitable[None]],
        saw: Callable[[ManagerEvent], None] = unseen,
        idle_s: float,
    ) -> Reply:
        """One turn in a thread: `text` in, the final message out.

        Args:
            thread: of this server.
            text: what is asked.
            schema: the strict JSON Schema of the answer.
            progress: takes the answer as it is written.
            saw: sees what happens in the turn.
            idle_s: longest time without a word of any kind.

        Cancelled, it interrupts the turn and ends its commands; a server that does not do that is
        ended with all that it started.

        Raises:
            TurnFailed: Codex says that the turn failed or was interrupted.
            WorkerError: the server ended, or was silent for `idle_s`.
            ProtocolError: it refuses, or speaks something else.
        """
        async with thread.asking:
            send, receive = anyio.create_memory_object_stream[Note](QUEUE)
            with send, receive:
                self._queues[thread.id] = send
                turn = ""
                thread.working = True
                try:
                    turn = await _started(thread, text, schema=schema)
                    return await listen(thread, receive, progress=progress, saw=saw, idle_s=idle_s)
                finally:
                    # Nobody takes notes from here on: the reader must not wait for us.
                    del self._queues[thread.id]
                    receive.close()
                    if thread.working and not thread.ended:
                        with anyio.CancelScope(shield=True):
                            await _stop(thread, turn)

    async def rest(self) -> None:
        """End the server and wait until it is gone; whoever opens a thread starts another."""
        async with self._starting:
            if self._server is not None and not self._gone.is_set():
                await self._server.child.end(patience_s=EOF_PATIENCE_S)
                await self._gone.wait()

    async def close(self) -> None:
        """End the server and wait until it is gone; idempotent."""
        self._closing.set()
        if self._server is not None:
            await self._gone.wait()

    async def _running(self) -> AppServer:
        async with self._starting:
            if self._closing.is_set():
                raise WorkerError("the manager is closed")
            server = self._server
            if server is None or server.rpc.ended.is_set():
                self._gone = anyio.Event()
                server = self._server = cast("AppServer", await self._tasks.start(self._keep))
            return server

    async def _keep(self, *, task_status: TaskStatus[AppServer]) -> None:
        """Run one server from start to end; never fails once it has started."""
        started, gone = False, self._gone
        try:
            program, env = await self._prepare()
            handlers = Handlers(
                note=self._on_note, request=_refuse, wire=_ignore, stray=_ignore_text
            )
            async with open_appserver(
                [str(program), "app-server"],
                cwd=self._place.repository,
                env=env,
                handlers=handlers,
                log=_ignore,
            ) as server:
                started = True
                task_status.started(server)
                await _first(self._closing, server.rpc.ended)
        except MisError:
            if not started:
                raise
            # Whoever asks hears of it: the queues close, and the next question starts a new server.
        finally:
            gone.set()
            for queue in tuple(self._queues.values()):
                queue.close()

    async def _prepare(self) -> tuple[Path, Mapping[str, str]]:
        place = self._place
        codex = await probe_codex(place.command)
        place.tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
        env = codex_environment(
            home=place.home, tmp=place.tmp, api_key=place.api_key, inherited=os.environ, extra={}
        )
        settings = HomeSettings(
            permissions=READ_ONLY,
            workspace=place.repository,
            model=place.model,
            base_url=place.base_url,
            has_key=bool(place.api_key),
        )
        write_home(place.home, settings)
        if not place.run_commands or not await self._sandboxed(codex.path, env):
            # Without a sandbox every command fails; offering none saves the attempts.
            without = replace(READ_ONLY, shell_tool=False)
            write_home(place.home, replace(settings, permissions=without))
        return codex.path, env

    async def _sandboxed(self, program: Path, env: Mapping[str, str]) -> bool:
        return (await sandbox_state(program, cwd=self._place.repository, env=env)).ok

    async def _on_note(self, method: str, params: Json) -> None:
        about = params.get("threadId")
        queue = self._queues.get(about) if isinstance(about, str) else None
        note = read_note(method, params, thread="") if queue else None
        if queue is not None and note is not None:
            # Broken or closed: who asked is gone.
            with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await queue.send(note)


async def _started(thread: Thread, text: str, *, schema: Json) -> str:
    try:
        return await thread.server.start_turn(thread.id, text, schema=schema)
    except RemoteError:
        thread.working = False  # refused: there is no turn
        raise


async def _stop(thread: Thread, turn: str) -> None:
    """Interrupt a turn and end its commands; if its id was never told, end the server."""
    if not turn or not await thread.server.interrupt_turn(thread.id, turn):
        await thread.server.child.end(grace_s=HUNG_GRACE_S)


async def _refuse(request: RequestId, method: str, params: Json) -> Json:
    del request, params
    raise NoAnswer(f"a manager only reads; {method} is not answered")


async def _ignore(data: bytes) -> None:
    del data


async def _ignore_text(text: str) -> None:
    del text


async def _first(*events: anyio.Event) -> None:
    async with anyio.create_task_group() as tasks:

        async def wait(event: anyio.Event) -> None:
            await event.wait()
            tasks.cancel_scope.cancel()

        for event in events:
            tasks.start_soon(wait, event)
