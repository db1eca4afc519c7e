"""Making the replay of a run that is over, from what the journal says and its output files hold.

Twice is the same as once, and made again from the same run it is the same file.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.errors import StoreError
from makeitso.journal.sessions import sessions
from makeitso.protocol import events as ev
from makeitso.protocol.replay import ReadingRow, ReplayManifest, StreamRow
from makeitso.store.outputs import HINT, make_folder
from makeitso.store.replay_archive import MAX_MEMBERS, write
from makeitso.store.replay_readings import noted
from makeitso.store.replays import MANIFEST, path_of, reading_name, stream_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from makeitso.journal.sessions import OutputSession
    from makeitso.protocol.record import StreamChannel
    from makeitso.store.replay_readings import Reading

CHANNELS: tuple[StreamChannel, ...] = ("message", "stdout", "stderr")
"""What is parsed; a worker program's own log and wire are no output of the work."""
MAX_STREAM_BYTES = 4 << 20
"""Most of one channel of one session; the rest is cut off behind a line, and that is said."""
MAX_STREAMS_BYTES = 64 << 20
"""Most of all of them together."""
MOST_STREAMS = MAX_MEMBERS - 100
_CHUNK_BYTES = 1 << 20


def keep(
    folder: Path,
    events: Sequence[ev.Event],
    *,
    artifacts: Path,
    nonce: str | None,
    fallback: Reading,
    fault: Callable[[str], None] = lambda name: None,
) -> Path | None:
    """Write the replay of a run, unless it is there; None: the run has no output, or goes on.

    Args:
        folder: where replays are kept; made if missing.
        events: all events of the run.
        artifacts: what references into output files are relative to.
        nonce: what made control tokens the run's own; None: it is not known any more.
        fallback: what sessions were read with of which that is not known.
        fault: called at named durable steps.

    Raises:
        StoreError: the disk is full or broken.
    """
    created = next((e for e in events if isinstance(e.data, ev.RunCreated)), None)
    finished = next((e for e in events if isinstance(e.data, ev.RunFinished)), None)
    if created is None or finished is None or created.run is None:
        return None
    path = path_of(folder, created.run)
    if path.exists():
        return path
    parts = _parts(sessions(events), artifacts)
    if not parts:
        return None
    try:
        make_folder(folder)
    except OSError as error:
        raise StoreError(f"cannot make {folder}: {error}", hint=HINT) from error
    packing = _Packing(folder, artifacts=artifacts, run=created.run, nonce=nonce, fallback=fallback)
    write(path, packing.members(parts, created, finished), fault=fault)
    return path


@dataclass(frozen=True, kw_only=True)
class _Part:
    """One channel of one session, and where it stands."""

    session: OutputSession
    channel: StreamChannel
    refs: tuple[ev.OutputRef, ...]


def _parts(found: Iterable[OutputSession], artifacts: Path) -> list[_Part]:
    parts: list[_Part] = []
    for session in found:
        for channel in CHANNELS:
            refs = tuple(ref for ref in session.outputs if ref.path.endswith(f"/{channel}.log"))
            if any(ref.length_bytes for ref in refs) and (artifacts / refs[0].path).exists():
                parts.append(_Part(session=session, channel=channel, refs=refs))
    return parts[:MOST_STREAMS]


@dataclass(kw_only=True)
class _Taken:
    """What could be taken of a part."""

    data: bytearray = field(default_factory=bytearray)
    turns: list[int] = field(default_factory=list[int])
    cut_bytes: int = 0


class _Packing:
    """One replay while it is written: streams first, then what tells what they are."""

    def __init__(
        self, folder: Path, *, artifacts: Path, run: str, nonce: str | None, fallback: Reading
    ) -> None:
        self._folder, self._artifacts, self._run = folder, artifacts, run
        self._own, self._fallback = nonce, fallback
        # The run's own nonce goes no further: a made-up one of the same length takes its place.
        self._nonce = hashlib.sha256(f"replay {run}".encode()).hexdigest()[:32]
        self._readings: dict[str, Reading] = {}
        self._left = MAX_STREAMS_BYTES

    def members(
        self, parts: Iterable[_Part], created: ev.Event, finished: ev.Event
    ) -> Iterator[tuple[str, bytes]]:
        """What goes into the file, in order; one stream at a time is held."""
        rows: list[StreamRow] = []
        for number, part in enumerate(parts, 1):
            row, data = self._stream(part)
            rows.append(row)
            yield stream_name(number), data
        for digest, reading in sorted(self._readings.items()):
            yield reading_name(digest), reading.text.encode()
        assert isinstance(created.data, ev.RunCreated)
        assert isinstance(finished.data, ev.RunFinished)
        manifest = ReplayManifest(
            run=self._run,
            version=created.data.version,
            state=finished.data.state,
            reason=finished.data.reason,
            ended_at=finished.at,
            nonce=self._nonce,
            exact=self._own is not None,
            readings=tuple(
                ReadingRow(
                    digest=digest,
                    library=reading.library,
                    delimiters=reading.delimiters,
                    phases=dict(reading.phases),
                )
                for digest, reading in sorted(self._readings.items())
            ),
            streams=tuple(rows),
        )
        yield MANIFEST, manifest.model_dump_json(indent=1).encode()

    def _stream(self, part: _Part) -> tuple[StreamRow, bytes]:
        taken = self._taken(part.refs)
        self._left -= len(taken.data)
        data = bytes(taken.data)
        if self._own:
            data = data.replace(self._own.encode(), self._nonce.encode())
        started = part.session.started
        row = StreamRow(
            task=part.session.task,
            phase=part.session.phase,
            channel=part.channel,
            session=part.session.number,
            reading=self._reading(started.reading if started else ""),
            root=part.session.root,
            size_bytes=len(data),
            digest=hashlib.sha256(data).hexdigest(),
            turns=tuple(taken.turns),
            cut_bytes=taken.cut_bytes,
            shadow=started.shadow if started else (),
            canary=started.canary if started else (),
        )
        return row, data

    def _reading(self, digest: str) -> str:
        if digest in self._readings:
            return digest
        found = noted(self._folder, digest) if digest else None
        found = found or self._fallback
        self._readings[found.digest] = found
        return found.digest

    def _taken(self, refs: Sequence[ev.OutputRef]) -> _Taken:
        """The begin of a stream, as far as there is room and its stretches are as recorded."""
        room = min(MAX_STREAM_BYTES, self._left)
        taken = _Taken()
        for ref in refs:
            stretch = None if taken.cut_bytes else self._stretch(ref, room - len(taken.data))
            if stretch is None:
                taken.cut_bytes += ref.length_bytes
                continue
            taken.data += stretch
            if len(stretch) < ref.length_bytes:
                whole = taken.data.rfind(b"\n") + 1
                taken.cut_bytes += ref.length_bytes - len(stretch) + len(taken.data) - whole
                del taken.data[whole:]
            else:
                taken.turns.append(len(taken.data))
        taken.turns = [end for end in taken.turns if end <= len(taken.data)]
        return taken

    def _stretch(self, ref: ev.OutputRef, room: int) -> bytes | None:
        """As much of a stretch as there is room for; None: it is gone or was changed."""
        digest, left, head = hashlib.sha256(), ref.length_bytes, bytearray()
        try:
            with (self._artifacts / ref.path).open("rb") as file:
                file.seek(ref.offset)
                while left and (data := file.read(min(left, _CHUNK_BYTES))):
                    digest.update(data)
                    left -= len(data)
                    head += data[: max(0, room - len(head))]
        except OSError:
            return None
        return bytes(head) if not left and digest.hexdigest() == ref.digest else None
