"""A suggested change of the pattern library or of a prompt: the file a person reads and decides.

A proposal is one TOML file. All that the decision needs stands in it: what would change, why, what
was measured before and after and on which runs, and what each rule of the gate found. It is data:
nothing in it is ever run, and a pattern in it acts only once it was let in.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire

ProposalKind = Literal["pattern", "prompt"]
Proposer = Literal["offline", "manager", "person"]
"""offline: mined without a model; manager: a model's answer; person: written by hand."""
ProposalState = Literal["open", "canary", "applied", "denied", "rolled-back", "superseded"]
"""open: tried in the shadow and waiting; canary: acts in some runs; applied: it is in the library;
superseded: the library changed so that it says nothing new."""
Risk = Literal[
    "block-pattern", "control-intent", "prompt", "gaps", "few-literals", "changes-existing"
]
"""Why a person must decide: block-pattern, it reads whole blocks; control-intent, it makes frames
or payloads; prompt, it changes words to a model; gaps, more than one wildcard; few-literals, fewer
than six literal characters; changes-existing, a pattern that exists reads differently."""
GateRule = Literal[
    "lint", "speed", "golden", "negatives", "support", "fields", "duplicate",
    "precision", "recall", "risk",
]  # fmt: skip
"""What a proposal must pass; docs/learning.md has a row for each."""


class PatternEntry(Wire):
    """A `[[pattern]]` table of a library, as it would be written."""

    name: str = Field(min_length=1, description="Unique in the library.")
    intent: str = Field(min_length=1, description="What it is for, e.g. `diagnostic`.")
    regex: str = Field(min_length=1, description="Common subset of Python's re and RE2.")
    multiline: bool = Field(default=False, description="Matched against delimited blocks.")
    reflags: tuple[str, ...] = Field(default=(), description="Letters of `i m s x a`.")
    fields: dict[str, str] = Field(default={}, description="Constant fields of its records.")
    joins: tuple[str, ...] = Field(default=(), description="Patterns whose record it completes.")
    under: str = Field(default="", description="Pattern whose fields fill its gaps.")
    examples: tuple[str, ...] = Field(default=(), description="Lines it must match.")
    counter_examples: tuple[str, ...] = Field(default=(), description="Lines it must not match.")
    rationale: str = Field(default="", description="Why it is as it is.")


class Trial(Wire):
    """A pattern of an open proposal, as it is tried in runs.

    In the shadow it only counts what it would explain; in canary runs it acts as if it were let in.
    """

    id: str = Field(min_length=1, description="Proposal id.")
    entry: PatternEntry = Field(description="The pattern.")
    canary: bool = Field(default=False, description="It acts in some runs; else it only counts.")


class PromptChange(Wire):
    """A new text of a prompt."""

    name: str = Field(min_length=1, description="Prompt, e.g. `worker-exec`.")
    base_digest: str = Field(description="SHA-256 of the text it was made from, hex.")
    text: str = Field(min_length=1, description="The whole new text.")


class Metrics(Wire):
    """How a library reads the runs a proposal was proved on; ratios from 0 to 1, null: no data."""

    lines: int = Field(ge=0, description="Lines that are not blank.")
    explained: int = Field(ge=0, description="Lines that a pattern explains.")
    coverage: float | None = Field(default=None, ge=0, le=1, description="explained / lines.")
    precision: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Of the lines it explains, those of the group it was made for.",
    )
    recall: float | None = Field(
        default=None, ge=0, le=1, description="Of the lines of that group, those it explains."
    )
    negative_hits: int = Field(default=0, ge=0, description="Lines of others that it matches.")
    negatives: int = Field(default=0, ge=0, description="Lines of others it was tried on.")


class Support(Wire):
    """What a proposal rests on."""

    lines: int = Field(ge=0, description="Lines it was made from.")
    runs: tuple[str, ...] = Field(default=(), description="Runs those lines are from.")
    unseen_lines: int = Field(default=0, ge=0, description="Further lines that proved it.")
    unseen_runs: tuple[str, ...] = Field(default=(), description="Runs the proposer never saw.")


class GateFinding(Wire):
    """What one rule of the gate found."""

    rule: GateRule = Field(description="Which rule.")
    passed: bool = Field(description="Whether it holds.")
    detail: str = Field(description="The figure or the reason, for a person.")


class Proposal(Wire):
    """One suggested change, whole."""

    format: Literal[1] = Field(default=1, description="Version of this form.")
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{2,60}$", description="Name of its file, too.")
    kind: ProposalKind = Field(description="What it changes.")
    title: str = Field(min_length=1, description="One line.")
    rationale: str = Field(description="Why, with its support, for a person.")
    proposer: Proposer = Field(description="Who made it.")
    created_at: str = Field(description="When, ISO 8601 in UTC.")
    library: str = Field(description="Digest of the library it was proved over, hex.")
    pattern: PatternEntry | None = Field(default=None, description="For kind `pattern`.")
    replaces: str = Field(
        default="", description="The expression it takes the place of; empty: a new pattern."
    )
    prompt: PromptChange | None = Field(default=None, description="For kind `prompt`.")
    before: Metrics | None = Field(default=None, description="Measured without it.")
    after: Metrics | None = Field(default=None, description="Measured with it.")
    support: Support = Field(description="What it rests on.")
    risks: tuple[Risk, ...] = Field(default=(), description="Why a person must decide, if so.")
    gate: tuple[GateFinding, ...] = Field(default=(), description="What the gate found.")


class ProposalRow(Wire):
    """A row of the history of learning, appended and never changed.

    `applying` is written before the library's file is replaced and `applied` after, so that a
    process killed between the two finds out which of the texts the file holds.
    """

    at: float = Field(description="Unix seconds.")
    id: str = Field(description="Proposal id.")
    action: Literal[
        "proposed", "canary", "applying", "applied", "denied", "rolling-back", "rolled-back",
        "superseded", "abandoned",
    ] = Field(description="What happened.")  # fmt: skip
    by: Literal["person", "gate", "canary", "engine"] = Field(description="Who decided.")
    because: str = Field(default="", description="Reason, for a person.")
    file: str = Field(default="", description="File that changes, relative to the workspace.")
    before: str = Field(default="", description="SHA-256 of its text before, hex; empty: none.")
    after: str = Field(default="", description="SHA-256 of its text after, hex; empty: none.")
