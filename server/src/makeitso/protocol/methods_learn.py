"""Proposals and learning: what a client asks and gets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.proposal import Proposal, ProposalRow, ProposalState


class ProposalListParams(Wire):
    """Suggested changes to the pattern library and to prompts."""

    all_: bool = Field(default=False, alias="all", description="Decided ones, too.")


class ProposalItem(Wire):
    """A proposal with where it stands."""

    proposal: Proposal = Field(description="Itself.")
    state: ProposalState = Field(description="What became of it.")
    uri: str = Field(description="Its document.")
    diff: str = Field(description="Unified diff of the file it changes, or would change.")


class ProposalListResult(Wire):
    """Proposals."""

    proposals: tuple[ProposalItem, ...] = Field(description="Oldest first.")
    problems: tuple[str, ...] = Field(
        default=(), description="Files that are no proposals, each with what is wrong where."
    )


class ProposalDecideParams(Wire):
    """Let a proposal in or turn it down."""

    id: str = Field(min_length=1, description="Proposal id.")
    grant: bool = Field(description="Let in or turned down.")
    because: str = Field(default="", description="Reason of a refusal; kept in the history.")


class ProposalDecideResult(Wire):
    """What became of it."""

    item: ProposalItem = Field(description="The proposal as it stands now.")


class ProposalRollbackParams(Wire):
    """Take an applied proposal back."""

    id: str = Field(min_length=1, description="Proposal id.")
    because: str = Field(default="", description="Reason; kept in the history.")


class ProposalRollbackResult(Wire):
    """What is in the library now."""

    item: ProposalItem = Field(description="The proposal as it stands now.")
    exact: bool = Field(
        description="True: the file is byte for byte what it was before. False: it was edited "
        "since, and only what the proposal had put in was taken out."
    )


class ProposalHistoryParams(Wire):
    """All that was ever proposed and decided here."""


class ProposalHistoryResult(Wire):
    """The history."""

    rows: tuple[ProposalRow, ...] = Field(description="Oldest first.")


class LearnRunParams(Wire):
    """Learn from the latest runs: mine what was not understood, propose, prove, gate."""

    runs: tuple[str, ...] = Field(default=(), description="Run ids; empty: the latest ones.")
    proposer: Literal["offline", "manager"] | None = Field(
        default=None, description="Who proposes; null: as the config says."
    )


class LearnRunResult(Wire):
    """What a pass came to."""

    runs: tuple[str, ...] = Field(description="Runs it read.")
    lines: int = Field(ge=0, description="Lines in them that are not blank.")
    explained: int = Field(ge=0, description="Lines that a pattern explains.")
    groups: int = Field(ge=0, description="Groups of lines that nothing explains.")
    written: tuple[ProposalItem, ...] = Field(description="Proposals it wrote.")
    applied: tuple[str, ...] = Field(default=(), description="Ids that the gate let in by itself.")
    refused: tuple[str, ...] = Field(
        default=(), description="Groups without a proposal, each with the reason."
    )


class LearnProposeParams(Wire):
    """Propose a pattern for one line that nothing explains."""

    text: str = Field(min_length=1, description="The line, as the miss shows it.")
    run: str = Field(default="", description="Run whose output it is from; empty: not known.")


class LearnProposeResult(Wire):
    """The proposal, or why there is none."""

    item: ProposalItem | None = Field(description="The proposal; null: none could be made.")
    reason: str = Field(default="", description="Why there is none.")
