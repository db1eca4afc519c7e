"""What a plan says: Plan, Task, Phase, Budget, ManagerKind, RunOptions, Delimiters."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.wait import WaitFor
from makeitso.protocol.words import ApprovalPolicy, HaltPoint, Permission, PhaseName

MOST_URGENT = 100
"""Priorities lie between this and its negative."""


class Check(Wire):
    """A command that proves a task: it exits 0 in the task's tree when the task is done."""

    command: str = Field(min_length=1, description="A shell command line, run by /bin/sh -c.")
    cwd: str = Field(default=".", description="Directory to run in, relative to the repository.")
    timeout_s: float = Field(default=600.0, gt=0, description="Wall-clock limit in seconds.")
    was_failing: bool = Field(
        default=False, description="The person says it fails before the task; checked on the base."
    )


class Phase(Wire):
    """One of the four phases of a task, with what overrides the plan there."""

    name: PhaseName = Field(description="bootstrap, task, verify or summarize.")
    approval: ApprovalPolicy | None = Field(
        default=None, description="Overrides the task's approval policy for this phase."
    )
    budget_tokens: int | None = Field(
        default=None, ge=0, description="Token ceiling of this phase; null: none of its own."
    )
    budget_s: int | None = Field(
        default=None, ge=0, description="Seconds this phase may work; null: no ceiling of its own."
    )


class Policies(Wire):
    """Permissions a plan or task narrows; null keeps what the config says. Never widens."""

    write_files: Permission | None = Field(default=None, description="Landing in the workspace.")
    run_shell: Permission | None = Field(default=None, description="Shell commands of the worker.")
    network: Permission | None = Field(default=None, description="Network of the worker.")


class Budget(Wire):
    """What something may use up. 0 means no ceiling."""

    tokens: int = Field(default=0, ge=0, description="Tokens, input plus output.")
    time_ms: int = Field(default=0, ge=0, description="Milliseconds of work.")


class Task(Wire):
    """One piece of work for one worker in one worktree."""

    id: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,31}$", description="Short word, unique in the plan."
    )
    title: str = Field(min_length=1, description="One line.")
    goal: str = Field(
        default="", description="The body under the item: what to do, in Markdown; may be empty."
    )
    files: tuple[str, ...] = Field(
        default=(), description="Globs the task is expected to write; empty: anywhere."
    )
    checks: tuple[Check, ...] = Field(default=(), description="`done when`: all must pass.")
    after: tuple[str, ...] = Field(default=(), description="Ids of tasks that come before.")
    priority: int = Field(
        default=0,
        ge=-MOST_URGENT,
        le=MOST_URGENT,
        description="Of tasks that could start, those with the higher number start first.",
    )
    repo: str | None = Field(default=None, description="Name in `[repos]`; null: this one.")
    worker: str | None = Field(default=None, description="Worker name; null: the default, codex.")
    skills: tuple[str, ...] = Field(default=(), description="Skills the worker is to use.")
    approval: ApprovalPolicy | None = Field(
        default=None, description="Overrides the plan's approval policy for the whole task."
    )
    policies: Policies = Field(default_factory=Policies, description="Narrowed permissions.")
    budget_tokens: int | None = Field(
        default=None, ge=0, description="Token ceiling of the task; null: the plan's alone."
    )
    budget_s: int | None = Field(
        default=None, ge=0, description="Seconds the task may work; null: the plan's alone."
    )
    wait: WaitFor | None = Field(
        default=None, description="Waited for before it starts; null: what the config says."
    )
    phases: tuple[Phase, ...] = Field(
        default=(), description="Overrides, only the phases that have one, in phase order."
    )
    done: bool = Field(default=False, description="The box is ticked: ended in an earlier run.")


class Plan(Wire):
    """A goal and its tasks: the meaning of a plan document, without its layout."""

    id: str = Field(description="Stem of the document's file name, `<date>-<slug>`.")
    title: str = Field(description="The heading: the goal in short.")
    goal: str = Field(description="The first paragraph: the goal.")
    tasks: tuple[Task, ...] = Field(description="In the order written.")
    approval: ApprovalPolicy | None = Field(
        default=None, description="Plan-wide approval policy; null: the config's."
    )
    policies: Policies = Field(default_factory=Policies, description="Narrowed permissions.")
    budget_tokens: int | None = Field(
        default=None, ge=0, description="Token ceiling of the plan; null: the config's."
    )
    budget_s: int | None = Field(
        default=None, ge=0, description="Seconds the plan may work; null: the config's."
    )
    max_concurrency: int | None = Field(
        default=None, ge=1, description="Tasks at once; null: the config's."
    )


class CodexManager(Wire):
    """The Codex CLI acts as manager."""

    kind: Literal["codex"]


class ApiManager(Wire):
    """A model behind a Responses API acts as manager."""

    kind: Literal["api"]
    model: str = Field(min_length=1, description="Model name as the endpoint knows it.")


class NoManager(Wire):
    """Nobody manages: a person wrote the plan and the checks decide."""

    kind: Literal["none"]


ManagerKind = Annotated[CodexManager | ApiManager | NoManager, Field(discriminator="kind")]


class Delimiters(Wire):
    """The base control tokens of frames; a live run puts a nonce into each."""

    start: str = Field(default="<<MIS:START>>", min_length=4, description="Opens a frame.")
    end: str = Field(default="<<MIS:END>>", min_length=4, description="Closes a frame.")
    err: str = Field(default="<<MIS:ERR>>", min_length=4, description="Marks an error line.")
    json_: str = Field(
        default="<<MIS:JSON>>", alias="json", min_length=4, description="Marks a JSON payload."
    )


class RunOptions(Wire):
    """How a person asked for a run; stored in the journal so that a resume is the same run."""

    manager: ManagerKind = Field(description="Who manages.")
    policy: ApprovalPolicy = Field(description="Approval policy where the plan has none.")
    budget_tokens: int = Field(default=500_000, ge=0, description="Token ceiling; 0: none.")
    budget_s: int = Field(default=0, ge=0, description="Seconds it may work; 0: no ceiling.")
    max_concurrency: int = Field(default=2, ge=1, description="Tasks at once.")
    halt_on: tuple[HaltPoint, ...] = Field(default=(), description="Ask there whatever is set.")
    yes: bool = Field(default=False, description="Answer plan, phases and ordinary hunks with yes.")
    land: bool = Field(default=True, description="False: stop when the changes are proposed.")
    profile: str | None = Field(default=None, description="Config profile in force.")
    seed: int = Field(default=0, description="Seed told to the manager's model where it takes one.")


class PlanDraftTask(Wire):
    """A task as a manager's model proposes it: every field present, plain types only."""

    id: str = Field(description="Short word such as T1, unique in the plan.")
    title: str = Field(description="One line.")
    goal: str = Field(description="What to do, in Markdown.")
    files: list[str] = Field(description="Globs of the files it will write.")
    checks: list[str] = Field(description="Shell commands that exit 0 when it is done.")
    after: list[str] = Field(description="Ids of tasks that must come before.")


class PlanDraft(Wire):
    """A manager model's answer to PLAN; a strict JSON Schema is made from it."""

    title: str = Field(description="The goal in short, at most 60 characters.")
    goal: str = Field(description="The goal in one paragraph.")
    tasks: list[PlanDraftTask] = Field(description="At least one task.", min_length=1)


class Judgement(Wire):
    """A manager's answer to EVAL: is the task done, and if not, what next."""

    verdict: Literal["done", "continue", "need_input", "wait", "abort"] = Field(
        description="done; continue with FIX instructions; need_input from a person; wait; abort."
    )
    instructions: str = Field(description="FIX instructions, the question, or empty.")
    note: str = Field(description="One or two sentences for the person.")
    wait_s: float = Field(
        description="Seconds to wait before the next look; 0 unless wait, or as waits are paced."
    )
    wait_until: str = Field(
        default="", description="Or the time to wait for, such as 2026-11-22T18:00; else empty."
    )
    wait_command: str = Field(
        default="", description="Or a shell command line to wait for until it exits 0; else empty."
    )
