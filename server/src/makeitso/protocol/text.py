"""Places in text, and diagnostics that point at them, free of any editor protocol."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.words import Severity


class Span(Wire):
    """A range in a text: zero-based lines and columns in Unicode code points, end exclusive."""

    line: int = Field(ge=0, description="Zero-based line of the start.")
    column: int = Field(ge=0, description="Zero-based column of the start, in code points.")
    end_line: int = Field(ge=0, description="Zero-based line of the end.")
    end_column: int = Field(ge=0, description="Zero-based column after the last code point.")


class Fix(Wire):
    """One way out of a problem: replace a span by a text."""

    title: str = Field(description="What the fix does, as a menu line.")
    span: Span = Field(description="What is replaced.")
    new_text: str = Field(description="What stands there afterwards.")


class Problem(Wire):
    """Something wrong or worth knowing at a place in a text; becomes an LSP diagnostic."""

    code: str = Field(description="Stable short name, kebab-case, unique in the product.")
    message: str = Field(description="What is wrong and what would be right, for a person.")
    severity: Severity = Field(description="How much it matters.")
    span: Span = Field(description="Where.")
    fixes: tuple[Fix, ...] = Field(default=(), description="Ways out, best first.")
