"""What a manager answers when it is shown lines that nothing explains."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire


class LearnedPattern(Wire):
    """A pattern a model suggests for one group of lines; nothing but text until it is proved."""

    group: int = Field(description="Number of the group it is for.")
    intent: Literal["diagnostic", "event", "test", "summary"] = Field(
        description="diagnostic: the lines name a place in a file; test: a test with its outcome."
    )
    regex: str = Field(description="RE2, anchored with ^ and $, with named groups for the fields.")
    rationale: str = Field(description="One sentence: what the lines say.")


class LearnDraft(Wire):
    """The answer: at most one pattern a group."""

    patterns: tuple[LearnedPattern, ...] = Field(description="Empty where none is worth it.")
