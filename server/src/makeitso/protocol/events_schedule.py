"""The order of tasks: what one is built on, what goes stale, what is taken up or tried again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.events_review import ChangeProposed
from makeitso.protocol.events_tree import SnapshotTaken


class TaskHeld(Wire):
    """A task cannot start on what earlier ones propose; it waits until those have landed."""

    type: Literal["task.held"] = "task.held"
    until: tuple[str, ...] = Field(description="Tasks it waits for.")
    reason: str = Field(description="Why, in words.")


class TaskStale(Wire):
    """What a task was built on is no longer so, or is so again; nothing of it lands meanwhile."""

    type: Literal["task.stale"] = "task.stale"
    reason: str = Field(description="What changed; empty: it stands again as it did.")
    question: str = Field(default="", description="Digest of the question what to do about it.")


class TaskTakenUp(Wire):
    """A task begins again or goes on, because a person said so.

    redo: from a new base, what it proposed is kept under a private ref. keep: its change was merged
    onto a new base and is proved again. retry: it had failed or was stopped, and goes on where it
    was; a task behind it that never started is open again.
    """

    type: Literal["task.taken_up"] = "task.taken_up"
    how: Literal["redo", "keep", "retry"] = Field(description="Which of them.")
    base: SnapshotTaken | None = Field(default=None, description="keep: what it now stands on.")
    change: ChangeProposed | None = Field(
        default=None, description="keep: its change, merged onto that."
    )
    reason: str = Field(default="", description="Why, in words.")


class RetryPlanned(Wire):
    """Something failed for a reason that may pass; it is tried again, not before `at`."""

    type: Literal["retry.planned"] = "retry.planned"
    what: Literal["turn", "worker", "manager", "check"] = Field(description="What failed.")
    attempt: int = Field(ge=1, description="Number of this retry since it last went well.")
    at: int = Field(description="Unix ms.")
    reason: str = Field(description="What went wrong.")
