"""Messages about plans: make one, read one."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.plan import Plan
from makeitso.protocol.run import RunView
from makeitso.protocol.text import Problem


class PlanCreateParams(Wire):
    """Ask the manager for a plan and write its document; nothing is carried out.

    The manager spends tokens.
    """

    goal: str = Field(min_length=1, description="What is to be achieved, in any words.")


class PlanCreateResult(Wire):
    """The plan document that now exists."""

    path: str = Field(description="Document, relative to the workspace, with `/`.")
    uri: str = Field(description="The same as a file URI.")
    plan: Plan = Field(description="Its meaning.")
    digest: str = Field(description="Digest of the plan's intent.")
    problems: tuple[Problem, ...] = Field(description="What is wrong with it, if anything.")
    worktrees: tuple[str, ...] = Field(
        default=(),
        description="What worktrees get besides what git knows, and what they will lack; in words.",
    )


class PlanGetParams(Wire):
    """Read a plan document; an open one as it stands in the editor."""

    path: str = Field(
        min_length=1, description="Document: relative to the workspace, absolute, or a file URI."
    )


class PlanGetResult(Wire):
    """A plan document, what is wrong with it, and its latest run."""

    path: str = Field(description="Document, relative to the workspace, with `/`.")
    uri: str = Field(description="The same as a file URI.")
    plan: Plan = Field(description="Its meaning, also when it has problems.")
    digest: str = Field(description="Digest of the plan's intent; an approval is bound to it.")
    task_digests: dict[str, str] = Field(description="Digest of each task's intent, by id.")
    problems: tuple[Problem, ...] = Field(description="In the order of the document.")
    run: RunView | None = Field(description="Latest run of this document; null: none.")
