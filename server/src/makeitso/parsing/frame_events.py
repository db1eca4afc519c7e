"""What a framer gives (text lines, frames, complete blocks, faults), its limits and its counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.parsing.cleaning import LINE_CAP_BYTES, CleanLine
from makeitso.protocol.record import Frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.protocol.record import MissReason


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a block may hold."""

    line_bytes: int = LINE_CAP_BYTES
    block_bytes: int = 1 << 20
    block_lines: int = 20_000
    depth: int = 4


@dataclass(frozen=True, slots=True)
class Text:
    """A line that is not a frame."""

    line: CleanLine
    depth: int
    phase: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """A complete delimited block, tokens put back to base tokens; for multi-line patterns."""

    data: bytes
    offset_bytes: int
    number: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a frame."""

    reason: MissReason
    detail: str
    line: CleanLine


FrameEvent = Text | Frame | Block | Fault

PHASE_WORDS: Mapping[str, str] = {p: p for p in ("bootstrap", "task", "verify", "summarize")}


@dataclass(slots=True)
class FrameCounts:
    """What a stream contained so far."""

    frames: int = 0
    spoofed: int = 0
    stray_ends: int = 0
    json_errors: int = 0
    truncated: int = 0
