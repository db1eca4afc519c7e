"""Spans of a run as OpenTelemetry knows them: who they are, under what name, and what they say.

A trace is one run, however often it is taken up: its id and those of its spans are digests of what
the journal says, so that whoever folds the same journal makes the same spans.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

Value = str | int | float | bool
Attributes = dict[str, Value]
Measure = Literal["tokens", "duration"]

PROVIDER = "openai"
"""`gen_ai.provider.name`: what is spoken to is OpenAI's interface, whoever serves it."""
CUT = "cut"
"""State of what was under way when its process died."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """Something that took time and is over.

    Attributes:
        trace: 32 hex digits.
        id: 16 hex digits.
        parent: 16 hex digits; empty: none.
        name: few different ones, as backends group by it.
        client: it happened in another program, which was asked.
        begin_ms: Unix ms.
        end_ms: Unix ms, not before `begin_ms`.
        error: why it failed, as a short name; empty: it did not.
        seq: the journal event that ended it, or the last one before it was cut.
    """

    trace: str
    id: str
    parent: str
    name: str
    client: bool
    begin_ms: int
    end_ms: int
    attributes: Attributes
    error: str
    seq: int


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A number for a histogram: `tokens` in tokens, `duration` in seconds."""

    what: Measure
    value: float
    attributes: Attributes
    seq: int


@dataclass(kw_only=True)
class Open:
    """A span under way."""

    id: str
    parent: str
    name: str
    begin_ms: int
    client: bool = False
    attributes: Attributes = field(default_factory=Attributes)


def trace_id(run: str, created_hash: str) -> str:
    """The trace of a run; its name alone is not unique, the journal row that began it is."""
    return hashlib.sha256(f"trace {run} {created_hash}".encode()).hexdigest()[:32]


def span_id(trace: str, kind: str, seq: int) -> str:
    """The span of a kind that a journal event began."""
    return hashlib.sha256(f"span {trace} {kind} {seq}".encode()).hexdigest()[:16]


def operation(name: str, *, agent: str = "", model: str = "") -> Attributes:
    """What every GenAI span says of itself."""
    said: Attributes = {"gen_ai.operation.name": name}
    if name != "execute_tool":
        said["gen_ai.provider.name"] = PROVIDER
    if agent:
        said["gen_ai.agent.name"] = agent
    if model:
        said["gen_ai.request.model"] = model
    return said
