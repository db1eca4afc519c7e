"""How urgent a task is, in the words people use for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.plans.problems import nearest, problem, replace_fix
from makeitso.protocol.plan import MOST_URGENT

if TYPE_CHECKING:
    from makeitso.plans.values import Value
    from makeitso.protocol.text import Problem

WORDS: dict[str, int] = {"high": 10, "normal": 0, "low": -10}
"""What the words mean; between and beyond them numbers say it finer."""


def read_priority(value: Value, *, out: list[Problem]) -> int:
    """`high`, `normal`, `low` or a whole number; a problem, and 0, when it is none of them."""
    word = value.text.lower()
    if word in WORDS:
        return WORDS[word]
    if re.fullmatch(r"[+-]?[0-9]{1,4}", word, re.ASCII) and abs(int(word)) <= MOST_URGENT:
        return int(word)
    near = nearest(word, WORDS)
    message = (
        f"`{value.text}` is no priority; write `high`, `normal`, `low` or a whole number from "
        f"-{MOST_URGENT} to {MOST_URGENT}."
    )
    fixes = [replace_fix(value.span, near)] if near else []
    out.append(problem("value-invalid", message, value.span, fixes=fixes))
    return 0


def priority_text(priority: int) -> str:
    """Write a priority so that `read_priority` gives it back."""
    return next((word for word, number in WORDS.items() if number == priority), str(priority))
