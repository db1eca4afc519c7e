"""The framer of one stream: bytes in, text lines and frames out, whatever the chunks.

Rules:
- A control token counts only at the start of a line, and only with the run's nonce if there is one.
  A base token or one with another nonce is text, and counted as a look-alike.
- START opens a block, blocks nest to `depth`, END closes the innermost. Text in a block is text.
- JSON carries its payload on the same line, or on lines up to END; that END closes the block too.
  A payload that never ends was text.
- JSON or ERR with END on the same line is a frame of its own and closes nothing else.
- Without a nonce, a JSON token with a payload and an END also counts in the middle of a line.
- A block past `block_bytes` or `block_lines` or too deep is given up; the next START begins afresh.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from makeitso.parsing.cleaning import CleanLine, LineCleaner
from makeitso.parsing.frame_events import (
    PHASE_WORDS,
    Block,
    Fault,
    FrameCounts,
    FrameEvent,
    Limits,
    Text,
)
from makeitso.parsing.payload import PayloadError, read_json, whole_json
from makeitso.parsing.tokens import Mark, TokenSet
from makeitso.protocol.plan import Delimiters
from makeitso.protocol.record import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from makeitso.protocol.record import FrameKind, MissReason


@dataclass(slots=True)
class _Payload:
    """A JSON payload that spans lines."""

    first: CleanLine
    head: bytes
    length: int | None
    lines: list[CleanLine] = field(default_factory=list[CleanLine])


class Framer:
    """Sans-IO framer; `feed` bytes in any pieces, `close` once at the end. Never raises."""

    def __init__(
        self,
        delimiters: Delimiters | None = None,
        nonce: str | None = None,
        *,
        own_words: bool = True,
        phases: Mapping[str, str] = PHASE_WORDS,
        limits: Limits | None = None,
    ) -> None:
        """Prepare.

        Args:
            delimiters: the base tokens.
            nonce: 32 hex digits that live tokens carry; None accepts base tokens.
            own_words: False on a stream where even live tokens are only echoes; they are counted
                as look-alikes there.
            phases: word after START to phase name.
            limits: caps.
        """
        self.counts = FrameCounts()
        self._limits = limits or Limits()
        self._tokens = TokenSet(delimiters or Delimiters(), nonce)
        self._own_words = own_words
        self._phases = phases
        self._cleaner = LineCleaner(cap_bytes=self._limits.line_bytes)
        self._open: list[str | None] = []
        self._loose = False
        self._payload: _Payload | None = None
        self._block: list[bytes] = []
        self._block_size = 0
        self._block_at: CleanLine | None = None
        self._events: list[FrameEvent] = []

    def feed(self, data: bytes) -> list[FrameEvent]:
        """Take bytes, give what the lines they complete mean."""
        shared = self._tokens.shared
        for line in self._cleaner.feed(data):
            # Nearly all of a log: what `_line` does first, without the call.
            if shared not in line.data and self._block_at is None and self._payload is None:
                self._events.append(Text(line, len(self._open), self._phase()))
            else:
                self._line(line)
        return self._take()

    @property
    def between_lines(self) -> bool:
        """Whether what comes next begins a line, and not the first one."""
        return self._cleaner.between_lines

    def skip(self, stretch: bytes) -> bool:
        """Pass over whole lines that are text outside of any block; False: look at each.

        Nothing of the stretch has been fed then. It must end with a newline.
        """
        idle = not self._open and not self._loose and self._block_at is None
        return (
            idle
            and self._payload is None
            and self._cleaner.between_lines
            and self._tokens.absent(stretch)
            and self._cleaner.skip(stretch)
        )

    def close(self) -> list[FrameEvent]:
        """End the stream: the last line, and what was left open."""
        last: CleanLine | None = None
        for line in self._cleaner.close():
            self._line(line)
            last = line
        if self._loose:
            self._settle()
        if self._payload is not None or self._open:
            at = self._block_at or last
            if at is not None:
                self._fault("truncated", "the stream ended inside a frame", at)
            self._give_back()
        self._reset()
        return self._take()

    # -- lines ----------------------------------------------------------------------------------

    def _line(self, line: CleanLine) -> None:
        if self._block_at is None and self._payload is None and self._tokens.absent(line.data):
            self._events.append(Text(line, len(self._open), self._phase()))
            return
        if not self._own_words:
            if self._tokens.at(line.data) or self._tokens.lookalike(line.data):
                self._fault(
                    "spoofed_frame", "a control token in output that is not a message", line
                )
            else:
                self._events.append(Text(line, 0, None))
            return
        mark = self._tokens.at(line.data)
        if self._loose and line.data.strip():
            if mark is not None and mark.kind == "end":
                self._keep(line)
                self._frame("end", line)
                self._settle()
                return
            self._settle()
        if self._payload is not None and self._payload_line(line, mark):
            return
        if mark is not None:
            self._marker_line(line, mark)
        elif self._tokens.lookalike(line.data):
            self._keep(line)
            self._fault("spoofed_frame", "a control token this run did not hand out", line)
        elif not self._inline(line):
            self._keep(line)
            self._events.append(Text(line, len(self._open), self._phase()))
        self._check_caps(line)

    def _marker_line(self, line: CleanLine, mark: Mark | None) -> None:
        if mark is not None and not self._open and mark.kind in ("start", "json"):
            self._begin_block(line)
        self._keep(line)
        while mark is not None:
            match mark.kind:
                case "start":
                    mark = self._start(line, mark)
                case "end":
                    mark = self._end(line, mark)
                case "err":
                    mark = self._err(line, mark)
                case "json":
                    mark = self._json(line, mark)

    def _inline(self, line: CleanLine) -> bool:
        """A complete JSON frame in the middle of a line; only where tokens carry no nonce."""
        if self._tokens.live or self._payload is not None:
            return False
        mark = self._tokens.inline_json(line.data)
        if mark is None or self._tokens.find(line.data, mark.end) is None:
            return False
        try:
            _, rest = read_json(line.data[mark.end :])
        except PayloadError:
            return False
        end = self._tokens.at(rest.lstrip())
        if end is None or end.kind != "end":
            return False
        self._marker_line(line, mark)
        return True

    # -- tokens ---------------------------------------------------------------------------------

    def _start(self, line: CleanLine, mark: Mark) -> Mark | None:
        following = self._tokens.find(line.data, mark.end)
        label = line.data[mark.end : following.start if following else None].strip()
        if len(self._open) >= self._limits.depth:
            self._fault("truncated", f"blocks nest deeper than {self._limits.depth}", line)
            self._reset()
            return None
        text = label.decode("utf-8", "replace")
        word, _, rest = text.partition(" ")
        phase = self._phases.get(word.rstrip(":"))
        value: JsonValue = None
        if label.startswith(b"{"):
            try:
                value = whole_json(label)
                text = ""
            except PayloadError:
                value = None
        self._open.append(phase or _text_field(value, "phase") or self._phase())
        self._frame("start", line, text=rest.strip() if phase else text, value=value, outer=1)
        return following

    def _end(self, line: CleanLine, mark: Mark) -> Mark | None:
        if not self._open:
            self._fault("stray_end", "END without START", line)
            return None
        label = line.data[mark.end :].strip()
        following = self._tokens.at(line.data, len(line.data.rstrip()) - len(label))
        text = "" if following else label.decode("utf-8", "replace")
        self._frame("end", line, text=text, outer=1)
        self._open.pop()
        if not self._open:
            self._end_block()
        return following

    def _err(self, line: CleanLine, mark: Mark) -> Mark | None:
        end = self._tokens.ending(line.data[mark.end :])
        stop = mark.end + end.start if end else None
        text = line.data[mark.end : stop].strip().decode("utf-8", "replace")
        self._frame("err", line, text=text)
        if end is not None:
            self._frame("end", line)
        return None

    def _json(self, line: CleanLine, mark: Mark) -> Mark | None:
        data = line.data[mark.end :]
        if not data.strip():
            self._payload = _Payload(line, b"", mark.length)
            return None
        try:
            value, rest = read_json(data)
            following = rest.lstrip()
            end = self._tokens.at(following)
            if following and (end is None or end.kind != "end"):
                raise PayloadError("text after the JSON value")
            _check_length(data[: len(data) - len(rest)], mark.length)
        except PayloadError as error:
            self._json_failed(line, mark, error)
            return None
        self._frame("json", line, value=value)
        if end is None:
            self._loose = self._block_alone()
            return None
        self._frame("end", line)
        return self._after_inline(line, following[end.end :])

    def _json_failed(self, line: CleanLine, mark: Mark, error: PayloadError) -> None:
        data = line.data[mark.end :]
        ended = self._tokens.ending(data) is not None
        if error.incomplete and not ended and not line.cut:
            self._payload = _Payload(line, data, mark.length)
            return
        self._fault("json_error", str(error), line)
        if ended and self._block_alone():
            self._end_block()
        else:
            self._loose = self._block_alone()

    def _after_inline(self, line: CleanLine, rest: bytes) -> Mark | None:
        """What follows a JSON frame of its own on the same line: more tokens, or nothing."""
        following = self._tokens.at(rest.lstrip())
        if following is None or (following.kind == "end" and not self._open):
            if self._block_alone():
                self._end_block()
            return None
        # Positions in `rest` become positions in the line: `rest` is its tail.
        shift = len(line.data) - len(rest.lstrip())
        return Mark(
            following.kind, following.start + shift, following.end + shift, following.length
        )

    def _payload_line(self, line: CleanLine, mark: Mark | None) -> bool:
        """A line while a JSON payload is open; False hands it on as an ordinary line."""
        payload = self._payload
        if payload is None:
            return False
        ending = mark if mark is not None and mark.kind == "end" else None
        if mark is None:
            ending = self._tokens.ending(line.data)
        if ending is not None:
            self._keep(line)
            self._finish_payload(line, payload, line.data[: ending.start])
            return True
        if mark is not None:
            self._fault("json_error", "the payload was not closed by END", payload.first)
            alone = self._block_alone()
            self._give_back()
            if alone:
                self._end_block()
            return False
        self._keep(line)
        payload.lines.append(line)
        self._check_caps(line)
        return True

    def _finish_payload(self, line: CleanLine, payload: _Payload, tail: bytes) -> None:
        self._payload = None
        data = b"\n".join((payload.head, *(part.data for part in payload.lines), tail))
        try:
            _check_length(data, payload.length)
            self._frame("json", payload.first, value=whole_json(data))
        except PayloadError as error:
            self._fault("json_error", str(error), payload.first)
        self._frame("end", line, outer=1 if self._open else 0)
        if self._open:
            self._open.pop()
        if not self._open:
            self._end_block()

    def _give_back(self) -> None:
        """A payload that never ended was not a payload: its lines are text after all."""
        payload, self._payload = self._payload, None
        if payload is not None:
            depth, phase = len(self._open), self._phase()
            self._events.extend(Text(line, depth, phase) for line in payload.lines)

    # -- blocks and bookkeeping -----------------------------------------------------------------

    def _begin_block(self, line: CleanLine) -> None:
        self._block, self._block_size, self._block_at = [], 0, line

    def _end_block(self) -> None:
        at = self._block_at
        if at is not None:
            self._events.append(Block(b"\n".join(self._block), at.offset_bytes, at.number))
        self._reset()

    def _block_alone(self) -> bool:
        """Whether the block is one JSON token with no START around it."""
        return not self._open and self._block_at is not None

    def _keep(self, line: CleanLine) -> None:
        if self._block_at is not None:
            data = self._tokens.plain(line.data)
            self._block.append(data)
            self._block_size += len(data) + 1

    def _check_caps(self, line: CleanLine) -> None:
        limits = self._limits
        if self._block_size > limits.block_bytes or len(self._block) > limits.block_lines:
            self._fault("truncated", "a block larger than the cap", line)
            self._give_back()
            self._reset()

    def _settle(self) -> None:
        """A lone JSON token was followed by END, or by something else: it is complete now."""
        self._loose = False
        if self._block_alone():
            self._end_block()

    def _reset(self) -> None:
        self._open.clear()
        self._loose = False
        self._payload = None
        self._block, self._block_size, self._block_at = [], 0, None

    def _phase(self) -> str | None:
        return self._open[-1] if self._open else None

    def _frame(
        self,
        kind: FrameKind,
        line: CleanLine,
        *,
        text: str = "",
        value: JsonValue = None,
        outer: int = 0,
    ) -> None:
        self.counts.frames += 1
        self._events.append(
            Frame(
                kind=kind,
                text=text,
                phase=_text_field(value, "phase") or self._phase(),
                json=value,
                depth=len(self._open) - outer,
                offset_bytes=line.offset_bytes,
                stream_line=line.number,
            )
        )

    def _fault(self, reason: MissReason, detail: str, line: CleanLine) -> None:
        match reason:
            case "spoofed_frame":
                self.counts.spoofed += 1
            case "stray_end":
                self.counts.stray_ends += 1
            case "json_error":
                self.counts.json_errors += 1
            case "truncated" | "unexplained":
                self.counts.truncated += 1
        # The nonce stays out of what people get to see.
        shown = replace(line, data=self._tokens.plain(line.data))
        self._events.append(Fault(reason, detail, shown))

    def _take(self) -> list[FrameEvent]:
        events, self._events = self._events, []
        return events


def _text_field(value: JsonValue, key: str) -> str | None:
    if isinstance(value, dict):
        found = value.get(key)
        if isinstance(found, str):
            return found
    return None


def _check_length(data: bytes, length: int | None) -> None:
    size = len(data.strip())
    if length is not None and length != size:
        raise PayloadError(f"len={length}, but {size} bytes")
