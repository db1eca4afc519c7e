"""The Codex CLI as a worker, over `codex exec --json`: one process per turn, the thread resumed.

It cannot ask: what would need a person is refused by Codex itself, and a refused request to leave
the sandbox shows only in the program's log. A policy that steps through every command is therefore
not possible with it.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import anyio

from makeitso.codex.execlines import ThreadNamed, read_exec_line
from makeitso.codex.failures import THREAD_LOST, Failure, classify, is_thread_lost
from makeitso.codex.find import Codex, probe_codex
from makeitso.codex.notes import TurnEnded
from makeitso.errors import ConfigError, EnvironmentFault, WorkerError
from makeitso.processes import Child, LineSplitter, open_child, task_group
from makeitso.workers.codex import job_permissions, prepare_home
from makeitso.workers.codex_turn import Turn, failed, ran_out
from makeitso.workers.port import Notice, Output, Started, TurnResult, WorkerEvent
from makeitso.workers.timers import TurnTimers

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from makeitso.workers.port import (
        WorkerHost,
        WorkerJob,
        WorkerSession,
        WorkerSessionContext,
    )

_STDERR_TAIL = 4000
_DRAIN_S = 2.0
_BENIGN = ("Reading additional input from stdin", "Reading prompt from stdin")


class CodexExecWorker:
    """Opens `codex exec` sessions.

    Attributes:
        name: of the worker, as in the config.
    """

    name = "codex"

    def __init__(self, *, command: str | None = None) -> None:
        self._command = command

    def open(self, job: WorkerJob, host: WorkerHost) -> WorkerSessionContext:
        """Prepare the job; a process runs during turns only.

        Raises (on entering): EnvironmentFault, ConfigError.
        """
        return self._open(job, host)

    @contextlib.asynccontextmanager
    async def _open(self, job: WorkerJob, host: WorkerHost) -> AsyncGenerator[WorkerSession]:
        if job.step_commands:
            raise ConfigError(
                "approval `manual` asks for every command, and `codex exec` cannot ask",
                hint='set [workers.codex] transport = "app-server", or another approval policy',
            )
        codex = await probe_codex(self._command)
        rights = job_permissions(job)
        env = await prepare_home(codex, job, rights, instructions=job.instructions)
        if codex.warning:
            await host.emit(Notice(codex.warning))
        session = CodexExecSession(codex, job, host, env=env)
        try:
            yield session
        finally:
            with anyio.CancelScope(shield=True):
                await session.interrupt()


class CodexExecSession:
    """A `WorkerSession` over `codex exec`."""

    def __init__(
        self, codex: Codex, job: WorkerJob, host: WorkerHost, *, env: Mapping[str, str]
    ) -> None:
        self._codex = codex
        self._job = job
        self._host = host
        self._env = env
        self._thread = job.thread or ""
        self._emitting = anyio.Lock()
        self._timers = TurnTimers(idle_s=job.idle_timeout_s, wall_s=job.wall_timeout_s)
        self._turn: Turn | None = None
        self._child: Child | None = None
        self._stderr = bytearray()

    async def turn(self, text: str) -> TurnResult:
        """See `WorkerSession.turn`."""
        if self._turn is not None:
            return failed(Failure("protocol", "a turn is already running", retryable=False))
        try:
            result = await self._run(text)
            if self._thread and is_thread_lost(result.error):
                await self._emit(Notice(THREAD_LOST))
                self._thread = ""
                result = await self._run(text)
        except (EnvironmentFault, WorkerError) as error:
            result = failed(Failure("process", error.message, retryable=False))
        finally:
            self._turn = self._child = None
        return result

    async def interrupt(self) -> None:
        """See `WorkerSession.interrupt`."""
        turn, child = self._turn, self._child
        if turn is not None and not turn.over.is_set():
            turn.stopped = True
            if child is not None:
                await child.end()

    async def _run(self, text: str) -> TurnResult:
        turn = self._turn = Turn()
        self._stderr.clear()
        self._timers.start()
        async with open_child(
            self._argv(), cwd=self._job.worktree, env=self._env, stdin="pipe"
        ) as child:
            self._child = child
            over = anyio.Event()
            async with task_group() as tasks:
                tasks.start_soon(self._give, child, text)
                tasks.start_soon(self._read, child, turn, over)
                tasks.start_soon(_end_with, child, over)
                tasks.start_soon(self._drain_stderr, child)
                tasks.start_soon(child.keep_looking)
                expired = await self._timers.run_out(over)
                await child.end(patience_s=0.0 if expired else 1.0)
                tasks.cancel_scope.cancel()
        await turn.close_commands(self._emit)
        if expired is not None:
            return ran_out(turn, expired, self._timers)
        return turn.result(otherwise=self._ended(child))

    def _argv(self) -> list[str]:
        command = [str(self._codex.path), "exec"]
        if self._thread:
            command.append("resume")
        command += ["--json", "--skip-git-repo-check", *self._job.extra_args]
        # The prompt comes by standard input: argv can be read by every user of the machine.
        return [*command, self._thread, "-"] if self._thread else [*command, "-"]

    async def _give(self, child: Child, text: str) -> None:
        # A program that ended before reading says why on its other pipes.
        with contextlib.suppress(WorkerError):
            await child.write(text.encode())
        child.close_stdin()

    async def _read(self, child: Child, turn: Turn, over: anyio.Event) -> None:
        splitter = LineSplitter()
        async for chunk in child.stdout():
            self._timers.touch()
            for line in splitter.feed(chunk):
                await self._emit(Output("wire", line.data + b"\n"))
                for note in read_exec_line(line):
                    if isinstance(note, ThreadNamed):
                        await self._named(child, note.thread)
                    elif isinstance(note, TurnEnded):
                        turn.end(note.status, note.failure)
                    else:
                        await turn.take(note, self._emit)
        over.set()

    async def _named(self, child: Child, thread: str) -> None:
        self._thread = thread
        await self._emit(
            Started(
                pid=child.pid,
                start_time=child.start_time,
                thread=thread,
                program=self._codex.name,
            )
        )

    async def _drain_stderr(self, child: Child) -> None:
        async for chunk in child.stderr():
            self._stderr += chunk
            del self._stderr[:-_STDERR_TAIL]
            await self._emit(Output("log", chunk))

    async def _emit(self, event: WorkerEvent) -> None:
        async with self._emitting:
            await self._host.emit(event)

    def _ended(self, child: Child) -> Failure:
        """Why it ended without a word on its turn: killed, or it never got as far as a turn."""
        code = child.exit_code
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        said = "\n".join(line for line in lines if not line.startswith(_BENIGN))[-500:]
        if code is not None and code > 0 and said:
            named = classify(said)
            if named.kind != "model":
                return named
            return Failure("process", f"Codex stopped: {said}", retryable=False)
        text = f"Codex ended in the middle of a turn (exit code {code})"
        return Failure("process", f"{text}: {said}" if said else text, retryable=True)


async def _end_with(child: Child, over: anyio.Event) -> None:
    """A process that left the tree may hold the pipe for ever: do not wait for its end."""
    await child.wait()
    with anyio.move_on_after(_DRAIN_S):
        await over.wait()
    over.set()
