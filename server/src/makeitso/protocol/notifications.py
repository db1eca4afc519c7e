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


class RunOutputNotification(Wire):
    """Live text of a run this server drives, to a client that watches it (`mis/run/watch`).

    What came within a tenth of a second is one notification a stream. For showing only: the whole
    of it is in the run's output files, which its events name.
    """

    run: str = Field(description="Run.")
    task: str | None = Field(default=None, description="Task; null: the manager plans.")
    channel: str = Field(
        description="message, stdout, stderr, command, files, manager, check or setup."
    )
    text: str = Field(description="The text, redacted; it need not end with a line.")
    cut: int = Field(default=0, ge=0, description="Characters before it that were left out.")


class ProposalChangedNotification(Wire):
    """A proposal was made, edited or decided, here or in another process."""

    id: str = Field(description="Proposal id.")


class AuthChangedNotification(Wire):
    """A login came or went; not sent yet."""

    name: str = Field(description="Name of the key or login.")
