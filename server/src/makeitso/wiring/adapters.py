"""Builds the adapters behind the ports. Heavy libraries load here, when they are used."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal

from makeitso.errors import NotYetError
from makeitso.learning.running import run_library
from makeitso.managers.bounds import Limits
from makeitso.parsing.library import load_library, overlay
from makeitso.prompts.catalog import CATALOG
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.plan import ApiManager, NoManager
from makeitso.store.proposals import open_patterns
from makeitso.wiring.matching import choose_matching
from makeitso.workspace.agreed import agreed_text
from makeitso.workspace.paths import private_dir
from makeitso.workspace.secrets import api_key

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from makeitso.learning.running import RunLibrary
    from makeitso.managers.port import Manager
    from makeitso.parsing.library import Library
    from makeitso.prompts.catalog import PromptName
    from makeitso.protocol.config import Config
    from makeitso.protocol.plan import ManagerKind
    from makeitso.runs.ports import Places
    from makeitso.wiring.bridge import Bridge
    from makeitso.workers.port import CommandRunner, Worker


def worker(config: Config) -> Worker:
    """The worker the config names.

    Raises:
        NotYetError: it is not built yet.
    """
    settings = config.workers.codex
    if settings.run_via == "api":
        raise NotYetError('run_via = "api" is not available yet', hint='use run_via = "cli"')
    command = settings.command or None
    if settings.transport == "exec":
        from makeitso.workers.codex_exec import CodexExecWorker

        return CodexExecWorker(command=command)
    from makeitso.workers.codex import CodexWorker

    return CodexWorker(command=command)


def commands(
    config: Config, places: Places, *, of: Literal["checks", "setup"], bare: bool
) -> CommandRunner:
    """What runs checks or set-up commands: the sandbox, or for the demo's own script nothing.

    Each has a TMPDIR of its own: checks run what a worker wrote, and may not leave anything where
    set-up, which can have the network, would find it.
    """
    from makeitso.workers.commands import BareCommands, SandboxedCommands

    if bare:
        return BareCommands()
    return SandboxedCommands(
        command=config.workers.codex.command or None,
        home=places.homes / of,
        tmp=places.tmp / of,
        caches=of == "setup",
    )


@contextlib.asynccontextmanager
async def manager(bridge: Bridge, kind: ManagerKind, label: str) -> AsyncGenerator[Manager]:
    """Open a manager; its libraries load here and not before.

    Args:
        bridge: the workspace.
        kind: who manages.
        label: names its private directories: a run id, or `plan`.
    """
    settings, worker = bridge.config.manager, bridge.config.workers.codex
    limits = Limits(
        max_no_progress=settings.max_no_progress, longest_wait_s=bridge.config.wait.longest_s
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
                    prompts=prompts(bridge),
                )
            )
            stack.push_async_callback(manager.close)
            yield manager
    else:
        from makeitso.managers import codex

        places = bridge.places()
        async with codex.open_codex_manager(
            codex.CodexSettings(
                command=worker.command or None,
                model=settings.model or worker.model or None,
                base_url=settings.base_url or worker.base_url or None,
                api_key=secret,
                home=private_dir(places.homes / label / "manager"),
                tmp=private_dir(places.tmp / label / "manager"),
                repository=bridge.root,
                run_commands=not bridge.bare,
                limits=limits,
                prompts=prompts(bridge),
            )
        ) as manager:
            yield manager


def library(bridge: Bridge) -> Library:
    """The packaged patterns, with those of a trusted workspace laid over."""
    choose_matching(bridge.config)
    base, _ = load_library(packaged_text("regexes.toml"), origin="packaged")
    path = bridge.root / bridge.config.learning.regex_repo
    text = trusted_text(bridge, path)
    if text is None:
        return base
    own, _ = load_library(text, origin=str(path))
    return overlay(base, own)


def libraries(bridge: Bridge) -> Callable[[str], RunLibrary]:
    """The patterns of a run by its id: the library as it is now, proposals as they will be then."""
    base, settings = library(bridge), bridge.config.learning
    trusted = bridge.trust.state == "trusted"

    def of_run(run: str) -> RunLibrary:
        return run_library(
            base,
            () if settings.mode == "off" else open_patterns(bridge.dot.proposals),
            run=run,
            mode=settings.mode,
            share=settings.canary_share,
            trusted=trusted,
        )

    return of_run


def prompts(bridge: Bridge) -> dict[PromptName, str]:
    """The workspace's own prompts by name; none when it is not trusted."""
    folder = bridge.root / bridge.config.learning.prompt_repo
    found: dict[PromptName, str] = {}
    for name in CATALOG:
        text = trusted_text(bridge, folder / f"{name}.md")
        if text is not None:
            found[name] = text
    return found


def trusted_text(bridge: Bridge, path: Path) -> str | None:
    """The text of a workspace file whose very bytes are trusted; None: there is none."""
    return agreed_text(path, root=bridge.root, state=bridge.trust)
