"""The two base models everything on the wire or in the journal derives from."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Wire(BaseModel):
    """A message or record of ours: camelCase on the LSP wire, snake_case in files and `--json`.

    Unknown fields are refused, so that a misspelt one is an answer and not a silence.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="forbid",
        defer_build=True,
        frozen=True,
    )


class Foreign(BaseModel):
    """A message of somebody else's: we read what we know and let the rest pass."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, defer_build=True)
