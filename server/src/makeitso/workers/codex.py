"""The Codex CLI as a worker, over its app-server: one server per job, one thread, turns in it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from makeitso.codex.appserver import AppServer, open_appserver
from makeitso.codex.failures import THREAD_LOST, is_thread_lost
from makeitso.codex.find import Codex, probe_codex
from makeitso.codex.home import HomeSettings, codex_environment, write_home
from makeitso.codex.permissions import codex_permissions
from makeitso.codex.rpc import Handlers, RemoteError
from makeitso.codex.sandbox import require_sandbox
from makeitso.errors import WorkerError
from makeitso.workers.codex_session import CodexSession
from makeitso.workers.port import Notice, Started

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from makeitso.codex.permissions import CodexPermissions
    from makeitso.codex.rpc import Json
    from makeitso.workers.port import (
        WorkerHost,
        WorkerJob,
        WorkerSession,
        WorkerSessionContext,
    )


class CodexWorker:
    """Opens app-server sessions.

    Attributes:
        name: of the worker, as in the config.
    """

    name = "codex"

    def __init__(self, *, command: str | None = None) -> None:
        self._command = command

    def open(self, job: WorkerJob, host: WorkerHost) -> WorkerSessionContext:
        """Start `codex app-server` for the job and start or resume its thread.

        Raises (on entering): EnvironmentFault, ConfigError, WorkerError, ProtocolError.
        """
        return self._open(job, host)

    @contextlib.asynccontextmanager
    async def _open(self, job: WorkerJob, host: WorkerHost) -> AsyncGenerator[WorkerSession]:
        codex = await probe_codex(self._command)
        rights = job_permissions(job)
        env = await prepare_home(codex, job, rights, instructions="")
        session = CodexSession(job, host)
        handlers = Handlers(
            note=session.on_note,
            request=session.on_request,
            wire=session.on_wire,
            stray=session.tell,
        )
        if codex.warning:
            await host.emit(Notice(codex.warning))
        argv = [str(codex.path), "app-server", *job.extra_args]
        async with open_appserver(
            argv, cwd=job.worktree, env=env, handlers=handlers, log=session.on_log
        ) as server:
            await _bind(session, server, job, rights)
            await session.emit(
                Started(
                    pid=server.child.pid,
                    start_time=server.child.start_time,
                    thread=session.thread,
                    program=codex.name,
                )
            )
            yield session


def job_permissions(job: WorkerJob) -> CodexPermissions:
    """The Codex settings of a job."""
    return codex_permissions(
        write_files=job.write_files,
        run_shell=job.run_shell,
        network=job.network,
        step_commands=job.step_commands,
        sandbox=job.sandbox,
    )


async def prepare_home(
    codex: Codex, job: WorkerJob, rights: CodexPermissions, *, instructions: str
) -> Mapping[str, str]:
    """Write the job's CODEX_HOME, check the sandbox, and return the program's environment.

    Raises:
        ConfigError: the home holds a configuration that is not ours.
        EnvironmentFault: the home cannot be written, or the sandbox does not work.
    """
    job.tmp.mkdir(mode=0o700, parents=True, exist_ok=True)
    env = codex_environment(
        home=job.home,
        tmp=job.tmp,
        api_key=job.api_key,
        inherited=os.environ,
        extra=job.environment,
    )
    write_home(
        job.home,
        HomeSettings(
            permissions=rights,
            workspace=job.worktree,
            model=job.model,
            base_url=job.base_url,
            has_key=bool(job.api_key),
            instructions=instructions,
        ),
    )
    if job.sandbox:
        await require_sandbox(codex.path, cwd=job.worktree, env=env)
    return env


async def _bind(
    session: CodexSession, server: AppServer, job: WorkerJob, rights: CodexPermissions
) -> None:
    params: Json = {
        "cwd": str(job.worktree),
        "approvalPolicy": rights.approval,
        "sandbox": rights.sandbox,
    }
    if job.instructions:
        params["developerInstructions"] = job.instructions
    try:
        opened = await server.open_thread(params, resume=job.thread)
    except RemoteError as error:
        if not is_thread_lost(error.message):
            raise WorkerError(f"Codex refused to open a thread: {error.message}") from error
        await session.tell(THREAD_LOST)
        opened = await server.open_thread(params)
    session.bind(server, opened.thread.id)
