"""What every verb gets: where it works, under which settings, and how it speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.console import Console
from makeitso.errors import UsageError
from makeitso.workspace.paths import find_root

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.config import Config
    from makeitso.protocol.trust import TrustState
    from makeitso.workspace.config import LoadedConfig

JsonFlag = Annotated[bool, typer.Option("--json", help="Machine-readable output on stdout.")]
YesFlag = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to what may be answered.")]


@dataclass(frozen=True)
class Context:
    """The options that all verbs share, and what follows from them; computed when first used.

    Attributes:
        directory: where to start looking for the workspace; None: the current directory.
        overrides: `key=value` texts, in the order given.
        profile: the profile's name, or empty.
        console: how to speak; it knows whether `--json` was given.
    """

    directory: Path | None = None
    overrides: tuple[str, ...] = ()
    profile: str = ""
    console: Console = field(default_factory=Console)

    @property
    def json(self) -> bool:
        """Whether `--json` was given."""
        return self.console.as_json

    @cached_property
    def root(self) -> Path:
        """The workspace.

        Raises:
            UsageError: `-C` names no directory.
        """
        return find_root(self.directory)

    @cached_property
    def _loaded(self) -> tuple[LoadedConfig, TrustState]:
        from makeitso.workspace.trust import load_config

        loaded, state = load_config(self.root, profile=self.profile, overrides=self.overrides)
        for found in loaded.problems:
            if found.path is None and found.problem.code in {"unknown-key", "wrong-value"}:
                # A flag was typed just now: say so at once rather than run without it.
                raise UsageError(
                    f"-c: {found.problem.message}", hint="`mis profile show` lists every key."
                )
            self.console.note(str(found), style="yellow")
        return loaded, state

    @property
    def loaded(self) -> LoadedConfig:
        """The settings with their sources; problems were said on stderr when first loaded.

        Raises:
            UsageError: a `-c` flag or the profile's name is wrong.
        """
        return self._loaded[0]

    @property
    def config(self) -> Config:
        """The settings that hold.

        Raises:
            UsageError: a `-c` flag or the profile's name is wrong.
        """
        return self.loaded.config

    @property
    def trust(self) -> TrustState:
        """How the workspace stands.

        Raises:
            UsageError: a `-c` flag or the profile's name is wrong.
        """
        return self._loaded[1]


def context_of(ctx: typer.Context) -> Context:
    """The shared context of a running verb."""
    found = ctx.find_object(Context)
    if found is None:
        raise RuntimeError("a verb runs outside of `main`")
    return found
