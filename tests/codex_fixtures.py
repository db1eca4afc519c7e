"""What tests with the real Codex binary share: places, a job, a host that records and answers."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio
import psutil

from makeitso.codex.find import find_codex
from makeitso.workers.port import (
    Output,
    Started,
    WorkerAnswer,
    WorkerAsk,
    WorkerEvent,
    WorkerJob,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY = "sk-test-scripted"
MODEL = "gpt-5.5"
HELLO = "hello\nworld\n"
PATCH = (
    "*** Begin Patch\n*** Update File: hello.txt\n@@\n hello\n-world\n+brave new world\n"
    "*** End Patch\n"
)

Event = TypeVar("Event", bound=WorkerEvent)
Answering = Callable[[WorkerAsk], WorkerAnswer | Awaitable[WorkerAnswer]]


def codex_path() -> Path:
    """The Codex binary the tests use: of the extra package or on PATH."""
    return find_codex()[0]


@dataclass(frozen=True)
class Places:
    """Directories of one job, side by side."""

    root: Path
    repo: Path
    home: Path
    tmp: Path
    outside: Path


def make_places(root: Path) -> Places:
    """A sample repository with `hello.txt`, and a home, a TMPDIR and an outside beside it."""
    places = Places(
        root, root / "repo dir", root / "codex-home", root / "job-tmp", root / "outside"
    )
    for directory in (places.repo, places.tmp, places.outside):
        directory.mkdir(parents=True)
    (places.repo / "hello.txt").write_text(HELLO)
    subprocess.run(["git", "init", "-q"], cwd=places.repo, check=True, env=git_env())
    return places


def git_env() -> dict[str, str]:
    """An environment in which git reads nobody's configuration."""
    return {
        "PATH": os.environ["PATH"],
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "HOME": os.devnull,
    }


def make_job(places: Places, base_url: str, **changes: object) -> WorkerJob:
    """A job with default policies in `places`, with the key the scripted server expects."""
    values: dict[str, object] = {
        "run": "r1",
        "task": "T1",
        "worktree": places.repo,
        "home": places.home,
        "tmp": places.tmp,
        "instructions": "",
        "model": MODEL,
        "base_url": base_url,
        "api_key": KEY,
        "write_files": "ask",
        "run_shell": "ask",
        "network": "never",
        "step_commands": False,
        "idle_timeout_s": 60.0,
        "wall_timeout_s": 120.0,
    }
    return WorkerJob(**{**values, **changes})  # pyright: ignore[reportArgumentType]


def deny(request: WorkerAsk) -> WorkerAnswer:
    """Refuse whatever is asked."""
    return WorkerAnswer(granted=False, text=f"not {request.kind}")


@dataclass
class RecordingHost:
    """A host that keeps events and questions, and lets tests wait for them."""

    answering: Answering = deny
    events: list[WorkerEvent] = field(default_factory=list[WorkerEvent])
    asks: list[WorkerAsk] = field(default_factory=list[WorkerAsk])
    _changed: anyio.Event = field(default_factory=anyio.Event)

    async def emit(self, event: WorkerEvent, /) -> None:
        """Keep an event."""
        self.events.append(event)
        self._wake()

    async def ask(self, request: WorkerAsk, /) -> WorkerAnswer:
        """Keep a question and answer it."""
        self.asks.append(request)
        self._wake()
        answer = self.answering(request)
        return answer if isinstance(answer, WorkerAnswer) else await answer

    def of(self, kind: type[Event]) -> list[Event]:
        """The events of one type."""
        return [event for event in self.events if isinstance(event, kind)]

    def text(self, channel: str) -> str:
        """All bytes of a channel as text."""
        data = b"".join(event.data for event in self.of(Output) if event.channel == channel)
        return data.decode()

    @property
    def started(self) -> Started:
        """The newest Started event."""
        return self.of(Started)[-1]

    async def until(self, condition: Callable[[], bool], *, timeout_s: float = 60.0) -> None:
        """Wait until the condition holds; it is looked at after each event and question."""
        with anyio.fail_after(timeout_s):
            while not condition():
                await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()


def long_sleep() -> str:
    """A command line that sleeps for minutes and that no other process has."""
    return f"sleep 400.{secrets.randbelow(10**9):09}"


def live_commands(needle: str) -> list[int]:
    """Processes whose command line contains `needle`, ours excluded."""
    found: list[int] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        zombie = process.info["status"] == psutil.STATUS_ZOMBIE
        if needle in line and not zombie and process.pid != os.getpid():
            found.append(process.pid)
    return found


async def until_live(needle: str, *, timeout_s: float = 60.0) -> None:
    """Wait until a process has `needle` in its command line: a shell says it first, then starts."""
    with anyio.fail_after(timeout_s):
        while not live_commands(needle):  # noqa: ASYNC110 -- other processes set no event
            await anyio.sleep(0.05)


async def until_gone(needle: str, *, timeout_s: float = 60.0) -> None:
    """Wait until no process has `needle` in its command line."""
    with anyio.fail_after(timeout_s):
        while live_commands(needle):  # noqa: ASYNC110 -- other processes set no event
            await anyio.sleep(0.05)
