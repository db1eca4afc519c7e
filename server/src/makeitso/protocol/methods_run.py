"""Messages about runs: start, resume, stop, look."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from makeitso.protocol.approval import Approval
from makeitso.protocol.base import Wire
from makeitso.protocol.events import Event
from makeitso.protocol.plan import ManagerKind
from makeitso.protocol.run import RunView
from makeitso.protocol.words import ApprovalPolicy, HaltPoint


class RunStartParams(Wire):
    """Start a run of a goal or of a plan document. The answer comes when the run exists.

    With `approve` the plan is approved in the same breath, which needs the digest that was seen.
    """

    goal: str | None = Field(default=None, min_length=1, description="A goal without a plan yet.")
    plan: str | None = Field(
        default=None,
        min_length=1,
        description="Plan document: relative to the workspace, absolute, or a file URI.",
    )
    approve: bool = Field(default=False, description="Approve the plan as it is saved now.")
    digest: str | None = Field(
        default=None, description="Digest of the plan the person saw; refused when it differs."
    )
    policy: ApprovalPolicy | None = Field(
        default=None, description="Approval policy where the plan has none; null: the config's."
    )
    manager: ManagerKind | None = Field(
        default=None, description="Who manages; null: the config's."
    )
    budget_tokens: int | None = Field(
        default=None, ge=0, description="Token ceiling; 0: none; null: the config's."
    )
    budget_minutes: float | None = Field(
        default=None,
        ge=0,
        le=1e6,
        description="Minutes of work; 0: no ceiling; null: the config's.",
    )
    halt_on: tuple[HaltPoint, ...] = Field(default=(), description="Ask there whatever is set.")
    yes: bool = Field(default=False, description="Answer plan, phases and ordinary hunks with yes.")
    land: bool = Field(default=True, description="False: stop when the changes are proposed.")

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.goal is None) == (self.plan is None):
            raise ValueError("give either a goal or a plan")
        if self.approve and (self.plan is None or self.digest is None):
            raise ValueError("to approve, give the plan and the digest that was seen")
        return self


class RunResumeParams(Wire):
    """Take a run up again; with `retry` also tasks of it that failed or were stopped.

    A run that is under way takes up what is retried without being resumed.
    """

    run: str = Field(min_length=1, description="Run id.")
    retry: tuple[str, ...] = Field(
        default=(), description="Ended tasks to go on with; their work is kept."
    )
    yes: bool | None = Field(
        default=None,
        description="Answer plan, phases and ordinary hunks with yes from here on, or no longer; "
        "null: as it was started.",
    )


class RunStopParams(Wire):
    """Stop a run; it can be resumed. With `task` only that one: the others go on."""

    run: str = Field(min_length=1, description="Run id.")
    task: str | None = Field(default=None, description="Only this task; null: the whole run.")
    reason: str = Field(default="", description="Why, for the record.")


class WaitSkipParams(Wire):
    """Let tasks go on that wait for time or for a command; whoever drives the run acts on it."""

    run: str = Field(min_length=1, description="Run id.")
    task: str | None = Field(default=None, description="Task id; null: all that wait.")


class RunWatchParams(Wire):
    """Have live text of a run sent as `mis/run/output`, or no longer."""

    run: str | None = Field(default=None, description="Run id; null: all, also later ones.")
    on: bool = Field(default=True, description="False: no longer.")


class RunWatchResult(Wire):
    """Whether the text of what was named is sent from here on."""

    on: bool = Field(description="It is.")


class RunResult(Wire):
    """A run as it stands."""

    run: RunView = Field(description="The run.")


class RunGetParams(Wire):
    """A run with its open questions and, if wanted, its events."""

    run: str = Field(min_length=1, description="Run id.")
    after: int | None = Field(
        default=None, ge=0, description="Events with a greater seq, too; null: no events."
    )
    limit: int = Field(default=500, ge=1, le=5000, description="Events at most.")


class RunGetResult(Wire):
    """A run, its questions, its events."""

    run: RunView = Field(description="The run.")
    approvals: tuple[Approval, ...] = Field(description="All its questions, oldest first.")
    events: tuple[Event, ...] = Field(description="The events asked for, oldest first.")
    more: bool = Field(description="There are more events; ask again after the last one's seq.")


class RunListParams(Wire):
    """All runs of the workspace."""


class RunListResult(Wire):
    """All runs."""

    runs: tuple[RunView, ...] = Field(description="Oldest first.")
