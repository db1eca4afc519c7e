"""What people say to a change, the round it is sent back for, and the check of what is accepted."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire


class CommentAdded(Wire):
    """A person said something about a change; its id is `c` and the number of this event."""

    type: Literal["comment.added"] = "comment.added"
    text: str = Field(description="What they said.")
    hunk: str | None = Field(default=None, description="The hunk it is about; null: none.")
    path: str = Field(default="", description="The file it is about; empty: the whole change.")
    lines: str = Field(
        default="", description="Lines of the hunk below its header, from 1: `3`, `3-7`, `3,5-8`."
    )
    line: int | None = Field(
        default=None, ge=1, description="Where that begins in the proposed file; null: nowhere."
    )
    quote: str = Field(default="", description="What it is about, as it was shown.")


class CommentWithdrawn(Wire):
    """A comment does not hold any more; what the worker was told before stays told."""

    type: Literal["comment.withdrawn"] = "comment.withdrawn"
    id: str = Field(description="Comment id.")


class TaskSentBack(Wire):
    """A person sent the change back: the worker takes another turn with what was said to it.

    Taken only while the task is reviewed and nothing of it is landing.
    """

    type: Literal["task.sent_back"] = "task.sent_back"
    tree: str = Field(description="What the worker starts from: all but the rejected hunks.")
    commit: str = Field(description="Commit that holds it, under a private ref.")
    ref: str = Field(description="Private ref.")
    comments: tuple[str, ...] = Field(description="Ids of the comments that go with it.")
    accepted: tuple[str, ...] = Field(description="Hunks that were accepted or had landed.")
    rejected: tuple[str, ...] = Field(description="Hunks that were taken out.")
    open: tuple[str, ...] = Field(description="Hunks that nobody had decided; they stay.")
    instructions: str = Field(description="What the worker is told.")


class CheckRequested(Wire):
    """A person wants to know what the checks say about exactly what is accepted."""

    type: Literal["check.requested"] = "check.requested"


class AcceptedChecked(Wire):
    """The checks ran on exactly the accepted hunks, or did not come to their end."""

    type: Literal["accepted.checked"] = "accepted.checked"
    tree: str = Field(description="The base with these hunks; empty: it was never made.")
    hunks: tuple[str, ...] = Field(description="The hunks in it, in review order.")
    of: int = Field(ge=0, description="Hunks of the change.")
    passed: bool | None = Field(description="All of them passed; null: they were ended before.")
    red: tuple[str, ...] = Field(default=(), description="Commands that did not pass.")
    reason: str = Field(default="", description="Why they were ended.")
    holds: bool = Field(default=False, description="Landing waits for them to be green.")
