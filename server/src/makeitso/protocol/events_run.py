"""A run and its tasks and phases: created, planned, resumed, started, ended."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.plan import ManagerKind, Plan, RunOptions
from makeitso.protocol.words import Permission


class PoliciesInForce(Wire):
    """What is allowed in this run, after config, trust, plan and flags were laid together."""

    write_files: Permission = Field(description="Landing.")
    run_shell: Permission = Field(description="Shell commands.")
    network: Permission = Field(description="Network.")


class RunCreated(Wire):
    """A run exists from here on."""

    type: Literal["run.created"] = "run.created"
    goal: str = Field(description="The goal as given, or the plan's.")
    plan: str | None = Field(description="Plan document given, relative to the workspace.")
    options: RunOptions = Field(description="How it was asked for.")
    policies: PoliciesInForce = Field(description="What is allowed.")
    config_digest: str = Field(description="SHA-256 of the effective config.")
    version: str = Field(description="Version of makeitso.")


class PlanMade(Wire):
    """There is a plan: the manager's, whose document is written next, or a person's document."""

    type: Literal["plan.made"] = "plan.made"
    path: str = Field(description="Document, relative to the workspace.")
    plan: Plan = Field(description="Its meaning at this moment.")
    digest: str = Field(description="Digest of the plan.")
    task_digests: dict[str, str] = Field(description="Digest of each task's intent.")
    prompt_digest: str = Field(default="", description="Prompt it came from; empty: a person.")
    attempts: int = Field(default=0, ge=0, description="Answers needed; 0: a person wrote it.")


class RunResumed(Wire):
    """A process took the run up again."""

    type: Literal["run.resumed"] = "run.resumed"
    yes: bool = Field(default=False, description="Resumed with --yes.")
    asks: bool = Field(
        default=False, description="Resumed with --no-yes: people are asked from here on."
    )
    manager: ManagerKind | None = Field(
        default=None, description="Who manages from here on; null: who did before."
    )


class StopRequested(Wire):
    """Somebody wants the run, or one task of it, to stop; its owner acts."""

    type: Literal["run.stop_requested"] = "run.stop_requested"
    reason: str = Field(description="Why.")


class RunPaused(Wire):
    """The run stands still and can be resumed: it waits for a person or was interrupted."""

    type: Literal["run.paused"] = "run.paused"
    state: Literal["waiting", "stopped"] = Field(description="waiting: for a person.")
    reason: str = Field(description="What it waits for or who stopped it.")
    exit_code: int = Field(description="What the process ends with.")
    error: int | None = Field(
        default=None, description="Code of the error that put it down; null: none did."
    )


class RunFinished(Wire):
    """The run is over; nothing of it runs or waits any more."""

    type: Literal["run.finished"] = "run.finished"
    state: Literal["done", "failed", "stopped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not done.")


class TaskStarted(Wire):
    """A task left the queue."""

    type: Literal["task.started"] = "task.started"


class TaskReviewing(Wire):
    """All phases are passed; the change waits for marks."""

    type: Literal["task.reviewing"] = "task.reviewing"


class TaskEnded(Wire):
    """A task is over."""

    type: Literal["task.ended"] = "task.ended"
    state: Literal["landed", "failed", "stopped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not landed whole.")


class PhaseStarted(Wire):
    """A phase began or was taken up again."""

    type: Literal["phase.started"] = "phase.started"


class PhaseEnded(Wire):
    """A phase is over."""

    type: Literal["phase.ended"] = "phase.ended"
    state: Literal["passed", "failed", "skipped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not passed.")
    effects: bool = Field(default=True, description="False: it changed nothing and proved nothing.")
