"""Replays of runs: what a session is read with is noted when it begins, the rest kept at the end.

A replay follows from the journal and the output files. Where a process died before it was written,
the next run that ends writes it; so nothing of it is recorded.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import StoreError
from makeitso.parsing.library_text import acting
from makeitso.parsing.tokens import NONCE_PATTERN
from makeitso.store import replays
from makeitso.store.replay_keeping import keep
from makeitso.store.replay_readings import note, reading_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.learning.running import RunLibrary
    from makeitso.protocol.plan import Delimiters
    from makeitso.runs.book import Book
    from makeitso.runs.context import Context
    from makeitso.runs.ports import Ports

log = logging.getLogger(__name__)

MOST_AT_ONCE = 20
"""Replays made up for at the end of a run; older runs without one stay without."""
_NOT_NEEDED = (
    "record.found", "miss.found", "output.parsed", "usage.counted", "time.counted", "command.ran",
    "note.added", "check.ran",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Noted:
    """How the output of a session is read, as the journal says it."""

    library: str
    """Digest of the acting patterns."""
    reading: str
    """Digest of all of it; empty: it is kept nowhere."""


def noted_reading(ctx: Context, library: RunLibrary, delimiters: Delimiters) -> Noted:
    """Note what a session is read with, for the replay; where learning is off nothing is."""
    ports = ctx.ports
    if ports.config.learning.mode == "off":
        return Noted(library=acting(library.library).digest(), reading="")
    one = reading_of(library.library, delimiters, ports.dictionary.phase_words())
    try:
        note(ports.places.replays, one)
    except StoreError as error:
        # A replay is worth less than the run: it will be read with the patterns of its end.
        log.warning("replay.reading", extra={"error": error.message})
        return Noted(library=one.library, reading="")
    return Noted(library=one.library, reading=one.digest)


async def keep_replays(ctx: Context) -> None:
    """After the end of a run: write its replay, and those that a killed process left out."""
    for make in missing(ctx.ports, ctx.book):
        try:
            await to_thread.run_sync(make)
        except StoreError as error:
            log.warning("replay.keep", extra={"error": error.message})


def missing(ports: Ports, book: Book) -> list[Callable[[], Path | None]]:
    """What writes the replays that are not there, of runs newer than the newest one, oldest first.

    To be called where the journal is read; what it gives may be called in any thread.
    """
    if ports.config.learning.mode == "off":
        return []
    folder = ports.places.replays
    over = [run.id for run in book.runs.values() if run.finished is not None and run.tasks]
    return [
        partial(
            keep,
            folder,
            list(ports.journal.read(run=run, without=_NOT_NEEDED)),
            artifacts=ports.places.artifacts,
            nonce=_nonce(ports, run),
            fallback=reading_of(
                ports.library(run).library, ports.dictionary.tokens, ports.dictionary.phase_words()
            ),
            fault=ports.fault,
        )
        for run in replays.newer(folder, over)[-MOST_AT_ONCE:]
    ]


def _nonce(ports: Ports, run: str) -> str | None:
    """What made the control tokens of a run its own; None: its private directory is gone."""
    try:
        known = (ports.places.homes / run / "nonce").read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return known if re.fullmatch(NONCE_PATTERN, known) else None
