"""Frames and hits become records."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from makeitso.parsing.patterns import CONTEXT, CONTINUATION, EXTRACT_JSON, IGNORE, PREFIX
from makeitso.parsing.payload import PayloadError, whole_json
from makeitso.protocol.record import Frame, Miss, Record, StreamChannel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import JsonValue

    from makeitso.parsing.engine import Hit
    from makeitso.parsing.patterns import Pattern

FRAME = "frame"
_MAX_DIGITS = 9


def frame_record(frame: Frame, channel: StreamChannel) -> Record:
    """The record of one control token."""
    artifact: str | None = None
    if isinstance(frame.json_, dict):
        named = frame.json_.get("artifact")
        artifact = named if isinstance(named, str) else None
    return Record(
        pattern=FRAME,
        intent=FRAME,
        channel=channel,
        offset_bytes=frame.offset_bytes,
        stream_line=frame.stream_line,
        phase=frame.phase,
        event=frame.kind,
        artifact=artifact,
        json=frame.json_,
        severity="error" if frame.kind == "err" else None,
        message=frame.text or None,
    )


def makes_record(hit: Hit) -> bool:
    """Whether a hit is shown; ignored and context lines are only explained."""
    return hit.pattern.intent not in {IGNORE, CONTEXT, CONTINUATION, PREFIX}


def hit_record(
    hit: Hit,
    channel: StreamChannel,
    *,
    offset_bytes: int,
    stream_line: int,
    phase: str | None,
    given: Mapping[str, str],
    head: Pattern | None = None,
    directory: str | None = None,
) -> Record | None:
    """The record of a hit; None where its JSON capture is not JSON.

    Args:
        hit: the match.
        channel: the stream.
        offset_bytes: where its line begins.
        stream_line: number of that line.
        phase: phase of the block around it.
        given: fields of context or of a joined record, used where the hit has none.
        directory: where a builder works by now, for records that name a path.
        head: pattern that began the record, when this line only completes it; the record is its.
    """
    fields = {**dict(hit.pattern.fields), **given, **hit.captures}
    value: JsonValue = None
    if "json" in fields:
        try:
            value = whole_json(fields["json"].encode("utf-8", "surrogatepass"))
        except PayloadError:
            return None
    artifact = fields.get("artifact")
    if hit.pattern.intent == EXTRACT_JSON and isinstance(value, dict):
        named = value.get("artifact")
        artifact = artifact or (named if isinstance(named, str) else None)
    owner = head or hit.pattern
    return Record(
        pattern=owner.name,
        intent=owner.intent,
        channel=channel,
        offset_bytes=offset_bytes,
        stream_line=stream_line,
        phase=fields.get("phase", phase),
        event=fields.get("event"),
        artifact=artifact,
        json=value,
        path=fields.get("path"),
        directory=directory if "path" in fields else None,
        line=_number(fields.get("line")),
        column=_number(fields.get("column")),
        severity=fields.get("severity"),
        code=fields.get("code"),
        message=fields.get("message"),
    )


def plain_json(item: Record | Miss) -> dict[str, object]:
    """A record or miss for a file or a terminal: snake_case, the payload named `json`, no nulls."""
    data = cast("dict[str, object]", item.model_dump(exclude_none=True))
    return {("json" if key == "json_" else key): value for key, value in data.items()}


def _number(text: str | None) -> int | None:
    if text is None or not text.isascii() or not text.isdigit() or len(text) > _MAX_DIGITS:
        return None
    return int(text)
