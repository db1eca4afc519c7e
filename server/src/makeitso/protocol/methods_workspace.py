"""Messages about the workspace: trust, and whether everything that is needed is there."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from makeitso.protocol.base import Wire


class TrustGetParams(Wire):
    """How the workspace stands."""


class TrustSetParams(Wire):
    """Agree to the files that carry rights, exactly as they were shown, or take that back."""

    trusted: bool = Field(description="False forgets the agreement.")
    digests: dict[str, str] = Field(
        default_factory=dict,
        description="Digest by path of every file that was shown; refused when one differs now.",
    )

    @model_validator(mode="after")
    def _shown(self) -> Self:
        if self.trusted and not self.digests:
            raise ValueError("to trust, give the digests of the files that were shown")
        return self


class DoctorParams(Wire):
    """Look whether everything that is needed is there; nothing is changed or spent."""

    policy: bool = Field(default=False, description="Say what a worker may do, and check nothing.")


class DoctorCheck(Wire):
    """One thing that was looked at."""

    name: str = Field(description="What was looked at, in a word or two.")
    state: Literal["ok", "warning", "failed"] = Field(description="How it is.")
    detail: str = Field(description="What was found.")
    hint: str = Field(default="", description="What to do; empty: nothing.")


class PolicySetting(Wire):
    """One thing that decides what a worker may do, and who said so."""

    name: str = Field(description="Key of the config, or name of the Codex setting.")
    value: str = Field(description="What holds.")
    meaning: str = Field(description="What that lets a worker do, or not.")
    source: str = Field(
        description="`file:line`, `command line`, `default`, or the keys it follows from."
    )


class PolicyRefusal(Wire):
    """What is refused whatever is set."""

    name: str = Field(description="A short word for it.")
    about: str = Field(description="What is refused.")
    example: str = Field(default="", description="A command line that is.")


class PolicyReport(Wire):
    """What a worker may do here, now. A plan can narrow it, never widen it."""

    settings: tuple[PolicySetting, ...] = Field(description="What is configured.")
    codex: tuple[PolicySetting, ...] = Field(description="What Codex is told.")
    dangerous: tuple[PolicySetting, ...] = Field(
        description="Expressions for commands that may not run, besides the built-in ones."
    )
    rules: tuple[PolicySetting, ...] = Field(
        default=(), description="Stored rules about commands, each with where it holds."
    )
    rule_problems: tuple[str, ...] = Field(
        default=(), description="What is wrong in the rules file; with any, nothing is allowed."
    )
    refusals: tuple[PolicyRefusal, ...] = Field(description="Commands that never run.")
    protected: tuple[PolicyRefusal, ...] = Field(
        description="Files that land only by a person's mark; the name lists them."
    )


class DoctorResult(Wire):
    """Everything that was looked at."""

    checks: tuple[DoctorCheck, ...] = Field(description="In the order looked at.")
    ok: bool = Field(description="Nothing failed.")
    policy: PolicyReport | None = Field(
        default=None, description="What a worker may do; null when it was not asked for."
    )
