"""How a room of plans says that something is wrong."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from makeitso.plans.codes import PLAN_CODES
from makeitso.protocol.text import Fix, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.plans.lines import Extent


def problem(code: str, message: str, span: Extent, *, fixes: Sequence[Fix] = ()) -> Problem:
    """A problem with the severity that its code has everywhere."""
    return Problem(
        code=code,
        message=message,
        severity=PLAN_CODES[code].severity,
        span=span.to_span(),
        fixes=tuple(fixes),
    )


def fix(title: str, span: Extent, new_text: str) -> Fix:
    """A way out: `new_text` in the place of `span`."""
    return Fix(title=title, span=span.to_span(), new_text=new_text)


def replace_fix(span: Extent, new_text: str) -> Fix:
    """The fix that puts `new_text` in the place of a word."""
    return fix(f"Replace by `{new_text}`", span, new_text)


def nearest(word: str, choices: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The choice a word is most likely a slip of."""
    near = get_close_matches(word, tuple(choices), n=1, cutoff=likeness)
    return near[0] if near else None


def in_position_order(problems: Iterable[Problem]) -> list[Problem]:
    """Problems as they stand in the document; at one place by code, so that order never varies."""
    return sorted(problems, key=lambda p: (p.span.line, p.span.column, p.code, p.message))
