"""A durable question to a person, and its answer."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.words import (
    ApprovalKind,
    ApprovalScope,
    ApprovalState,
)


class Approval(Wire):
    """A question as anybody sees it, in the journal's present state.

    The digest covers kind, normalised subject and base tree: what was approved is what happens.
    """

    id: str = Field(description="Short id, `a1`, `a2`, … unique in the workspace.")
    run: str | None = Field(default=None, description="Run it belongs to.")
    tasks: tuple[str, ...] = Field(default=(), description="Tasks it stands for.")
    phase: str | None = Field(default=None, description="Phase to be entered, for kind phase.")
    kind: ApprovalKind = Field(description="What is asked for.")
    subject: str = Field(description="What exactly: a command line, a plan path, a question.")
    detail: str = Field(default="", description="What helps to decide: reason, diff stat, text.")
    digest: str = Field(description="SHA-256 that binds the answer to the subject.")
    unsandboxed: bool = Field(default=False, description="A grant runs outside the sandbox.")
    scopes: tuple[ApprovalScope, ...] = Field(
        default=("once",), description="Scopes a grant may have here."
    )
    choices: tuple[str, ...] = Field(default=(), description="Suggested answers.")
    closed: bool = Field(default=False, description="Only one of the choices answers it.")
    ceiling: Ceiling | None = Field(
        default=None, description="What was used up when it was asked, for kind budget."
    )
    pattern: str = Field(
        default="",
        description="Suggested pattern of a rule for scope always; once decided so, the rule's.",
    )
    rule: str = Field(default="", description="Rule that this answer was stored as.")
    state: ApprovalState = Field(default="pending", description="Where it stands.")
    scope: ApprovalScope | None = Field(default=None, description="Scope of the grant.")
    because: str = Field(default="", description="Reason of a denial.")
    answer: str = Field(default="", description="Answer to a question.")
    asked_at: int = Field(description="Unix ms.")
    decided_at: int | None = Field(default=None, description="Unix ms.")
    who: str | None = Field(default=None, description="Who decided: a user name or `--yes`.")
    client: str | None = Field(default=None, description="Through which door: cli, lsp, a name.")


class Decision(Wire):
    """An answer to an approval, from any process."""

    id: str = Field(description="The approval.")
    grant: bool = Field(description="Granted or denied.")
    scope: ApprovalScope = Field(default="once", description="How far a grant reaches.")
    because: str = Field(default="", description="Reason of a denial; reaches the worker.")
    answer: str = Field(
        default="", description="Answer to a question; how much more of a budget: 50k, 10 min."
    )
    pattern: str = Field(
        default="", description="With scope always: commands that this answers from now on."
    )
    digest: str | None = Field(
        default=None, description="What the decider saw; refused when it is not the present one."
    )
