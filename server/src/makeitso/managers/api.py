"""The manager that is a model behind a Responses API: any endpoint that speaks it."""

from __future__ import annotations

from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from anyio import to_thread

from makeitso.errors import AuthError, ConfigError, EnvironmentFault, Unavailable
from makeitso.managers.api_failures import translated
from makeitso.managers.api_stream import Reading
from makeitso.managers.bounds import Limits
from makeitso.managers.port import Wrote, unseen
from makeitso.managers.questions import ask_judgement, ask_learn, ask_plan, no_prompts
from makeitso.managers.schema import strict_schema
from makeitso.protocol.learned import LearnDraft
from makeitso.protocol.plan import Judgement, PlanDraft

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import ModuleType

    import openai
    from openai.types.responses import EasyInputMessageParam, ResponseTextConfigParam
    from pydantic import BaseModel

    from makeitso.managers.port import Answer, JudgeRequest, LearnRequest, ManagerEvent, PlanRequest
    from makeitso.managers.structured import Reply
    from makeitso.prompts.catalog import PromptName

    Progress = Callable[[str], Awaitable[None]]
    Saw = Callable[[ManagerEvent], None]

DEFAULT_BASE_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """What the manager needs to know, decided before it starts.

    Attributes:
        model: as the endpoint knows it.
        base_url: the endpoint; None: OpenAI's. Environment variables do not change it.
        api_key: the key itself; None is an error with the default endpoint, and sends a word that
            is no key to any other (local servers want none).
        connect_timeout_s: longest time to connect.
        idle_timeout_s: longest time without a byte.
        wall_timeout_s: longest time for one message and its answer, repeats included.
        max_retries: repeats of a message after a connection error, 408, 409, 429 or 5xx.
        limits: what every judgement is held to.
        prompts: a workspace's own prompt texts, by name.
    """

    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    connect_timeout_s: float = 10.0
    idle_timeout_s: float = 120.0
    wall_timeout_s: float = 900.0
    max_retries: int = 2
    limits: Limits = field(default_factory=Limits)
    prompts: Mapping[PromptName, str] = field(default_factory=no_prompts)


class ApiManager:
    """Asks a model by the Responses API; keeps one client, opened at the first question."""

    kind = "api"

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._client: openai.AsyncOpenAI | None = None

    async def plan(
        self, request: PlanRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[PlanDraft]:
        """Turn a goal into a draft plan, from the facts given: the model sees no files."""
        talk = await self._talk(PlanDraft, progress=progress, saw=saw)
        return await ask_plan(request, send=talk.send, prompts=self._settings.prompts)

    async def judge(
        self, request: JudgeRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[Judgement]:
        """Say whether a task is done, and if not, what next."""
        talk = await self._talk(Judgement, progress=progress, saw=saw)
        return await ask_judgement(
            request, send=talk.send, prompts=self._settings.prompts, limits=self._settings.limits
        )

    async def learn(
        self, request: LearnRequest, progress: Progress, *, saw: Saw = unseen
    ) -> Answer[LearnDraft]:
        """Suggest patterns for lines that nothing explains."""
        talk = await self._talk(LearnDraft, progress=progress, saw=saw)
        return await ask_learn(request, send=talk.send, prompts=self._settings.prompts)

    async def rest(self) -> None:
        """Close the client's connections; the next question opens them again."""
        await self.close()

    async def close(self) -> None:
        """Close the client's connections; idempotent."""
        client, self._client = self._client, None
        if client is not None:
            with anyio.CancelScope(shield=True):
                await client.close()

    async def _talk(self, shape: type[BaseModel], *, progress: Progress, saw: Saw) -> _Talk:
        client = await self._open()
        return _Talk(self._settings, client=client, shape=shape, progress=progress, saw=saw)

    async def _open(self) -> openai.AsyncOpenAI:
        if self._client is not None:
            return self._client
        settings = self._settings
        _place(settings)
        key = _key(settings)
        library = await to_thread.run_sync(_library)
        client: openai.AsyncOpenAI = library.AsyncOpenAI(
            api_key=key,
            base_url=settings.base_url or DEFAULT_BASE_URL,
            max_retries=settings.max_retries,
            timeout=library.Timeout(settings.idle_timeout_s, connect=settings.connect_timeout_s),
        )
        self._client = client
        return client


class _Talk:
    """One conversation: a question, and the second asking of it."""

    def __init__(
        self,
        settings: ApiSettings,
        *,
        client: openai.AsyncOpenAI,
        shape: type[BaseModel],
        progress: Progress,
        saw: Saw,
    ) -> None:
        self._settings = settings
        self._client = client
        self._progress, self._saw = progress, saw
        self._said: list[EasyInputMessageParam] = []
        self._text: ResponseTextConfigParam = {
            "format": {
                "type": "json_schema",
                "name": shape.__name__.lower(),
                "schema": strict_schema(shape),
                "strict": True,
            }
        }

    async def send(self, text: str) -> Reply:
        """Say the next thing and wait for the answer."""
        import openai

        self._said.append({"role": "user", "content": text})
        try:
            with anyio.fail_after(self._settings.wall_timeout_s):
                reply = await self._exchange()
        except TimeoutError as error:
            raise Unavailable(
                f"The model did not answer within {self._settings.wall_timeout_s:g} seconds.",
                hint="Try again, or use a faster model.",
            ) from error
        except openai.OpenAIError as error:
            settings = self._settings
            raise translated(error, place=_place(settings), model=settings.model) from error
        except JSONDecodeError as error:
            raise Unavailable(
                f"{_place(self._settings)} does not answer as a Responses API does.",
                hint="Check [manager] base_url.",
            ) from error
        self._said.append({"role": "assistant", "content": reply.text})
        return reply

    async def _exchange(self) -> Reply:
        reading = Reading()
        stream = await self._client.responses.create(
            model=self._settings.model,
            input=[*self._said],
            text=self._text,
            store=False,
            stream=True,
        )
        async with stream:
            async for event in stream:
                delta = reading.take(event.to_dict(mode="json", warnings=False))
                self._saw(Wrote(delta.encode("utf-8", "replace")))
                if delta:
                    await self._progress(delta)
        self._saw(reading.spent)
        return reading.reply()


def _library() -> ModuleType:
    try:
        import openai
    except ImportError as error:
        raise EnvironmentFault(
            "The manager api:<model> needs the openai package.",
            hint="Install it with: pip install 'makeitso-codex[api]'",
        ) from error
    return openai


def _key(settings: ApiSettings) -> str:
    key = (settings.api_key or "").strip()
    hint = "Check CODEX_API_KEY or OPENAI_API_KEY, or what [manager] api_key_env names."
    if not key and not settings.base_url:
        raise AuthError("There is no key for the model endpoint.", hint=hint)
    if not (key.isascii() and key.isprintable()):
        raise AuthError("The key holds characters that no key has.", hint=hint)
    return key or "none"


def _place(settings: ApiSettings) -> str:
    url = settings.base_url or DEFAULT_BASE_URL
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts = host = port = None
    if parts is None or not host or parts.scheme not in ("http", "https"):
        raise ConfigError(
            "[manager] base_url is not the address of an endpoint.",
            hint="Write it as https://host/v1.",
            data={"key": "manager.base_url"},
        )
    return f"The model endpoint {host}{f':{port}' if port else ''}"
