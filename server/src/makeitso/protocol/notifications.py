"""What the server tells a client unasked."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.approval import Approval
from makeitso.protocol.base import Wire
from makeitso.protocol.events import Event


class RunEventNotification(Wire):
    """Something was recorded in the journal, by whatever process."""

    event: Event = Field(description="The event.")


class ApprovalChangedNotification(Wire):
    """A question was asked, decided, or fell away."""

    approval: Approval = Field(description="The question as it stands.")


class ChangeChangedNotification(Wire):
    """A change was proposed, marked, split, edited or landed."""

    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    hunks: dict[str, int] = Field(description="Hunks by state.")
    document: str | None = Field(description="Review document, relative; null: not written yet.")


class NoteNotification(Wire):
    """Something said to people: by the manager, a program, or the product."""

    run: str | None = Field(default=None, description="Run.")
    task: str | None = Field(default=None, description="Task.")
    text: str = Field(description="The text.")
    level: Literal["info", "warning", "error"] = Field(description="Weight.")


class ProposalChangedNotification(Wire):
    """A proposal was made or decided; not sent yet."""

    id: str = Field(description="Proposal id.")


class AuthChangedNotification(Wire):
    """A login came or went; not sent yet."""

    name: str = Field(description="Name of the key or login.")
