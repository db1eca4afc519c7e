"""What a run needs from outside: a door to people, a way to run checks, and its settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from makeitso.policy.standing_rules import NO_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    import anyio

    from makeitso.landing.editor import Editor
    from makeitso.learning.running import RunLibrary
    from makeitso.managers.port import Manager
    from makeitso.policy.redaction import Redactor
    from makeitso.policy.standing_rules import RuleSet
    from makeitso.prompts.catalog import PromptName
    from makeitso.prompts.dictionary import Dictionary
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.config import Config, Monitor
    from makeitso.protocol.events import Event
    from makeitso.store.clock import Clock
    from makeitso.store.journal import Journal
    from makeitso.workers.port import CommandRunner, Worker
    from makeitso.workspace.git import Repository


class Door(Protocol):
    """The side of a person: a terminal, an editor, or nobody."""

    def event(self, event: Event) -> None:
        """An event was recorded. Must not block."""
        ...

    def output(self, task: str, channel: str, text: str) -> None:
        """Live text of a worker or the manager, redacted. Must not block."""
        ...

    async def attend(self, pending: Sequence[Approval]) -> bool:
        """Bring open questions before a person; answers go through the journal.

        Returns True when something was answered or may yet be, False when nobody is there.
        Cancelled when the questions fall away.
        """
        ...

    def asking(self) -> str | None:
        """The question a person is being asked right now: it must not change under their hands."""
        ...


def no_rules() -> RuleSet:
    """Nothing is allowed or denied for good."""
    return NO_RULES


def no_overrides() -> Mapping[PromptName, str]:
    """The packaged prompts hold."""
    return {}


class Nobody:
    """No person: every question stays open."""

    def event(self, event: Event) -> None:
        """Nothing to show it on."""

    def output(self, task: str, channel: str, text: str) -> None:
        """Nothing to show it on."""

    async def attend(self, pending: Sequence[Approval]) -> bool:
        """Nobody answers."""
        return False

    def asking(self) -> str | None:
        """Nobody is asked."""
        return None


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What a worker program is told about models and limits."""

    model: str | None
    base_url: str | None
    api_key: str | None
    idle_timeout_s: float
    wall_timeout_s: float
    extra_args: tuple[str, ...] = ()
    sandbox: bool = True


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where things are kept, all absolute."""

    root: Path
    """The workspace."""
    dot: Path
    """Its `.makeitso`."""
    artifacts: Path
    worktrees: Path
    homes: Path
    """Private directories of worker programs."""
    tmp: Path
    """Their TMPDIRs; no ancestor of `homes`."""
    replays: Path
    setups: Path
    """What set-up commands made, kept for other worktrees; may not exist yet."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Everything a run reaches the world through, built by the wiring."""

    journal: Journal
    clock: Clock
    repo: Repository
    places: Places
    config: Config
    worker: Worker
    worker_settings: WorkerSettings
    manager: Callable[[str], AbstractAsyncContextManager[Manager]]
    """Opens the manager of a run by its id; what it starts is gone when the block is left."""
    checks: CommandRunner
    setup: CommandRunner
    """Runs set-up commands on files no worker has touched: kept apart from what checks write."""
    editor: Editor
    redactor: Redactor
    dictionary: Dictionary
    library: Callable[[str], RunLibrary]
    """The patterns of a run by its id, with what is tried in it as proposals stand now."""
    monitor: Callable[[], Monitor]
    """What the monitor watches for, as the settings say now: they may change under way."""
    prompt_overrides: Mapping[PromptName, str] = field(default_factory=no_overrides)
    """Text of the workspace's own prompts, by name; only from a trusted workspace."""
    landing: anyio.Lock
    """Guards the workspace's files: one landing at a time, of whatever task or run."""
    rules: Callable[[], RuleSet] = no_rules
    """The person's stored rules, as they stand now."""
    fault: Callable[[str], None] = lambda name: None
    """Called at named durable steps; tests make it end the process there."""
