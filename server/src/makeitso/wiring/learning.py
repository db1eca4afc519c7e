"""What learning needs of an opened workspace: places, library, kept runs, limits."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import MisError, StateError
from makeitso.learning.gate import Thresholds
from makeitso.parsing.library import load_library, overlay
from makeitso.prompts.packaged import packaged_text
from makeitso.store.proposals import open_patterns
from makeitso.store.replays import kept, read
from makeitso.tuning.applying import Place
from makeitso.tuning.canary import settle
from makeitso.tuning.golden import examples_of, read_golden
from makeitso.tuning.passing import Terms
from makeitso.workspace import trust
from makeitso.workspace.agreed import agreed_text

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.parsing.library import Library
    from makeitso.tuning.canary import Settled
    from makeitso.tuning.golden import GoldenLog
    from makeitso.wiring.bridge import Bridge

CANARY_RUNS = 200
"""Runs that a trial is judged by: the newest, with and without it."""
LATEST = 20
"""Runs a pass reads when nobody names any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Learning in one workspace, as its settings are."""

    place: Place
    library: Library
    golden: tuple[GoldenLog, ...]
    terms: Terms
    replays: Path

    def latest(self, most: int = LATEST) -> list[Path]:
        """The newest kept runs, oldest first."""
        return kept(self.replays)[-most:] if self.replays.is_dir() else []


def place_of(bridge: Bridge) -> Place:
    """Where learning of a workspace lies."""
    settings = bridge.config.learning

    def agree(file: str, before: str, after: str) -> None:
        at = bridge.clock.now_ms()
        trust.carry_over(bridge.root, file, before=before, after=after, at=at)

    return Place(
        root=bridge.root,
        folder=bridge.dot.proposals,
        library=settings.regex_repo,
        prompts=settings.prompt_repo,
        now=lambda: bridge.clock.now_ms() / 1000,
        agree=agree,
        agreed=lambda file: trust.agreed_digest(bridge.root, file),
        fault=bridge.fault,
    )


def library_of(bridge: Bridge) -> Library:
    """The packaged patterns with those of a trusted workspace laid over; none that is on trial."""
    base, _ = load_library(packaged_text("regexes.toml"), origin="packaged")
    path = bridge.root / bridge.config.learning.regex_repo
    text = agreed_text(path, root=bridge.root, state=trust.status(bridge.root))
    return base if text is None else overlay(base, load_library(text, origin=str(path))[0])


def tuning(bridge: Bridge) -> Tuning:
    """Learning in a workspace.

    Raises:
        StateError: `[learning] mode` is off.
        StoreError: a golden log cannot be read.
    """
    settings = bridge.config.learning
    if settings.mode == "off":
        raise StateError("learning is off here", hint='Set [learning] mode to "shadow".')
    library = library_of(bridge)
    golden = tuple(read_golden(bridge.root / settings.golden_dir))
    seconds = bridge.clock.now_ms() / 1000
    return Tuning(
        place=place_of(bridge),
        library=library,
        golden=golden,
        terms=Terms(
            library=library,
            thresholds=Thresholds(
                min_precision=settings.min_precision,
                min_recall=settings.min_recall,
                min_runs=settings.min_runs,
            ),
            golden=(examples_of(library), *(one.log for one in golden)),
            created_at=datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            clock=time.thread_time,
        ),
        replays=bridge.root / settings.replay_dir,
    )


def settle_canaries(found: Tuning) -> list[Settled]:
    """Take back, or let in, what is on canary, by what the kept runs say.

    Raises:
        TrustError: one is proven, and the person has not agreed to the library as it is.
        StoreError: a replay cannot be read, or a file not be written.
    """
    if not any(trial.canary for trial in open_patterns(found.place.folder)):
        return []
    terms = found.terms
    runs = [read(path) for path in found.latest(CANARY_RUNS)]
    return settle(found.place, runs, library=found.library, golden=terms.golden, clock=terms.clock)


async def after_a_run(bridge: Bridge) -> list[str]:
    """What became of canaries now that a run is over, for people; what cannot be done waits."""
    if bridge.config.learning.mode != "canary" or not bridge.dot.proposals.is_dir():
        return []
    try:
        settled = await to_thread.run_sync(lambda: settle_canaries(tuning(bridge)))
    except MisError as error:
        return [f"patterns on canary could not be looked at: {error.message}"]
    return [
        f"{one.id} was {'let in' if one.promoted else 'taken back'}: {one.because}"
        for one in settled
    ]
