"""One workspace, opened by one door, and everything a run needs from it.

What only runs and answers need is loaded when it is first asked for: most verbs only look.
"""

from __future__ import annotations

import contextlib
import copy
import secrets
from functools import cached_property
from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.landing.editor import NoEditor
from makeitso.plans.amounts import whole_seconds
from makeitso.protocol.plan import ApiManager, CodexManager, NoManager, RunOptions
from makeitso.runs.book import Book
from makeitso.store.journal import Journal
from makeitso.wiring.clock_jumps import clock_from_environment
from makeitso.wiring.faults import fault_from_environment
from makeitso.workspace import trust
from makeitso.workspace.git import open_repository
from makeitso.workspace.paths import (
    DotMakeitso,
    checked_dot,
    ensure_dot_makeitso,
    find_root,
    private_dir,
    user_dirs,
    workspace_state,
)
from makeitso.workspace.secrets import api_key, known_secrets

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import anyio

    from makeitso.landing.editor import Editor
    from makeitso.managers.port import Manager
    from makeitso.policy.redaction import Redactor
    from makeitso.prompts.dictionary import Dictionary
    from makeitso.protocol.approval import Approval, Decision
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import ManagerKind
    from makeitso.protocol.trust import TrustState
    from makeitso.protocol.words import ApprovalPolicy, HaltPoint
    from makeitso.runs.ports import Places, Ports
    from makeitso.store.owner import Owner
    from makeitso.workspace.config import LoadedConfig
    from makeitso.workspace.git import Repository


class Bridge:
    """One workspace, opened by one door. Opening reads; nothing is written before a run exists.

    Args:
        start: a directory in the workspace.
        client: name of the door, stored with every event: `cli`, `lsp`, …
        profile: config profile; empty: none.
        overrides: `key=value` texts over every config file.
        editor: open documents of this door.
        bare: no sandbox; only for the demo's own script.

    Raises:
        UsageError: a setting of this call is wrong, or the environment names no fault point.
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
        self.clock, self.fault = clock_from_environment(fault_from_environment())
        """Called at named durable steps."""
        self.loaded, self.trust = trust.load_config(self.root, profile=profile, overrides=overrides)
        self.state = workspace_state(self.root)
        self._journal: Journal | None = None
        self._book: Book | None = None
        self._owned = False
        self._unlocked: contextlib.ExitStack | None = None
        """Owned, with the lock yet to be taken: there is nothing to lock so far."""

    @property
    def config(self) -> Config:
        """The settings in force."""
        return self.loaded.config

    @cached_property
    def redactor(self) -> Redactor:
        """Knows every secret this process can know."""
        from makeitso.policy.redaction import Redactor

        redactor = Redactor(secrets.token_bytes(32))
        names = (self.config.workers.codex.api_key_env, self.config.manager.api_key_env)
        for value in sorted(known_secrets(names)):
            redactor.register("secret", value)
        return redactor

    def _scrub(self, value: object) -> object:
        return self.redactor.value(value)  # which is made, and loaded, when something is recorded

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
    def journal(self) -> Journal:
        """The journal of this workspace, not folded; its first record makes `.makeitso`."""
        if self._journal is None:
            self._journal = Journal(
                checked_dot(self.root).journal,
                clock=self.clock,
                client=self.client,
                scrub=self._scrub,
                fault=self.fault,
                making=self._begin,
            )
        return self._journal

    def make_dot(self) -> None:
        """Make `.makeitso`, for what is kept there without a run."""
        ensure_dot_makeitso(self.root)

    def _begin(self) -> None:
        """The first record is about to be written: from here on something is there."""
        self.make_dot()
        if self._unlocked is not None:
            from makeitso.store import owner

            self._unlocked.enter_context(owner.own(self.dot.owner_lock, door=self.client))
            self._unlocked = None

    @property
    def book(self) -> Book:
        """The runs of this workspace."""
        if self._book is None:
            self._book = Book(self.journal)
        return self._book

    @property
    def owner(self) -> Owner | None:
        """The process that drives runs here, if any."""
        from makeitso.store import owner

        return owner.current(self.dot.owner_lock)

    @contextlib.contextmanager
    def own(self) -> Generator[None]:
        """Be the one process that drives runs in this workspace.

        Where nothing was ever recorded nothing is written: the lock is taken with the first record,
        which fails if another process has become the one meanwhile.

        Raises:
            StateError: another live process is.
        """
        if self._owned:
            yield  # this process is already
            return
        from makeitso.store import owner

        self.fault("workspace.own")
        lock = checked_dot(self.root).owner_lock
        with contextlib.ExitStack() as held:
            if self.has_journal or lock.exists():
                held.enter_context(owner.own(lock, door=self.client))
            else:
                self._unlocked = held
            self._owned = True
            try:
                yield
            finally:
                self._owned, self._unlocked = False, None

    def _load(self) -> tuple[LoadedConfig, TrustState]:
        return trust.load_config(self.root, profile=self.profile, overrides=self._overrides)

    def reload(self) -> None:
        """Read the settings and the trust again; runs under way keep what they started with.

        Only `[monitor]` follows the files by itself.
        """
        self.loaded, self.trust = self._load()
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

    def decide(self, decision: Decision, *, who: str | None = None) -> Approval:
        """Record an answer from a person; one for always becomes a rule of theirs.

        Raises:
            NotFoundError, StateError, UsageError: it cannot be answered so.
            ConfigError: something is wrong in the rules file, and the answer is for always.
        """
        from makeitso.runs.ask import decide, find

        if decision.scope == "always":
            from makeitso.workspace.rule_edit import usable

            usable(user_dirs())
        decided = decide(self.book, decision, who=who)
        if decision.scope != "always":
            return decided
        self.store_rules()
        return find(self.book, decision.id)

    def store_rules(self) -> None:
        """Store the answers for always that no rule follows from yet.

        Raises:
            ConfigError: something is wrong in the rules file.
            StoreError: it cannot be written.
        """
        from makeitso.runs.rules import store_decided

        store_decided(self.book, root=self.root, dirs=user_dirs(), at=self.clock.now_ms())

    def places(self) -> Places:
        """Where things are kept; made if missing, once there is a run to keep them for."""
        from makeitso.runs.ports import Places

        artifacts = self._inside("[project] artifacts_dir", self.config.project.artifacts_dir)
        replays = self._inside("[learning] replay_dir", self.config.learning.replay_dir)
        if self.has_journal:
            for path in (self.state.worktrees, self.state.codex, self.state.tmp):
                private_dir(path)
        return Places(
            root=self.root,
            dot=self.dot.path,
            artifacts=artifacts,
            worktrees=self.state.worktrees,
            homes=self.state.codex,
            tmp=self.state.tmp,
            setups=self.state.setups,
            replays=replays,
        )

    def _inside(self, key: str, name: str) -> Path:
        """A directory that the settings name, links followed.

        Raises:
            UsageError: it lies outside the workspace.
        """
        path = (self.root / name).resolve()
        if not path.is_relative_to(self.root):
            raise UsageError(
                f"{key} lies outside the workspace: {path}",
                hint="name a directory below the workspace",
            )
        return path

    def ports(self) -> Ports:
        """Everything a run reaches the world through.

        Raises:
            EnvironmentFault: git is missing.
            UserError: there is no repository, or a setting is refused.
        """
        from makeitso.runs.ports import Ports, WorkerSettings
        from makeitso.wiring import adapters
        from makeitso.wiring.live import LiveMonitor, LiveRules

        places = self.places()
        settings = self.config.workers.codex
        key = api_key(settings.api_key_env)
        return Ports(
            journal=self.book.journal,
            clock=self.clock,
            repo=self.repo,
            places=places,
            config=self.config,
            worker=adapters.worker(self.config),
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
            checks=adapters.commands(self.config, places, of="checks", bare=self.bare),
            setup=adapters.commands(self.config, places, of="setup", bare=self.bare),
            editor=self.editor,
            redactor=self.redactor,
            dictionary=self.dictionary,
            library=adapters.libraries(self),
            monitor=LiveMonitor(self.loaded, lambda: self._load()[0]),
            rules=LiveRules(user_dirs().rules_file),
            prompt_overrides=adapters.prompts(self),
            landing=self.landing,
            fault=self.fault,
        )

    @cached_property
    def landing(self) -> anyio.Lock:
        """Guards the workspace's files: every run of this process lands under it."""
        import anyio

        return anyio.Lock()

    @cached_property
    def dictionary(self) -> Dictionary:
        """The protocol dictionary: of AGENTS.md when the workspace is trusted, else packaged."""
        from makeitso.prompts.dictionary import packaged_dictionary, parse_dictionary, with_tokens

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
        budget_tokens: int | None = None,
        budget_minutes: float | None = None,
    ) -> RunOptions:
        """How a run is asked for: the config, with what the door was told laid over."""
        manager = self.config.manager
        return RunOptions(
            manager=self.manager_kind(),
            policy=policy or manager.approval,
            budget_tokens=manager.budget_tokens if budget_tokens is None else budget_tokens,
            budget_s=whole_seconds(
                manager.budget_minutes if budget_minutes is None else budget_minutes
            ),
            max_concurrency=manager.max_concurrency,
            halt_on=halt_on,
            yes=yes,
            land=land,
            profile=self.profile or None,
            seed=manager.seed,
        )

    def manager(
        self, kind: ManagerKind, label: str
    ) -> contextlib.AbstractAsyncContextManager[Manager]:
        """Open a manager; `label` names its private directories: a run id, or `plan`."""
        from makeitso.wiring import adapters

        return adapters.manager(self, kind, label)
