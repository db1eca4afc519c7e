"""Telemetry: opt-in, local, one JSON line each; numbers and names of ours, never a text of anybody.

Goals, commands, paths, output and messages are not in it. `protocol/schema/telemetry.schema.json`
is the schema of a line.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.wait import WaitEnd
from makeitso.protocol.words import ApprovalKind, PhaseName


class TelemetryBase(Wire):
    """What every line says."""

    seq: int = Field(ge=1, description="The journal event it was made of.")
    at: int = Field(description="Unix ms.")
    run: str = Field(description="Run id.")


class TelemetryRunStart(TelemetryBase):
    """A run began, or was taken up again."""

    type: Literal["run.start"]
    resumed: bool = Field(description="Taken up again.")
    manager: Literal["codex", "api", "none"] = Field(description="Who manages.")
    policy: str = Field(description="Approval policy.")
    budget_tokens: int = Field(ge=0, description="Token ceiling of the run; 0: none.")
    version: str = Field(description="Version of makeitso the run began with.")


class TelemetryRunEnd(TelemetryBase):
    """A run is over, or stands still."""

    type: Literal["run.end"]
    state: Literal["done", "failed", "stopped", "waiting"] = Field(description="How.")
    exit_code: int = Field(description="Exit code of the process.")
    duration_ms: int = Field(ge=0, description="Since it began or was last taken up.")
    tokens: int = Field(ge=0, description="Tokens of the whole run so far.")
    output_bytes: int = Field(ge=0, description="Output of workers and checks of the whole run.")


class TelemetryPhaseStart(TelemetryBase):
    """A phase began."""

    type: Literal["phase.start"]
    task: str = Field(description="Task id.")
    phase: PhaseName = Field(description="The phase.")


class TelemetryPhaseEnd(TelemetryBase):
    """A phase is over."""

    type: Literal["phase.end"]
    task: str = Field(description="Task id.")
    phase: PhaseName = Field(description="The phase.")
    state: Literal["passed", "failed", "skipped"] = Field(description="How.")
    duration_ms: int = Field(ge=0, description="Since it began or was last taken up; 0: skipped.")
    output_bytes: int = Field(ge=0, description="Output of workers and checks in it.")


class TelemetryWait(TelemetryBase):
    """Something was waited for."""

    type: Literal["wait"]
    task: str | None = Field(description="Task id; null: the run, or several tasks.")
    reason: Literal["person", "config", "plan", "manager"] = Field(
        description="A person was waited for; else for time or a command, and who wanted that."
    )
    kind: ApprovalKind | None = Field(description="What a person was asked for; null: not asked.")
    outcome: Literal["granted", "denied", "void"] | WaitEnd = Field(
        description="What became of the question, or how the wait ended."
    )
    duration_ms: int = Field(ge=0, description="How long.")


class TelemetryInterrupt(TelemetryBase):
    """Work was cut short."""

    type: Literal["interrupt"]
    task: str | None = Field(description="Task id; null: the run.")
    reason: Literal["turn", "stop"] = Field(
        description="turn: a worker's turn was interrupted; stop: somebody stopped the run."
    )
    duration_ms: int = Field(ge=0, description="How long the turn took; 0 for a stop.")
    output_bytes: int = Field(ge=0, description="Output of the turn; 0 for a stop.")


TelemetryLine = Annotated[
    TelemetryRunStart
    | TelemetryRunEnd
    | TelemetryPhaseStart
    | TelemetryPhaseEnd
    | TelemetryWait
    | TelemetryInterrupt,
    Field(discriminator="type"),
]
"""One line of `telemetry.jsonl`, snake_case."""
