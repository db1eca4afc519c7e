"""What a request works on: the workspace as a door opened it, and who drives its runs."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import anyio

from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.view import run_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.journal.state import RunState
    from makeitso.protocol.run import RunView
    from makeitso.runs.book import Book
    from makeitso.wiring import Bridge


class Runner(Protocol):
    """Drives runs in this process, each in a task that somebody owns."""

    def begin(self, create: Callable[[], str]) -> str:
        """Own the workspace, then make a run and start driving it; returns its id at once.

        Raises:
            StateError: another process drives this workspace; nothing was made.
        """
        ...

    def take_up(self, run_id: str, *, yes: bool | None = None) -> None:
        """Start driving a run that stands still; returns at once.

        Raises:
            StateError: it is driven already, or another process drives this workspace.
        """
        ...

    def drives(self, run_id: str) -> bool:
        """Whether this process drives a run now."""
        ...

    def watch(self, run_id: str | None, *, on: bool) -> None:
        """Let the client have the live text of a run, or of all, or no longer.

        Raises:
            StateError: there is nobody to send it to.
        """
        ...

    def settle(self) -> None:
        """See to it that what is decided lands, also of runs nobody drives; returns at once."""
        ...


class Idle:
    """Drives nothing: for doors that only look."""

    def begin(self, create: Callable[[], str]) -> str:
        """Refuse."""
        raise StateError("no run is driven from here", hint="use `mis run`")

    def take_up(self, run_id: str, *, yes: bool | None = None) -> None:
        """Refuse."""
        raise StateError(f"{run_id} is not driven from here", hint="use `mis resume`")

    def drives(self, run_id: str) -> bool:
        """Never."""
        del run_id
        return False

    def watch(self, run_id: str | None, *, on: bool) -> None:
        """Refuse."""
        raise StateError("no run is driven from here", hint="ask a language server")

    def settle(self) -> None:
        """Leave it to who owns the workspace."""


@dataclass(frozen=True, kw_only=True)
class Workplace:
    """A workspace with its runner."""

    bridge: Bridge
    runner: Runner
    rewrite: Callable[[str, str], None] | None = None
    """Has the review document of a run's task written soon; None: whoever changes it writes it."""
    writing: anyio.Lock = field(default_factory=anyio.Lock)
    """Review documents are written one after the other, so that the newest state stands."""

    @property
    def book(self) -> Book:
        """The runs; made if the workspace has none yet."""
        return self.bridge.book

    def runs(self) -> dict[str, RunState]:
        """All runs, up to date; nothing is made where nothing was ever run."""
        if not self.bridge.has_journal:
            return {}
        self.book.refresh()
        return self.book.runs

    def require_runs(self, name: str) -> None:
        """Bring the runs up to date before something of them is looked for by name.

        Raises:
            NotFoundError: nothing was ever run here, so nothing has that name.
        """
        if not self.bridge.has_journal:
            raise NotFoundError(f"there is no {name}: nothing was ever run here")
        self.runs()

    def known_runs(self) -> dict[str, RunState]:
        """All runs as last looked at; cheaper than `runs`, for what is shown again and again."""
        return self.book.runs if self.bridge.has_journal else {}

    def run(self, run_id: str) -> RunState:
        """A run, up to date.

        Raises:
            NotFoundError: there is none of that id.
        """
        found = self.runs().get(run_id)
        if found is None:
            raise NotFoundError(f"there is no run {run_id}", hint="`mis status` lists the runs")
        return found

    def view(self, run: RunState) -> RunView:
        """A run as people see it, with what the journal cannot know: whether its owner lives."""
        return run_view(run, alive=self._alive(run))

    def _alive(self, run: RunState) -> bool:
        if not run.active or run.paused is not None or self.runner.drives(run.id):
            return True
        owner = self.bridge.owner
        return owner is not None and owner.pid != os.getpid()

    def inside(self, named: str) -> Path:
        """The file a client names: relative to the workspace, absolute, or a file URI.

        Raises:
            UsageError: it lies outside the workspace.
        """
        root = self.bridge.root
        path = Path(unquote(urlsplit(named).path)) if named.startswith("file:") else Path(named)
        found = (root / path).resolve()
        if not found.is_relative_to(root):
            raise UsageError(
                f"{named} lies outside the workspace", hint=f"name a file below {root}"
            )
        return found

    def relative(self, path: Path) -> str:
        """A path relative to the workspace, with `/`."""
        return path.relative_to(self.bridge.root).as_posix()
