"""The only place where adapters are built and joined: one workspace, opened by one door."""

from __future__ import annotations

import contextlib
import copy
import os
import secrets
import signal
from functools import cached_property
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault, MisError, NotYetError, StateError, StoreError, UsageError
from makeitso.landing.editor import NoEditor
from makeitso.managers.bounds import Limits
from makeitso.parsing.library import load_library, overlay
from makeitso.policy.redaction import Redactor
from makeitso.prompts.catalog import CATALOG
from makeitso.prompts.dictionary import packaged_dictionary, parse_dictionary, with_tokens
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol import events as ev
from makeitso.protocol.plan import ApiManager, CodexManager, NoManager, RunOptions
from makeitso.runs import engine
from makeitso.runs.book import Book
from makeitso.runs.planning import checked_goal, runnable, write_plan
from makeitso.runs.ports import Places, Ports, WorkerSettings
from makeitso.runs.steps.plan import refresh_plan
from makeitso.store import owner
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal
from makeitso.workspace import trust
from makeitso.workspace.config import require_runnable
from makeitso.workspace.git import open_repository
from makeitso.workspace.paths import (
    DotMakeitso,
    ensure_dot_makeitso,
    find_root,
    private_dir,
    workspace_state,
)
from makeitso.workspace.secrets import api_key, known_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
    from pathlib import Path

    from makeitso.codex.sandbox import SandboxState
    from makeitso.landing.editor import Editor
    from makeitso.managers.port import Manager
    from makeitso.parsing.library import Library
    from makeitso.prompts.catalog import PromptName
    from makeitso.prompts.dictionary import Dictionary
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import ManagerKind, Plan
    from makeitso.protocol.words import ApprovalPolicy, HaltPoint
    from makeitso.runs.engine import Outcome
    from makeitso.runs.ports import Door
    from makeitso.workers.port import CommandRunner, Worker
    from makeitso.workspace.git import Repository

FAULT_VARIABLE = "MAKEITSO_CRASH_AT"
"""`name` or `name:n`: end this process with SIGKILL at the n-th passing of a durable step."""


class Bridge:
    """One workspace, opened by one door. Opening reads; nothing is written before a run exists.

    Args:
        start: a directory in the workspace.
        client: name of the door, stored with every event: `cli`, `lsp`, …
        profile: config profile; empty: none.
        overrides: `key=value` texts over every config file.
        editor: open documents of this door.
        bare: no sandbox; only for the demo's own script.
    """

    def __init__(
        self,
        start: Path | None = None,
        *,
        client: str,
        profile: str = "",
        overrides: tuple[str, ...] = (),
        editor: Editor | None = None,
        bare: bool = False,
    ) -> None:
        self.root = find_root(start)
        self.dot = DotMakeitso(self.root)
        self.client = client
        self.profile = profile
        self._overrides = overrides
        self.editor = editor or NoEditor()
        self.bare = bare
        self.clock = SystemClock()
        self.loaded, self.trust = trust.load_config(self.root, profile=profile, overrides=overrides)
        self.state = workspace_state(self.root)
        self._journal: Journal | None = None
        self._book: Book | None = None
        self._owned = False

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.loaded.config

    @cached_property
    def redactor(self) -> Redactor:
        """Knows every secret this process can know."""
        redactor = Redactor(secrets.token_bytes(32))
        names = (self.config.workers.codex.api_key_env, self.config.manager.api_key_env)
        for value in sorted(known_secrets(names)):
            redactor.register("secret", value)
        return redactor

    @cached_property
    def repo(self) -> Repository:
        """The repository of the workspace.

        Raises:
            EnvironmentFault: git is missing.
            UserError: there is no repository here.
        """
        return open_repository(self.root)

    @property
    def has_journal(self) -> bool:
        """Whether anything was ever run here."""
        return self.dot.journal.exists()

    @property
    def book(self) -> Book:
        """The runs of this workspace; makes `.makeitso` on first use."""
        if self._book is None:
            ensure_dot_makeitso(self.root)
            self._journal = Journal(
                self.dot.journal,
                clock=self.clock,
                client=self.client,
                scrub=self.redactor.value,
            )
            self._book = Book(self._journal)
        return self._book

    @property
    def owner(self) -> owner.Owner | None:
        """The process that drives runs here, if any."""
        return owner.current(self.dot.owner_lock)

    @contextlib.contextmanager
    def own(self) -> Generator[None]:
        """Be the one process that drives runs in this workspace.

        Raises:
            StateError: another live process is.
        """
        if self._owned:
            yield  # this process is already
            return
        ensure_dot_makeitso(self.root)
        with owner.own(self.dot.owner_lock, door=self.client):
            self._owned = True
            try:
                yield
            finally:
                self._owned = False

    def reload(self) -> None:
        """Read the settings and the trust again; runs under way keep what they started with."""
        self.loaded, self.trust = trust.load_config(
            self.root, profile=self.profile, overrides=self._overrides
        )
        self.__dict__.pop("dictionary", None)

    def close(self) -> None:
        """Release the journal; idempotent."""
        if self._journal is not None:
            self._journal.close()
            self._journal = self._book = None

    @contextlib.contextmanager
    def second(self) -> Generator[Bridge]:
        """The same workspace with a journal connection of its own, for another thread."""
        twin = copy.copy(self)
        twin._journal = twin._book = None
        try:
            yield twin
        finally:
            twin.close()

    def places(self) -> Places:
        """Where things are kept, made if missing."""
        artifacts = (self.root / self.config.project.artifacts_dir).resolve()
        if not artifacts.is_relative_to(self.root):
            raise UsageError(
                f"[project] artifacts_dir lies outside the workspace: {artifacts}",
                hint="name a directory below the workspace",
            )
        return Places(
            root=self.root,
            dot=self.dot.path,
            artifacts=artifacts,
            worktrees=private_dir(self.state.worktrees),
            homes=private_dir(self.state.codex),
            tmp=private_dir(self.state.tmp),
        )

    def ports(self) -> Ports:
        """Everything a run reaches the world through.

        Raises:
            EnvironmentFault: git is missing.
            UserError: there is no repository, or a setting is refused.
        """
        places = self.places()
        settings = self.config.workers.codex
        key = api_key(settings.api_key_env)
        return Ports(
            journal=self.book.journal,
            clock=self.clock,
            repo=self.repo,
            places=places,
            config=self.config,
            worker=self._worker(),
            worker_settings=WorkerSettings(
                model=settings.model or None,
                base_url=settings.base_url or None,
                api_key=key.value if key else None,
                idle_timeout_s=settings.idle_timeout_s,
                wall_timeout_s=settings.wall_timeout_s,
                extra_args=settings.extra_args,
                sandbox=not self.bare,
            ),
            manager=lambda run_id: self.manager(self.book.run(run_id).options.manager, run_id),
            checks=self._checks(places),
            editor=self.editor,
            redactor=self.redactor,
            dictionary=self.dictionary,
            library=self._library(),
            prompt_overrides=self._prompts(),
            fault=fault_from_environment(),
        )

    @cached_property
    def dictionary(self) -> Dictionary:
        """The protocol dictionary: of AGENTS.md when the workspace is trusted, else packaged."""
        path = self.root / "AGENTS.md"
        found = packaged_dictionary()
        if self.trust.state == "trusted" and path.is_file():
            found, _ = parse_dictionary(path.read_text("utf-8", errors="replace"))
        return with_tokens(found, self.config.workers.codex.delimiters.over(found.tokens))

    def manager_kind(self) -> ManagerKind:
        """Who manages, by the config."""
        kind = self.config.manager.kind
        if kind == "none":
            return NoManager(kind="none")
        if kind == "codex":
            return CodexManager(kind="codex")
        return ApiManager(kind="api", model=kind.removeprefix("api:"))

    def options(
        self,
        *,
        policy: ApprovalPolicy | None = None,
        halt_on: tuple[HaltPoint, ...] = (),
        yes: bool = False,
        land: bool = True,
    ) -> RunOptions:
        """How a run is asked for: the config, with what the door was told laid over."""
        manager = self.config.manager
        return RunOptions(
            manager=self.manager_kind(),
            policy=policy or manager.approval,
            budget_tokens=manager.budget_tokens,
            max_concurrency=manager.max_concurrency,
            halt_on=halt_on,
            yes=yes,
            land=land,
            profile=self.profile or None,
            seed=manager.seed,
        )

    def _worker(self) -> Worker:
        settings = self.config.workers.codex
        if settings.run_via == "api":
            raise NotYetError('run_via = "api" is not available yet', hint='use run_via = "cli"')
        command = settings.command or None
        if settings.transport == "exec":
            from makeitso.workers.codex_exec import CodexExecWorker

            return CodexExecWorker(command=command)
        from makeitso.workers.codex import CodexWorker

        return CodexWorker(command=command)

    def _checks(self, places: Places) -> CommandRunner:
        from makeitso.workers.commands import BareCommands, SandboxedCommands

        if self.bare:
            return BareCommands()
        return SandboxedCommands(
            command=self.config.workers.codex.command or None,
            home=places.homes / "checks",
            tmp=places.tmp / "checks",
        )

    @contextlib.asynccontextmanager
    async def manager(self, kind: ManagerKind, label: str) -> AsyncGenerator[Manager]:
        """Open a manager; its libraries load here and not before.

        Args:
            kind: who manages.
            label: names its private directories: a run id, or `plan`.
        """
        settings, worker = self.config.manager, self.config.workers.codex
        limits = Limits(
            max_no_progress=settings.max_no_progress, longest_wait_s=self.config.wait.max_s
        )
        key = api_key(settings.api_key_env)
        secret = key.value if key else None
        if isinstance(kind, NoManager):
            from makeitso.managers import none

            yield none.NoManager(limits=limits)
        elif isinstance(kind, ApiManager):
            from makeitso.managers import api

            async with contextlib.AsyncExitStack() as stack:
                manager = api.ApiManager(
                    api.ApiSettings(
                        model=kind.model,
                        base_url=settings.base_url or None,
                        api_key=secret,
                        limits=limits,
                        prompts=self._prompts(),
                    )
                )
                stack.push_async_callback(manager.close)
                yield manager
        else:
            from makeitso.managers import codex

            places = self.places()
            async with codex.open_codex_manager(
                codex.CodexSettings(
                    command=worker.command or None,
                    model=settings.model or worker.model or None,
                    base_url=settings.base_url or worker.base_url or None,
                    api_key=secret,
                    home=private_dir(places.homes / label / "manager"),
                    tmp=private_dir(places.tmp / label / "manager"),
                    repository=self.root,
                    run_commands=not self.bare,
                    limits=limits,
                    prompts=self._prompts(),
                )
            ) as manager:
                yield manager

    def _library(self) -> Library:
        base, _ = load_library(packaged_text("regexes.toml"), origin="packaged")
        path = self.root / self.config.learning.regex_repo
        if self.trust.state != "trusted" or not path.is_file():
            return base
        own, _ = load_library(path.read_text("utf-8", errors="replace"), origin=str(path))
        return overlay(base, own)

    def _prompts(self) -> dict[PromptName, str]:
        folder = self.root / self.config.learning.prompt_repo
        if self.trust.state != "trusted" or not folder.is_dir():
            return {}
        return {
            name: path.read_text("utf-8", errors="replace")
            for name in CATALOG
            if (path := folder / f"{name}.md").is_file()
        }


def fault_from_environment() -> Callable[[str], None]:
    """The fault hook the environment asks for; without one, a hook that does nothing."""
    wanted = os.environ.get(FAULT_VARIABLE, "")
    if not wanted:
        return lambda name: None
    name, _, count = wanted.partition(":")
    left = int(count) if count.isdecimal() else 1

    def fault(passing: str) -> None:
        nonlocal left
        if passing == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return fault


async def preflight(bridge: Bridge) -> None:
    """Whether a run could work here at all; nothing is written.

    Raises:
        EnvironmentFault: git, codex or the sandbox is missing or unusable.
        NotYetError, ConfigError: a config value stands in the way; the message has its place.
        UserError: there is no repository.
    """
    require_runnable(bridge.loaded)
    _ = bridge.repo
    if bridge.bare:
        return
    state = await sandbox(bridge)
    if not state.ok:
        raise EnvironmentFault(
            f"the Codex sandbox does not work here: {state.reason}",
            hint="allow unprivileged user namespaces, or run on a machine that has them; "
            "without a sandbox nothing of a worker runs",
        )


async def sandbox(bridge: Bridge) -> SandboxState:
    """Whether commands can be held in here.

    Raises:
        EnvironmentFault: codex is missing.
    """
    from makeitso.workers.commands import probe_sandbox

    places = bridge.places()
    return await probe_sandbox(
        command=bridge.config.workers.codex.command or None,
        home=places.homes / "checks",
        tmp=places.tmp / "checks",
        root=bridge.root,
    )


async def drive(
    bridge: Bridge, run_id: str, door: Door, *, resume: bool = False, yes: bool = False
) -> Outcome:
    """Own the workspace and drive a run until it is over or waits for somebody who is not here.

    Args:
        bridge: the workspace.
        run_id: the run.
        door: the person's side.
        resume: the run was put down, or its process died, and is taken up again.
        yes: resume it as if it had been started with `--yes`.

    Raises:
        StateError: another process owns the workspace, or the run is over.
        MisError: what made the run impossible to go on with.
    """
    with bridge.own():
        run = bridge.book.run(run_id)
        if resume and run.finished is not None:
            raise StateError(
                f"{run_id} is over: {run.finished.state}",
                hint="start another with `mis run`; its plan is " + (run.plan_path or "gone"),
            )
        ports = bridge.ports()
        if resume:
            refresh_plan(ports, bridge.book, run_id)
            ports.journal.append(ev.RunResumed(yes=yes), actor="person", run=run_id)
        try:
            return await engine.drive(ports, bridge.book, door, run_id)
        except BaseException as error:
            with contextlib.suppress(StoreError):
                _put_down(bridge, run_id, error)
            raise


def _put_down(bridge: Bridge, run_id: str, error: BaseException) -> None:
    """Say in the journal why the run stands still, unless it is over."""
    run = bridge.book.run(run_id)
    if run.finished is not None or run.paused is not None:
        return
    expected = isinstance(error, MisError)
    reason = error.message if expected else "interrupted"
    bridge.book.journal.append(
        ev.RunPaused(
            state="stopped", reason=reason, exit_code=error.exit_code if expected else 130
        ),
        actor="engine",
        run=run_id,
    )


async def settle(bridge: Bridge, door: Door, *, skip: Collection[str] = ()) -> bool:
    """Land and end what is decided, if no other process owns the workspace.

    Args:
        bridge: the workspace.
        door: the person's side.
        skip: runs that this process drives already.

    Returns:
        False when another process owns it and will do this.

    Raises:
        MisError: landing failed as a whole.
    """
    try:
        with bridge.own():
            ports = bridge.ports()
            for run_id in [run for run in bridge.book.runs if run not in skip]:
                await engine.drive(ports, bridge.book, door, run_id, settle_only=True)
    except StateError:
        return False
    return True


async def make_plan(
    bridge: Bridge, goal: str, progress: Callable[[str], Awaitable[None]]
) -> tuple[Path, Plan]:
    """Write a plan document for a goal; runs nothing.

    Raises:
        ModelError: the manager failed or answered what is not a plan.
        UsageError: the goal is empty or too long.
    """
    require_runnable(bridge.loaded)
    ports = bridge.ports()
    async with bridge.manager(bridge.manager_kind(), "plan") as manager:
        path, _ = await write_plan(
            ports, manager, goal=checked_goal(goal), options=bridge.options(), progress=progress
        )
    return path, runnable(path, bridge.root, bridge.config)
