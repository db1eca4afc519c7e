"""Replays: the output of a run, kept so that it can be read again exactly as it was, or anew.

One file a run, `<folder>/<run>.tar.gz`: the redacted bytes of every channel of every worker
session, and what they were read with. Only data: reading one runs nothing and writes nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from makeitso.learning.misses import kind_of
from makeitso.parsing.locations import localise
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.record import Record
from makeitso.protocol.replay import ReplayManifest
from makeitso.store.replay_archive import members, refused
from makeitso.store.replay_readings import Reading, reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from makeitso.learning.misses import MissKind
    from makeitso.parsing.cleaning import CleanLine
    from makeitso.parsing.library import Library
    from makeitso.protocol.record import MissReason, StreamChannel
    from makeitso.protocol.replay import ReadingRow, StreamRow
    from makeitso.protocol.words import PhaseName

SUFFIX = ".tar.gz"
MANIFEST = "manifest.json"
_NAME = re.compile(r"r(?P<day>\d{8})-(?P<number>\d+)\.tar\.gz")


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
        exact: False: the run's own nonce was gone when it was kept; frames read as look-alikes.
        readings: what streams were read with, by digest.
        streams: in the order of tasks, sessions and channels.
    """

    run: str
    version: str
    state: Literal["done", "failed", "stopped"]
    reason: str
    ended_at: int
    nonce: str
    exact: bool = True
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
    try:
        found = {path: _order(path.name) for path in folder.iterdir()}
    except OSError:
        return []
    return [path for _, path in sorted((order, path) for path, order in found.items() if order)]


def _order(name: str) -> tuple[str, int] | None:
    found = _NAME.fullmatch(name)
    return (found["day"], int(found["number"])) if found else None


def newer(folder: Path, runs: Iterable[str]) -> list[str]:
    """Those of the runs that are newer than the newest replay of a folder, oldest first.

    Others without one had no output, or it was removed.
    """
    held = kept(folder)
    newest = _order(held[-1].name) if held else None
    found = {run: _order(run + SUFFIX) for run in runs}
    named = sorted((order, run) for run, order in found.items() if order is not None)
    return [run for order, run in named if newest is None or order > newest]


def run_of(path: Path) -> str:
    """The run whose replay a file is, by its name."""
    return path.name.removesuffix(SUFFIX)


def path_of(folder: Path, run: str) -> Path:
    """Where the replay of a run is kept."""
    return folder / f"{run}{SUFFIX}"


def read(path: Path) -> Replay:
    """Read a replay.

    Raises:
        StoreError: it is not a replay, was made by another format, or is larger than one can be.
    """
    manifest: ReplayManifest | None = None
    data: dict[str, bytes] = {}
    for name, content in members(path):
        if name == MANIFEST:
            manifest = _manifest(path, content)
        else:
            data[name] = content
    if manifest is None:
        raise refused(path, "it has no table of contents")
    readings = {row.digest: _reading(path, row, data) for row in manifest.readings}
    streams = tuple(
        _stream(path, row, data.pop(stream_name(number), None), readings)
        for number, row in enumerate(manifest.streams, 1)
    )
    if data:
        raise refused(path, f"nothing says what {min(data)} is")
    return Replay(
        run=manifest.run,
        version=manifest.version,
        state=manifest.state,
        reason=manifest.reason,
        ended_at=manifest.ended_at,
        nonce=manifest.nonce,
        exact=manifest.exact,
        readings=readings,
        streams=streams,
    )


def lines_of(replay: Replay, *, library: Library | None = None) -> Iterator[ReplayLine]:
    """Parse a replay again, line by line, stream by stream.

    Args:
        replay: the kept run.
        library: read it with this one; None: each session with the library it was read with.
    """
    for stream in replay.streams:
        yield from _lines(replay, stream, library)


def stream_name(number: int) -> str:
    """The member that holds a stream, by its number from 1."""
    return f"streams/{number:04}.log"


def reading_name(digest: str) -> str:
    """The member that holds a library, by the digest of the reading."""
    return f"readings/{digest}.toml"


def _manifest(path: Path, content: bytes) -> ReplayManifest:
    try:
        return ReplayManifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        raise refused(path, f"{at or MANIFEST}: {first['msg']}") from error


def _reading(path: Path, row: ReadingRow, data: dict[str, bytes]) -> Reading:
    try:
        text = data.pop(reading_name(row.digest)).decode("utf-8")
    except (KeyError, UnicodeDecodeError) as error:
        raise refused(path, f"the library of {row.digest} is not in it") from error
    found = reading(text, row.library, row.delimiters, row.phases)
    if found.digest != row.digest:
        raise refused(path, f"the library of {row.digest} was changed")
    return found


def _stream(
    path: Path, row: StreamRow, data: bytes | None, readings: Mapping[str, Reading]
) -> ReplayStream:
    name = f"{row.channel} of {row.task}"
    if data is None or len(data) != row.size_bytes or sha256(data).hexdigest() != row.digest:
        raise refused(path, f"{name} is missing or was changed")
    if row.reading not in readings:
        raise refused(path, f"it does not say what {name} was read with")
    return ReplayStream(
        task=row.task,
        phase=row.phase,
        channel=row.channel,
        session=row.session,
        reading=row.reading,
        root=row.root,
        data=data,
        turns=row.turns,
        cut_bytes=row.cut_bytes,
        shadow=row.shadow,
        canary=row.canary,
    )


def _lines(replay: Replay, stream: ReplayStream, library: Library | None) -> Iterator[ReplayLine]:
    how = replay.readings[stream.reading]
    seen: list[tuple[CleanLine, str | None, MissReason | None]] = []

    def see(line: CleanLine, pattern: str | None, reason: MissReason | None, /) -> None:
        seen.append((line, pattern, reason))

    parser = StreamParser(
        stream.channel,
        library if library is not None else how.patterns(),
        delimiters=how.delimiters,
        nonce=replay.nonce,
        phases=how.phases,
        seen=see,
    )
    roots = (stream.root,) if stream.root else ()
    begins: defaultdict[int, list[Record]] = defaultdict(list)
    for item in (*parser.feed(stream.data), *parser.close()):
        if isinstance(item, Record):
            begins[item.stream_line].append(localise(item, roots=roots))
    for line, pattern, reason in seen:
        text = line.data.decode("utf-8", "replace")
        yield ReplayLine(
            text=text,
            run=replay.run,
            task=stream.task,
            phase=stream.phase,
            channel=stream.channel,
            session=stream.session,
            stream_line=line.number,
            pattern=pattern,
            miss=kind_of(text, reason=reason) if reason is not None else None,
            reason=reason,
            records=tuple(begins.pop(line.number, ())),
        )
    # What is left begins at control tokens, which are no lines of output.
    for number, records in sorted(begins.items()):
        yield ReplayLine(
            text=records[0].message or "",
            run=replay.run,
            task=stream.task,
            phase=stream.phase,
            channel=stream.channel,
            session=stream.session,
            stream_line=number,
            pattern=records[0].pattern,
            miss=None,
            reason=None,
            records=tuple(records),
        )
