"""A run as people see it: the fold of its journal, never stored."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.events_foreign import ReviewSource
from makeitso.protocol.wait import WaitView
from makeitso.protocol.words import (
    PhaseName,
    PhaseStateName,
    RunStateName,
    TaskStateName,
)


class Tokens(Wire):
    """Tokens, input plus output, manager and workers together."""

    used: int = Field(default=0, ge=0, description="Spent so far.")
    budget: int = Field(default=0, ge=0, description="Ceiling; 0: none.")


class WorkTime(Wire):
    """Time at work: not while a person was asked, in a wait, or while no process drove the run."""

    used_ms: int = Field(default=0, ge=0, description="Milliseconds so far; tasks at once: once.")
    budget_ms: int = Field(default=0, ge=0, description="Ceiling in milliseconds; 0: none.")


class PhaseView(Wire):
    """A phase of a task."""

    name: PhaseName = Field(description="bootstrap, task, verify or summarize.")
    state: PhaseStateName = Field(description="Where it stands.")
    tokens: Tokens = Field(default_factory=Tokens, description="Spending in it.")
    time: WorkTime = Field(default_factory=WorkTime, description="Time at work in it.")


class CheckView(Wire):
    """Latest results of one check."""

    command: str = Field(description="The command.")
    base: str = Field(default="not run", description="On the base: passed, failed or not run.")
    proposal: str = Field(default="not run", description="On the proposal.")
    landed: str = Field(
        default="not run",
        description="After landing; or ended early, taken back with the landing, or stale: "
        "something landed or was taken back since.",
    )


class TaskView(Wire):
    """A task of a run."""

    id: str = Field(description="Task id.")
    title: str = Field(description="One line.")
    state: TaskStateName = Field(description="Where it stands.")
    reason: str = Field(default="", description="Why it failed, waits or stopped.")
    wait: WaitView | None = Field(
        default=None, description="What it waits for now, apart from people."
    )
    phases: tuple[PhaseView, ...] = Field(description="All four, in order.")
    checks: tuple[CheckView, ...] = Field(default=(), description="Its evidence.")
    round: int = Field(default=0, ge=0, description="Worker turns so far.")
    worktree: str | None = Field(default=None, description="Where it works; null: none now.")
    summary: str = Field(default="", description="What was done, in words.")
    hunks: dict[str, int] = Field(default_factory=dict, description="Hunks by state.")
    accepted: str = Field(
        default="",
        description="What the checks said of exactly the accepted hunks; empty: they did not run.",
    )
    comments: int = Field(default=0, ge=0, description="Comments its worker has not had.")
    sent_back: int = Field(default=0, ge=0, description="How often its change went back to it.")
    tokens: Tokens = Field(default_factory=Tokens, description="Spending, and its own ceiling.")
    time: WorkTime = Field(default_factory=WorkTime, description="Time, and its own ceiling.")
    nearest: Ceiling | None = Field(
        default=None, description="The ceiling most used up of all that hold for it; null: none."
    )


class RunView(Wire):
    """A run."""

    id: str = Field(description="Run id, `r` + date + number, e.g. r20261122-1.")
    plan: str | None = Field(description="Path of the plan document, relative; null: none yet.")
    goal: str = Field(description="The goal.")
    source: ReviewSource | None = Field(
        default=None, description="What of elsewhere is only reviewed; null: a run."
    )
    state: RunStateName = Field(description="Where it stands.")
    reason: str = Field(default="", description="Why it failed, waits or stopped.")
    tasks: tuple[TaskView, ...] = Field(description="In plan order.")
    tokens: Tokens = Field(description="Spending; the lower ceiling of run and plan.")
    time: WorkTime = Field(
        default_factory=WorkTime, description="Time at work; the lower ceiling of run and plan."
    )
    nearest: Ceiling | None = Field(
        default=None, description="The ceiling most used up, of run and tasks; null: none."
    )
    started_at: int = Field(description="Unix ms.")
    ended_at: int | None = Field(default=None, description="Unix ms; null: not ended.")
