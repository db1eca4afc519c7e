"""What a pass learns from: per run, the lines that nothing explains and those that are known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from makeitso.learning.mining import Sample
from makeitso.protocol.plan import Delimiters
from makeitso.store.replay_readings import Reading
from makeitso.store.replays import Replay, ReplayStream, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.parsing.library import Library
    from makeitso.protocol.record import StreamChannel

MAX_OWNED = 2_000
"""Known lines that a pass tries its patterns on: so many, spread over all there are."""
MAX_DISTINCT = 20_000
"""Distinct lines of one run; more are not counted."""
_WORTH_READING = frozenset({"new", "drifted"})
_NO_NONCE = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The lines of one run.

    Attributes:
        run: run id, or the name of a log.
        unexplained: lines that say something and that nothing explains, with how often.
        owned: lines that patterns explain, each once.
        lines: all lines of output.
        explained: of them, those that a pattern explains.
    """

    run: str
    unexplained: tuple[Sample, ...]
    owned: tuple[str, ...]
    lines: int
    explained: int


def of_replay(replay: Replay, library: Library) -> Material:
    """What a kept run has to tell, read with a library."""
    unknown: Counter[str] = Counter()
    owned: dict[str, None] = {}
    lines = explained = 0
    for line in lines_of(replay, library=library):
        if line.channel == "message":
            continue
        lines += 1
        text = line.text.strip()
        if line.miss is None:
            explained += 1
            if len(owned) < MAX_DISTINCT:
                owned[text] = None
        elif line.miss in _WORTH_READING and (text in unknown or len(unknown) < MAX_DISTINCT):
            unknown[text] += 1
    return Material(
        run=replay.run,
        unexplained=tuple(
            Sample(text=text, run=replay.run, count=count) for text, count in unknown.items()
        ),
        owned=tuple(owned),
        lines=lines,
        explained=explained,
    )


def log_as_replay(name: str, data: bytes, *, channel: StreamChannel = "stdout") -> Replay:
    """A log file as if it were the output of a run of that name."""
    reading = Reading(digest="", library="", text="", delimiters=Delimiters(), phases={})
    stream = ReplayStream(
        task="",
        phase="task",
        channel=channel,
        session=1,
        reading="",
        root="",
        data=data,
        turns=(),
        cut_bytes=0,
        shadow=(),
        canary=(),
    )
    return Replay(
        run=name,
        version="",
        state="done",
        reason="",
        ended_at=0,
        nonce=_NO_NONCE,
        exact=True,
        readings={"": reading},
        streams=(stream,),
    )


def spread(lines: Iterable[str], most: int = MAX_OWNED) -> list[str]:
    """Some of the lines, from all over, each once."""
    found = list(dict.fromkeys(lines))
    step = max(1, -(-len(found) // most))
    return list(islice(found, 0, None, step))


def owned_of(materials: Sequence[Material]) -> list[str]:
    """Known lines of all runs, not more than a pass can try."""
    return spread(line for material in materials for line in material.owned)
