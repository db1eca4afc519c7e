"""The manager that is the Codex CLI: read-only threads of one app-server, asked for JSON."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import (
    AuthError,
    EnvironmentFault,
    ModelError,
    ProtocolError,
    Unavailable,
    WorkerError,
)
from makeitso.managers.bounds import Limits
from makeitso.managers.codex_threads import CodexThreads, Place
from makeitso.managers.codex_turn import TurnFailed
from makeitso.managers.port import unseen
from makeitso.managers.questions import ask_judgement, ask_learn, ask_plan, no_prompts
from makeitso.managers.schema import strict_schema
from makeitso.processes import task_group
from makeitso.protocol.learned import LearnDraft
from makeitso.protocol.plan import Judgement, PlanDraft

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping
    from pathlib import Path

    from pydantic import BaseModel

    from makeitso.codex.failures import Failure
    from makeitso.managers.codex_turn import Thread
    from makeitso.managers.port import Answer, JudgeRequest, LearnRequest, ManagerEvent, PlanRequest
    from makeitso.managers.structured import Reply
    from makeitso.prompts.catalog import PromptName

    Progress = Callable[[str], Awaitable[None]]
    Saw = Callable[[ManagerEvent], None]


@dataclass(frozen=True, kw_only=True)
class CodexSettings:
    """What the manager needs to know, decided before it starts.

    Attributes:
        repository: where the server starts; what it reads comes with each question.
        home: private CODEX_HOME of this manager, not under `tmp`.
        tmp: its TMPDIR; a sibling of `home`.
        command: the program; None: `codex` on PATH, then the extra.
        model: None: the program's default.
        base_url: Responses endpoint; None: OpenAI's if there is a key.
        api_key: the key itself, handed on by environment only.
        run_commands: False: it is offered no shell to look around with; so too where the sandbox
            does not work.
        idle_timeout_s: longest time without a word of any kind.
        wall_timeout_s: longest time for one message and its answer.
        limits: what every judgement is held to.
        prompts: a workspace's own prompt texts, by name.
    """

    repository: Path
    home: Path
    tmp: Path
    command: str | None = None
    model: str | None = None
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    run_commands: bool = True
    idle_timeout_s: float = 300.0
    wall_timeout_s: float = 1800.0
    limits: Limits = field(default_factory=Limits)
    prompts: Mapping[PromptName, str] = field(default_factory=no_prompts)


@contextlib.asynccontextmanager
async def open_codex_manager(settings: CodexSettings) -> AsyncGenerator[CodexManager]:
    """A manager for as long as the block runs; Codex starts with the first question.

    On leaving the block nothing of Codex is left.
    """
    async with task_group() as tasks:
        manager = CodexManager(settings, threads=CodexThreads(_place(settings), tasks=tasks))
        try:
            yield manager
        finally:
            with anyio.CancelScope(shield=True):
                await manager.close()


class CodexManager:
    """Asks Codex. A plan has a thread of its own; the rounds of a task share one."""

    kind = "codex"

    def __init__(self, settings: CodexSettings, *, threads: CodexThreads) -> None:
        self._settings = settings
        self._threads = threads
        self._judging: dict[str, Thread] = {}

    async def plan(
        self, request: PlanRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[PlanDraft]:
        """Turn a goal into a draft plan; Codex may look at the repository."""
        with _translated():
            thread = await self._threads.open(request.repository)
        talk = self._talk(thread, shape=PlanDraft, progress=progress, saw=saw)
        return await ask_plan(request, send=talk, prompts=self._settings.prompts)

    async def judge(
        self, request: JudgeRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[Judgement]:
        """Say whether a task is done, and if not, what next; it remembers the task's rounds."""
        thread = self._judging.pop(request.task_id, None)
        if thread is None or thread.ended:
            with _translated():
                thread = await self._threads.open(request.repository)
        answer = await ask_judgement(
            request,
            send=self._talk(thread, shape=Judgement, progress=progress, saw=saw),
            prompts=self._settings.prompts,
            limits=self._settings.limits,
        )
        self._judging[request.task_id] = thread  # one that failed is not used again
        return answer

    async def learn(
        self, request: LearnRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[LearnDraft]:
        """Suggest patterns for lines that nothing explains, in a thread of its own."""
        with _translated():
            thread = await self._threads.open(request.repository)
        talk = self._talk(thread, shape=LearnDraft, progress=progress, saw=saw)
        return await ask_learn(request, send=talk, prompts=self._settings.prompts)

    async def rest(self) -> None:
        """End Codex; the next question starts it again, in a thread of its own."""
        await self._threads.rest()

    async def close(self) -> None:
        """End Codex; idempotent."""
        await self._threads.close()

    def _talk(
        self, thread: Thread, *, shape: type[BaseModel], progress: Progress, saw: Saw
    ) -> Callable[[str], Awaitable[Reply]]:
        schema, settings = strict_schema(shape), self._settings

        async def send(text: str) -> Reply:
            with _translated():
                with anyio.move_on_after(settings.wall_timeout_s):
                    return await self._threads.ask(
                        thread,
                        text,
                        schema=schema,
                        progress=progress,
                        saw=saw,
                        idle_s=settings.idle_timeout_s,
                    )
                raise Unavailable(
                    f"The manager's turn was not over after {settings.wall_timeout_s:g} seconds.",
                    hint="Try again, or use a faster model.",
                )

        return send


def _place(settings: CodexSettings) -> Place:
    return Place(
        command=settings.command,
        repository=settings.repository,
        home=settings.home,
        tmp=settings.tmp,
        model=settings.model,
        base_url=settings.base_url,
        api_key=settings.api_key,
        run_commands=settings.run_commands,
    )


@contextlib.contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except TurnFailed as error:
        raise _failed(error.failure) from error
    except WorkerError as error:
        raise Unavailable(f"Codex as manager: {error.message}", hint="Try again.") from error
    except ProtocolError as error:
        raise EnvironmentFault(
            f"Codex as manager: {error.message}",
            hint=error.hint or "Install a version of Codex that mis doctor knows.",
        ) from error


def _failed(failure: Failure) -> ModelError:
    if failure.kind == "auth":
        # Codex's words are left out: an endpoint may repeat part of the key.
        return AuthError(
            "The model endpoint refused the manager's key.",
            hint="Check the variable that [manager] api_key_env names.",
            data={"kind": failure.kind},
        )
    hints = {
        "refused-connection": "Check the network and [manager] base_url.",
        "usage-limit": "Wait until the limit of your account is renewed, or use another key.",
        "unknown-model": "Name a model the endpoint has in [manager] model, and check base_url.",
        "context-window": "Make the goal smaller, or use a model with a larger context.",
    }
    # Only the length of what was asked is the run's own doing.
    kind = ModelError if failure.kind == "context-window" else Unavailable
    return kind(
        f"Codex as manager failed: {failure.message[:300]}",
        hint=hints.get(failure.kind, "Try again."),
        data={"kind": failure.kind, "retryable": failure.retryable},
    )
