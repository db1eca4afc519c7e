"""Questions to a person and their answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.words import ApprovalKind, ApprovalScope, PhaseName


class ApprovalAsked(Wire):
    """A question stands."""

    type: Literal["approval.asked"] = "approval.asked"
    id: str = Field(description="Approval id.")
    kind: ApprovalKind = Field(description="What for.")
    tasks: tuple[str, ...] = Field(default=(), description="Tasks it stands for.")
    enters: PhaseName | None = Field(default=None, description="Phase to be entered.")
    subject: str = Field(description="What exactly.")
    detail: str = Field(default="", description="What helps to decide.")
    digest: str = Field(description="Binds the answer to the subject.")
    unsandboxed: bool = Field(default=False, description="A grant runs outside the sandbox.")
    scopes: tuple[ApprovalScope, ...] = Field(default=("once",), description="Possible scopes.")
    choices: tuple[str, ...] = Field(default=(), description="Suggested answers.")
    closed: bool = Field(default=False, description="Only one of the choices answers it.")
    pattern: str = Field(default="", description="Suggested pattern for scope always.")
    ceiling: Ceiling | None = Field(default=None, description="What is used up, for kind budget.")


class ApprovalDecided(Wire):
    """A question is answered; the first answer holds."""

    type: Literal["approval.decided"] = "approval.decided"
    id: str = Field(description="Approval id.")
    grant: bool = Field(description="Granted or denied.")
    scope: ApprovalScope = Field(default="once", description="Reach of a grant.")
    because: str = Field(default="", description="Reason of a denial.")
    answer: str = Field(default="", description="Answer to a question.")
    extend: int = Field(
        default=0, ge=0, description="Added to a ceiling, tokens or ms; 0: as much again."
    )
    pattern: str = Field(default="", description="Pattern of the rule it is, or is stored as.")
    who: str = Field(description="User name, or the flag or rule that answered.")


class ApprovalVoided(Wire):
    """A question fell away: what it asked about is no longer so."""

    type: Literal["approval.voided"] = "approval.voided"
    id: str = Field(description="Approval id.")
    reason: str = Field(description="Why.")


class ApprovalUsed(Wire):
    """A grant was acted on; a grant with scope once is spent."""

    type: Literal["approval.used"] = "approval.used"
    id: str = Field(description="Approval id.")


class RuleStored(Wire):
    """An answer for always stands in the person's rules file."""

    type: Literal["rule.stored"] = "rule.stored"
    id: str = Field(description="Approval id.")
    rule: str = Field(description="Rule id.")
