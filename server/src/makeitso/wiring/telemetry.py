"""Telemetry of a run while it is driven, where the settings ask for it. Never stops a run.

What happens between two drives (an answer given elsewhere, a crash) is written at the next drive,
if telemetry was on in the drive before. What happened while it was off is never written.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from makeitso.errors import StoreError, UsageError
from makeitso.journal.telemetry import RunTelemetry
from makeitso.protocol import events as ev
from makeitso.store import telemetry as file

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from makeitso.wiring.bridge import Bridge

log = logging.getLogger(__name__)


@contextlib.contextmanager
def recorded(bridge: Bridge, run_id: str, *, resumed: bool) -> Generator[None]:
    """Write and send telemetry of a run while the block lasts, if it is wanted.

    Args:
        bridge: the workspace.
        run_id: the run.
        resumed: it was driven before, maybe without telemetry.
    """
    settings = bridge.config.telemetry
    with contextlib.ExitStack() as stops:
        if settings.enabled and settings.otlp_endpoint:
            from makeitso.wiring.sending import sent

            stops.enter_context(sent(bridge, run_id, resumed=resumed))
        if settings.enabled and settings.store != "none":
            stops.enter_context(_filed(bridge, run_id, resumed=resumed))
        yield


@contextlib.contextmanager
def _filed(bridge: Bridge, run_id: str, *, resumed: bool) -> Generator[None]:
    try:
        stop = _begin(bridge, run_id, resumed=resumed)
    except (StoreError, UsageError) as error:
        log.warning("telemetry.off", extra={"reason": error.message})
        yield
        return
    try:
        yield
    finally:
        stop()


def _begin(bridge: Bridge, run_id: str, *, resumed: bool) -> Callable[[], None]:
    """Write what is due and go on with each event; returns how to stop that."""
    path = bridge.places().artifacts / file.FILE
    file.mend(path)
    fold, events = RunTelemetry(), list(bridge.journal.read(run=run_id))
    after = _written(path, run_id, events, resumed=resumed)
    written = True

    def take(event: ev.Event) -> None:
        nonlocal written
        if event.run != run_id:
            return
        made = fold.take(event)
        if made is None or event.seq <= after or not written:
            return
        try:
            file.append(path, [bridge.redactor.value(made.model_dump(mode="json"))])
        except StoreError as error:
            written = False  # said once; the run goes on
            log.warning("telemetry.off", extra={"reason": error.message})

    for event in events:
        take(event)
    return bridge.book.listen(take)


def _written(path: Path, run_id: str, events: list[ev.Event], *, resumed: bool) -> int:
    """The event after which lines are due."""
    last = file.last_seq(path, run_id)
    if not resumed or not events:
        return last
    # Each beginning and each end of a drive has a line, if telemetry was on in that drive.
    turns = (ev.RunCreated, ev.ReviewOpened, ev.RunResumed, ev.RunPaused)
    newest = max(event.seq for event in events if isinstance(event.data, turns))
    return last if last >= newest else events[-1].seq
