"""What the parser makes of output: frames, records and misses."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from makeitso.protocol.base import Wire

StreamChannel = Literal["message", "stdout", "stderr", "log", "wire"]
"""message: the agent's own words; stdout, stderr: output of its commands; log, wire: of the worker
program. One stream has one channel, and streams are never merged before parsing."""

FrameKind = Literal["start", "json", "err", "end"]
MissReason = Literal["unexplained", "spoofed_frame", "truncated", "json_error", "stray_end"]
"""unexplained: no pattern knows the line; spoofed_frame: a control token that this run did not
hand out; truncated: a line, block or stream was cut; json_error: a JSON payload that is not JSON;
stray_end: an END without a START."""


class Frame(Wire):
    """One control token that was recognised, with what it carried."""

    kind: FrameKind = Field(description="Which control token.")
    text: str = Field(
        default="", description="Text after the token: the label of a START, the error of an ERR."
    )
    phase: str | None = Field(
        default=None, description="Phase that the START of the innermost block named, if any."
    )
    json_: JsonValue = Field(default=None, alias="json", description="Payload of a JSON token.")
    depth: int = Field(ge=0, description="Blocks open around it; 0: at top level.")
    offset_bytes: int = Field(ge=0, description="Byte offset of its line in the raw stream.")
    stream_line: int = Field(ge=1, description="Line number in the raw stream, from 1.")


class Record(Wire):
    """One thing a pattern or a frame says; fields a pattern did not capture are null.

    A record is data from a worker. It shows progress and places; it carries no authority.
    """

    pattern: str = Field(description="Name of the pattern, or `frame`.")
    intent: str = Field(description="Intent of the pattern, e.g. `diagnostic`; `frame` for frames.")
    channel: StreamChannel = Field(description="Stream it was read from.")
    offset_bytes: int = Field(ge=0, description="Byte offset of its first line in the raw stream.")
    stream_line: int = Field(ge=1, description="Line number in the raw stream, from 1.")
    phase: str | None = Field(default=None, description="Phase it belongs to.")
    event: str | None = Field(
        default=None, description="What happened: start, json, err, end for frames."
    )
    artifact: str | None = Field(default=None, description="File or result it names.")
    json_: JsonValue = Field(default=None, alias="json", description="Structured payload.")
    path: str | None = Field(default=None, description="File or test id, as printed.")
    directory: str | None = Field(
        default=None,
        description="Directory a builder said it entered; a relative `path` is meant from there.",
    )
    line: int | None = Field(default=None, ge=0, description="Line in `path`, as printed.")
    column: int | None = Field(default=None, ge=0, description="Column in `path`, as printed.")
    severity: str | None = Field(default=None, description="Word or letter, as printed.")
    code: str | None = Field(default=None, description="Rule or error code, as printed.")
    message: str | None = Field(default=None, description="What the tool says.")


class Miss(Wire):
    """Output that nothing explains; shown to people as unrecognised output."""

    channel: StreamChannel = Field(description="Stream it was read from.")
    reason: MissReason = Field(description="Why it is a miss.")
    text: str = Field(
        description="The line, cleaned of control sequences, at most 2000 characters."
    )
    detail: str = Field(default="", description="What exactly is wrong, where more is known.")
    offset_bytes: int = Field(ge=0, description="Byte offset of its line in the raw stream.")
    stream_line: int = Field(ge=1, description="Line number in the raw stream, from 1.")
    count: int = Field(default=1, ge=1, description="How many lines like it were folded into it.")
