"""The parser of one stream: feed bytes, get records and misses.

Feed it what the redactor lets through: records and misses repeat the text they were made from.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from makeitso.parsing.directories import Directories
from makeitso.parsing.engine import LIVE, Hit
from makeitso.parsing.explain import Explainer
from makeitso.parsing.frame_events import PHASE_WORDS, Block, Fault, FrameCounts, FrameEvent, Text
from makeitso.parsing.framing import Framer
from makeitso.parsing.misses import miss_of
from makeitso.parsing.patterns import CONTINUATION, DETAIL, IGNORE, TRACE
from makeitso.parsing.records import frame_record, hit_record, makes_record
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Frame, Miss, MissReason, Record, StreamChannel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from makeitso.parsing.cleaning import CleanLine
    from makeitso.parsing.frame_events import Limits
    from makeitso.parsing.library import Library
    from makeitso.parsing.patterns import Pattern, PatternState

STRETCH_BYTES = 2048
"""So much is looked at as one, when nobody wants to know each line: a line that says something has
those around it looked at one by one."""
_PASSED_DOWN = ("path", "line", "column", "phase", "artifact")


@dataclass(slots=True)
class LineCounts:
    """Lines of output so far that are not blank, and how many of them a pattern knows.

    An agent's own words are not counted. Bytes are of cleaned lines, without line ends.
    """

    lines: int = 0
    explained_lines: int = 0
    size_bytes: int = 0
    explained_bytes: int = 0


@dataclass(slots=True)
class TrialCounts:
    """Lines that a pattern in the shadow matches, and how many of them others explain already."""

    lines: int = 0
    explained_lines: int = 0


class Seen(Protocol):
    """Told of each line that is not blank and no frame, in order, as it is read."""

    def __call__(self, line: CleanLine, pattern: str | None, reason: MissReason | None, /) -> None:
        """`pattern` explains it; else `reason` says why it is a miss; neither: it is prose."""
        ...


class StreamParser:
    """Parses one channel of one worker. What comes out does not depend on the chunks."""

    def __init__(
        self,
        channel: StreamChannel,
        library: Library,
        *,
        delimiters: Delimiters | None = None,
        nonce: str | None = None,
        own_words: bool | None = None,
        phases: Mapping[str, str] = PHASE_WORDS,
        live: frozenset[PatternState] = LIVE,
        limits: Limits | None = None,
        seen: Seen | None = None,
    ) -> None:
        """Prepare.

        Args:
            channel: which stream; one parser per stream.
            library: the patterns of this run.
            delimiters: base control tokens.
            nonce: the run's 32 hex digits; None reads base tokens, as for a saved file.
            own_words: whether frames count here. None: with a nonce only on `message`, because
                output of commands can repeat anything; without one everywhere.
            phases: words a START may name a phase by.
            live: pattern states that make records.
            limits: caps of lines and blocks.
            seen: told of each line; not of those that are skimmed.
        """
        self._channel: StreamChannel = channel
        self._explainer = Explainer(library, live=live)
        self._directories = Directories()
        trusted = nonce is None or channel == "message" if own_words is None else own_words
        self._json_token = (delimiters or Delimiters()).json_.encode()
        self._framer = Framer(delimiters, nonce, own_words=trusted, phases=phases, limits=limits)
        # What is on trial changes nothing: what it would join or stand under does not wait for it.
        acting = [p for p in library.patterns if p.state in live]
        self._heads = frozenset(name for p in acting for name in p.joins)
        self._holders = frozenset(p.under for p in acting if p.under)
        self._tries = len(acting) != len(library.patterns) and channel != "message"
        self._seen: Seen = seen or _unseen
        self._pending: tuple[Hit, Record] | None = None
        self._parted = False
        """Whether a line that says nothing stands between the pending record and what comes."""
        self._quiet: str | None = None
        """Pattern of the line before, if it says nothing and others may go on with it."""
        self._context: dict[str, dict[str, str]] = {}
        self._out: list[Record | Miss] = []
        self.brief = False
        """Set it once nobody wants to know each miss: then stretches in which no line says anything
        are counted as a whole, many times faster."""
        self.skimmed = 0
        """Misses so far that were only counted."""
        self.lines = LineCounts()
        """What was read so far, and how much of it was explained."""
        self.trials: defaultdict[str, TrialCounts] = defaultdict(TrialCounts)
        """What patterns in the shadow matched so far, by the origin of the pattern."""

    @property
    def counts(self) -> FrameCounts:
        """Frames and faults so far."""
        return self._framer.counts

    def feed(self, data: bytes) -> list[Record | Miss]:
        """Take bytes, give what the lines they complete say."""
        if not self.brief:
            return self._handle(self._framer.feed(data))
        # A line that was begun is ended first: stretches are of whole lines.
        begun = 0 if self._framer.between_lines else data.find(b"\n") + 1 or len(data)
        out = self._handle(self._framer.feed(data[:begun])) if begun else []
        for stretch in _stretches(data, begun):
            if not self._skim(stretch):
                out += self._handle(self._framer.feed(stretch))
        return out

    def close(self) -> list[Record | Miss]:
        """End the stream, give the rest."""
        out = self._handle(self._framer.close())
        self._flush()
        out.extend(self._out)
        self._out = []
        return out

    def _skim(self, stretch: bytes) -> bool:
        """Count lines that no pattern knows and no token stands in, all at once."""
        if self._pending is not None or self._quiet is not None or not stretch.endswith(b"\n"):
            return False
        if not (self._explainer.none_in(stretch) and self._framer.skip(stretch)):
            return False
        if self._channel != "message":
            lines = list(filter(bytes.strip, stretch.split(b"\n")))
            self.lines.lines += len(lines)
            self.lines.size_bytes += sum(map(len, lines))
            self.skimmed += len(lines)
        return True

    def _handle(self, events: list[FrameEvent]) -> list[Record | Miss]:
        for event in events:
            match event:
                case Text():
                    self._text(event)
                case Frame():
                    self._flush()
                    self._out.append(frame_record(event, self._channel))
                case Block():
                    self._block(event)
                case Fault():
                    self._flush()
                    self._seen(event.line, None, event.reason)
                    self._out.append(
                        miss_of(event.line, self._channel, event.reason, detail=event.detail)
                    )
        out, self._out = self._out, []
        return out

    def _text(self, event: Text) -> None:
        line = event.line
        if not line.data.strip():
            # Nothing goes on over an empty line, but a place may stand behind one.
            self._parted = self._pending is not None
            return
        hit = self._explainer.line(
            line.data, before=self._begun(), complete=self._quiet is not None
        )
        if self._tries:
            self._try(line.data, explained=hit is not None)
        if hit is None:
            self._quiet = None
            self._flush()
            self._count(event, explained=False)
            self._unexplained(event)
            return
        self._read(event, hit)

    def _read(self, event: Text, hit: Hit) -> None:
        """A line that a pattern explains."""
        line = event.line
        if hit.pattern.intent == CONTINUATION and (self._quiet is not None or not hit.captures):
            self._count(event, explained=True)
            self._seen(line, hit.pattern.name, None)
            return
        self._quiet = None
        given = self._given(hit)
        if hit.pattern.name in self._holders:
            self._context[hit.pattern.name] = hit.captures
        self._directories.take(hit)
        joined = self._pending if self._joins(hit) else None
        if joined is None and not makes_record(hit):
            if hit.pattern.intent == IGNORE:
                self._parted = self._pending is not None
            else:
                self._flush()
            if self._explainer.goes_on(hit.pattern.name):
                self._quiet = hit.pattern.name
            self._count(event, explained=True)
            self._seen(line, hit.pattern.name, None)
            return
        if joined is None:
            self._flush()
        at = joined[1] if joined else None
        record = hit_record(
            hit,
            self._channel,
            offset_bytes=at.offset_bytes if at else line.offset_bytes,
            stream_line=at.stream_line if at else line.number,
            phase=event.phase,
            given=given,
            head=_owner(joined[0], hit) if joined else None,
            directory=at.directory if at and at.path else self._directories.now,
        )
        self._pending, self._parted = None, False
        self._count(event, explained=record is not None)
        if record is None:
            self._seen(line, None, "json_error")
            self._out.append(
                miss_of(line, self._channel, "json_error", detail=f"by {hit.pattern.name}")
            )
        else:
            self._seen(line, hit.pattern.name, None)
            self._keep(record, hit, joined[0] if joined else None, inset=line.data[:1].isspace())

    def _keep(self, record: Record, hit: Hit, head: Hit | None, *, inset: bool) -> None:
        """Give a record out, or wait for what may still come to it."""
        if head is not None and self._goes_on(head, hit):
            captures = {**head.captures, **hit.captures}
            self._pending = (Hit(head.pattern, captures, head.start), record)
        elif hit.pattern.name in self._heads:
            self._pending = (hit, record)
        else:
            if head is not None and hit.pattern.intent == CONTINUATION and inset:
                # Text that is set in goes on, over paragraphs, with what is no record by itself.
                self._quiet = head.pattern.name
            self._out.append(record)

    def _count(self, event: Text, *, explained: bool) -> None:
        size = len(event.line.data)
        if self._channel == "message" or not event.line.data.strip():
            return
        self.lines.lines += 1
        self.lines.size_bytes += size
        if explained:
            self.lines.explained_lines += 1
            self.lines.explained_bytes += size

    def _try(self, data: bytes, *, explained: bool) -> None:
        for hit in self._explainer.on_trial(data):
            counted = self.trials[hit.pattern.origin]
            counted.lines += 1
            counted.explained_lines += explained

    def _begun(self) -> str | None:
        """Name of the pattern that this line may go on with: the line before was its."""
        if self._quiet is not None:
            return self._quiet
        if self._pending is None:
            return None
        # A heading without its text still waits for it over an empty line.
        head, record = self._pending
        return None if self._parted and record.message is not None else head.pattern.name

    def _joins(self, hit: Hit) -> bool:
        return self._pending is not None and self._pending[0].pattern.name in hit.pattern.joins

    def _goes_on(self, head: Hit, hit: Hit) -> bool:
        """Whether more may come to a record that one line has completed: a field is still open."""
        return hit.pattern.intent == CONTINUATION and "message" not in {
            *head.captures, *hit.captures,
        }  # fmt: skip

    def _given(self, hit: Hit) -> dict[str, str]:
        given: dict[str, str] = {}
        if hit.pattern.under is not None:
            # Only what names the place is passed down, not what was said there.
            held = self._context.get(hit.pattern.under, {})
            given.update({name: held[name] for name in _PASSED_DOWN if name in held})
        if self._pending is not None and self._joins(hit):
            before = self._pending[0]
            held = {**dict(before.pattern.fields), **before.captures}
            if before.pattern.intent == TRACE and hit.pattern.intent != TRACE:
                # Of where it came from only the place; the function is not what went wrong.
                held = {name: held[name] for name in _PASSED_DOWN if name in held}
            given.update(held)
        return given

    def _unexplained(self, event: Text) -> None:
        # What an agent says in its own words is prose, not output that a pattern should know.
        if self._channel == "message":
            self._seen(event.line, None, None)
            return
        reason: MissReason = "truncated" if event.line.cut else "unexplained"
        self._seen(event.line, None, reason)
        self._out.append(miss_of(event.line, self._channel, reason))

    def _block(self, block: Block) -> None:
        self._flush()
        for hit in self._explainer.block(block.data):
            # What begins at a JSON token is the framer's: it has made a record of the payload, or
            # has refused it, and a refused payload is not taken in by another door.
            if block.data.startswith(self._json_token, hit.start):
                continue
            record = hit_record(
                hit,
                self._channel,
                offset_bytes=block.offset_bytes,
                stream_line=block.number + block.data.count(b"\n", 0, hit.start),
                phase=None,
                given={},
            )
            if record is not None and makes_record(hit):
                self._out.append(record)

    def _flush(self) -> None:
        if self._pending is not None:
            self._out.append(self._pending[1])
            self._pending, self._parted = None, False


def _unseen(line: CleanLine, pattern: str | None, reason: MissReason | None, /) -> None:
    """Nobody wants to know."""


def _owner(head: Hit, hit: Hit) -> Pattern | None:
    """Whose record two lines make: the first one's, unless it only told where or more of it."""
    told = head.pattern.intent in {TRACE, DETAIL} and hit.pattern.intent != CONTINUATION
    return None if told else head.pattern


def _stretches(data: bytes, begin: int) -> Iterator[bytes]:
    """Pieces of about one stretch, cut after newlines where there are any."""
    while begin < len(data):
        end = data.rfind(b"\n", begin, begin + STRETCH_BYTES) + 1
        if end <= begin:
            end = data.find(b"\n", begin) + 1 or len(data)
        yield data[begin:end]
        begin = end
