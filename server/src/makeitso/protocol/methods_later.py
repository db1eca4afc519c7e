"""Messages of what this version does not do yet: their form is fixed, their answer is an error."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from makeitso.protocol.base import Wire


class NoResult(Wire):
    """An answer that says nothing but that it was done."""


class ProposalListParams(Wire):
    """Suggested changes to the pattern library and to prompts."""


class Proposal(Wire):
    """A suggested change."""

    id: str = Field(description="Proposal id.")
    kind: Literal["pattern", "prompt"] = Field(description="What it changes.")
    title: str = Field(description="One line.")
    rationale: str = Field(description="Why.")
    diff: str = Field(description="Unified diff of the file it changes.")


class ProposalListResult(Wire):
    """Proposals."""

    proposals: tuple[Proposal, ...] = Field(description="Oldest first.")


class ProposalDecideParams(Wire):
    """Let a proposal in or turn it down."""

    id: str = Field(min_length=1, description="Proposal id.")
    grant: bool = Field(description="Let in or turned down.")
    because: str = Field(default="", description="Reason of a refusal.")


class LearnRunParams(Wire):
    """Learn from the latest runs."""

    runs: tuple[str, ...] = Field(default=(), description="Run ids; empty: the latest ones.")


class AuthStatusParams(Wire):
    """Which keys and logins are there; never their values."""


class AuthStatusResult(Wire):
    """Keys and logins."""

    sources: dict[str, str] = Field(description="Where each comes from, by name.")


class AuthLoginParams(Wire):
    """Log in to a provider."""

    provider: str = Field(min_length=1, description="Provider.")


class DebugOpenParams(Wire):
    """Open a debug session."""

    target: str = Field(min_length=1, description="Name in `[debug.targets]`.")


class DebugOpenResult(Wire):
    """A debug session."""

    session: str = Field(description="Session id.")


class DebugSendParams(Wire):
    """Send a command to a debug session."""

    session: str = Field(min_length=1, description="Session id.")
    command: str = Field(min_length=1, description="Command.")


class DebugSendResult(Wire):
    """What the debugger answered."""

    answer: JsonValue = Field(description="Its answer.")
