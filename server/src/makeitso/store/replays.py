"""Replays: the output of a run, kept so that it can be read again exactly as it was, or anew.

One file a run, `<folder>/<run>.tar.gz`: the redacted bytes of every channel of every worker
session, and what they were read with. Only data: reading one runs nothing and writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from makeitso.learning.misses import MissKind
    from makeitso.parsing.library import Library
    from makeitso.protocol.plan import Delimiters
    from makeitso.protocol.record import MissReason, Record, StreamChannel
    from makeitso.protocol.words import PhaseName


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the output of a session was read with.

    Attributes:
        digest: SHA-256 of all of it, hex; its name in a replay and in the journal.
        library: digest of the pattern library, `Library.digest()` of its acting patterns.
        text: that library as a TOML file; loaded again it has the same digest.
        delimiters: control tokens.
        phases: words a START may name a phase by.
    """

    digest: str
    library: str
    text: str
    delimiters: Delimiters
    phases: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStream:
    """One channel of one worker session.

    Attributes:
        task: task id.
        phase: phase the session served.
        channel: which stream.
        session: number of the session in its task, from 1.
        reading: digest of what it was read with.
        root: the worktree, as paths in the output begin; empty: not known.
        data: redacted bytes, the run's nonce replaced by `Replay.nonce`.
        turns: offsets in `data` where turns of the worker ended.
        cut_bytes: bytes left out at its end, because the replay would be too large; 0: whole.
        shadow: proposals whose patterns were counted.
        canary: proposals whose patterns acted.
    """

    task: str
    phase: PhaseName
    channel: StreamChannel
    session: int
    reading: str
    root: str
    data: bytes
    turns: tuple[int, ...]
    cut_bytes: int
    shadow: tuple[str, ...]
    canary: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """One kept run.

    Attributes:
        run: run id.
        version: version of makeitso that ran it.
        state: how the run ended.
        reason: why, in words.
        ended_at: Unix ms.
        nonce: what makes control tokens real in `data` of the streams; not the one of the run.
        readings: what streams were read with, by digest.
        streams: in the order of tasks, sessions and channels.
    """

    run: str
    version: str
    state: Literal["done", "failed", "stopped"]
    reason: str
    ended_at: int
    nonce: str
    readings: Mapping[str, Reading]
    streams: tuple[ReplayStream, ...]

    @property
    def shadow(self) -> tuple[str, ...]:
        """Proposals whose patterns were counted in any session, sorted."""
        return tuple(sorted({one for stream in self.streams for one in stream.shadow}))

    @property
    def canary(self) -> tuple[str, ...]:
        """Proposals whose patterns acted in any session, sorted."""
        return tuple(sorted({one for stream in self.streams for one in stream.canary}))

    @property
    def cut_bytes(self) -> int:
        """Bytes left out of it; 0: it is whole."""
        return sum(stream.cut_bytes for stream in self.streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayLine:
    """A line that is not blank, as a library reads it.

    Attributes:
        text: the line, cleaned of control sequences; invalid bytes replaced.
        run: run id.
        task: task id.
        phase: phase of the session.
        channel: which stream.
        session: number of the session in its task, from 1.
        stream_line: number of the line in its stream, from 1.
        pattern: what explains it, or `frame`; None: nothing does.
        miss: kind of miss; None: it is explained, or an agent's own words, which are no output.
        reason: why it is a miss; None as above.
        records: what begins at this line. With the run's own library these are the golden records:
            a changed library must give the same, but for what it is meant to change.
    """

    text: str
    run: str
    task: str
    phase: PhaseName
    channel: StreamChannel
    session: int
    stream_line: int
    pattern: str | None
    miss: MissKind | None
    reason: MissReason | None
    records: tuple[Record, ...]


def kept(folder: Path) -> list[Path]:
    """The replays in a folder, newest last; what has no name of a replay is left out."""
    raise NotImplementedError


def read(path: Path) -> Replay:
    """Read a replay.

    Raises:
        StoreError: it is not a replay, was made by another format, or is larger than one can be.
    """
    raise NotImplementedError


def lines_of(replay: Replay, *, library: Library | None = None) -> Iterator[ReplayLine]:
    """Parse a replay again, line by line, stream by stream.

    Args:
        replay: the kept run.
        library: read it with this one; None: each session with the library it was read with.
    """
    raise NotImplementedError
