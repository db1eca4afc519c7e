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


class DoctorCheck(Wire):
    """One thing that was looked at."""

    name: str = Field(description="What was looked at, in a word or two.")
    state: Literal["ok", "warning", "failed"] = Field(description="How it is.")
    detail: str = Field(description="What was found.")
    hint: str = Field(default="", description="What to do; empty: nothing.")


class DoctorResult(Wire):
    """Everything that was looked at."""

    checks: tuple[DoctorCheck, ...] = Field(description="In the order looked at.")
    ok: bool = Field(description="Nothing failed.")
