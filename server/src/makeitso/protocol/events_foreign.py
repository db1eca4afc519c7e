"""A review of changes that no run of ours made: where they are from, and each round of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.events_review import ChangeProposed
from makeitso.protocol.events_run import PoliciesInForce
from makeitso.protocol.events_tree import SnapshotTaken
from makeitso.protocol.plan import RunOptions
from makeitso.protocol.words import Mark

SourceKind = Literal["worktree", "branch", "commit", "range", "stash", "patch"]


class ReviewSource(Wire):
    """Where a change comes from that is reviewed and was not made here."""

    kind: SourceKind = Field(description="What it is.")
    name: str = Field(min_length=1, description="As people know it: a path, a branch, a range.")
    key: str = Field(
        min_length=1, description="The same for the same source, however it was named."
    )


class ReviewOpened(Wire):
    """A change from elsewhere stands for review, or has moved on: then it is its next round.

    Everything about the round is in this one event, so that there is no half of it.
    """

    type: Literal["review.opened"] = "review.opened"
    source: ReviewSource = Field(description="Where it is from.")
    title: str = Field(min_length=1, description="It in one line.")
    summary: str = Field(default="", description="Its commits or message, in words.")
    round: int = Field(default=1, ge=1, description="How often it was looked at anew.")
    name: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$", description="The one task it stands as."
    )
    base: SnapshotTaken = Field(description="What it is a change of.")
    change: ChangeProposed = Field(description="The change.")
    source_tree: str = Field(
        default="",
        description="Tree of the source where what people edited in the round before is laid over "
        "it in the change; empty: the change's own.",
    )
    carried: dict[str, Mark] = Field(
        default_factory=dict,
        description="Marks of the round before, by hunk id, of hunks that say the same on another "
        "base and so have another id now; pending: they had none.",
    )
    options: RunOptions = Field(description="What holds for its landing.")
    policies: PoliciesInForce = Field(description="What is allowed.")
    version: str = Field(description="Version of makeitso.")
