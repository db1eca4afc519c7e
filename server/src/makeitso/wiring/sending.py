"""Telemetry that is sent to a collector while a run is driven, where the settings ask for it.

What did not arrive (a crash, a collector that was away) is sent at the next drive, if telemetry was
on in the drive before; spans are known by what began them, so twice sent is the same span. Nothing
here ever stops a run: what goes wrong is said once, as a note of the run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from makeitso.errors import EnvironmentFault, MisError, StoreError, UsageError
from makeitso.journal.span import Span
from makeitso.journal.spans import RunSpans
from makeitso.protocol import events as ev
from makeitso.store import exported
from makeitso.store.exported import Exported

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from makeitso.journal.span import Attributes, Measured
    from makeitso.journal.spantree import Made
    from makeitso.policy.redaction import Redactor
    from makeitso.wiring.bridge import Bridge
    from makeitso.wiring.otlp import Sender

EXTRA = "pip install 'makeitso-codex[otel]'"


def require_sender(endpoint: str) -> None:
    """Look whether telemetry can be sent there; loads nothing and connects to nothing.

    Raises:
        UsageError: it is no address of a collector.
        EnvironmentFault: OpenTelemetry is not installed.
    """
    try:
        parts = urlsplit(endpoint)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good:
        raise UsageError(
            "[telemetry] otlp_endpoint is not the address of a collector",
            hint="write it as http://localhost:4318",
        )
    try:
        found = importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http")
    except ModuleNotFoundError:
        found = None
    if found is None:
        raise EnvironmentFault("OpenTelemetry is not installed", hint=f"install it: {EXTRA}")


@contextlib.contextmanager
def sent(bridge: Bridge, run_id: str, *, resumed: bool) -> Generator[None]:
    """Send telemetry of a run while the block lasts.

    Args:
        bridge: the workspace; its settings name a collector.
        run_id: the run.
        resumed: it was driven before, maybe without telemetry.
    """
    try:
        require_sender(bridge.config.telemetry.otlp_endpoint)
        sending = _Sending(bridge, run_id, resumed=resumed)
    except MisError as error:
        _say(bridge, run_id, f"{error.message}; {error.hint}" if error.hint else error.message)
        yield
        return
    stop = bridge.book.listen(sending.take)
    try:
        yield
    finally:
        stop()
        sending.close()


class _Sending:
    """One run, one drive."""

    def __init__(self, bridge: Bridge, run_id: str, *, resumed: bool) -> None:
        from makeitso.wiring.otlp import Sender

        self._bridge, self._run, self._said = bridge, run_id, False
        self._path = bridge.places().artifacts / run_id / exported.FILE
        config = bridge.config
        self._fold = RunSpans(
            worker_model=config.workers.codex.model, manager_model=config.manager.model
        )
        begun = last = 0
        before: list[Span | Measured] = []
        for event in bridge.journal.read(run=run_id):
            if isinstance(event.data, ev.RunCreated | ev.RunResumed):
                begun = event.seq
            last = event.seq
            before += self._fold.take(event)
        self._drive = begun
        self._after = _due(self._path, begun=begun, last=last, resumed=resumed)
        self._arrived, self._marking = self._after, threading.Lock()
        self._mark(0)
        self._sender: Sender = Sender(config.telemetry.otlp_endpoint, sent=self._mark)
        self._give(tuple(before))

    def take(self, event: ev.Event) -> None:
        """Take an event of whatever run."""
        if event.run != self._run:
            return
        made = self._fold.take(event)
        if isinstance(event.data, ev.RunResumed) and event.seq > self._drive:
            self._mark(0, drive=event.seq)
        self._give(made)
        if self._sender.failure and not self._said:
            self._said = True
            _say(self._bridge, self._run, self._sender.failure)

    def close(self) -> None:
        """Send the rest; what is under way still goes on, or its process was stopped in it."""
        self._sender.close()
        if self._sender.failure and not self._said:
            _say(self._bridge, self._run, self._sender.failure)

    def _give(self, made: Made) -> None:
        redactor = self._bridge.redactor
        due = tuple(_redacted(redactor, one) for one in made if one.seq > self._after)
        if due:
            self._sender.give(due)

    def _mark(self, arrived: int, *, drive: int = 0) -> None:
        """Keep how far it came; called by both threads."""
        with self._marking, contextlib.suppress(StoreError):  # not kept: it is sent twice some day
            self._arrived, self._drive = max(self._arrived, arrived), max(self._drive, drive)
            exported.write(self._path, Exported(self._drive, self._arrived))


def _due(path: Path, *, begun: int, last: int, resumed: bool) -> int:
    """The event after which spans are due; `begun` is the one that began the last drive."""
    known = exported.read(path)
    if known is not None and known.drive == begun:
        return known.sent
    return last if resumed else 0


def _redacted(redactor: Redactor, made: Span | Measured) -> Span | Measured:
    about = cast("Attributes", redactor.value(made.attributes))
    if isinstance(made, Span):
        return replace(made, name=redactor.text(made.name), attributes=about)
    return replace(made, attributes=about)


def _say(bridge: Bridge, run_id: str, why: str) -> None:
    """Say it as a note of the run; it goes on."""
    text = bridge.redactor.text(f"telemetry is not sent: {why}")
    with contextlib.suppress(StoreError):  # the run says so itself
        bridge.book.journal.append(
            ev.NoteAdded(text=text, level="warning"), actor="engine", run=run_id
        )
