"""What a ceiling is written as: tokens `120k`, `1.5M tokens`, or time `30 min`, `1h30m`, `90 s`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from makeitso.plans.problems import problem, replace_fix
from makeitso.plans.quantity import format_count, parse_count, parse_duration

if TYPE_CHECKING:
    from makeitso.plans.values import Value
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.text import Problem
    from makeitso.protocol.words import Measure


_NO_TIME = re.compile(r"0+ ?(?:s|min|h)")


class Amount(NamedTuple):
    """Tokens, or seconds of work."""

    measure: Measure
    number: int


def readings(text: str) -> tuple[Amount, ...]:
    """What a text can mean as an amount: nothing, one thing, or two: `5m` is minutes or millions.

    A bare number is tokens. Time is rounded to whole seconds, and is at least one; `0 min` is no
    ceiling.
    """
    text = text.strip()
    found: list[Amount] = []
    count = parse_count(text)
    if count is not None:
        found.append(Amount("tokens", count))
    bare = text.replace(".", "", 1).replace("_", "").isdigit()
    seconds = None if bare or "M" in text else parse_duration(text)
    if seconds is not None:
        found.append(Amount("time", max(1, round(seconds))))
    elif _NO_TIME.fullmatch(text):
        found.append(Amount("time", 0))
    return tuple(found)


def read_amount(value: Value, *, out: list[Problem]) -> Amount | None:
    """An amount; a problem when it is none, or could be either."""
    found = readings(value.text)
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"`{value.text}` is no budget; write tokens as `120k`, or time as `30 min`."
        out.append(problem("value-invalid", message, value.span))
        return None
    number = value.text[:-1].strip()
    message = f"`{value.text}` could be minutes or millions; write `{number} min` or `{number}M`."
    fixes = [replace_fix(value.span, f"{number} min"), replace_fix(value.span, f"{number}M tokens")]
    out.append(problem("value-invalid", message, value.span, fixes=fixes))
    return None


def budget_text(tokens: int | None, seconds: int | None) -> str:
    """Write a budget so that `readings` of its parts give it back; empty when there is none."""
    said = [] if tokens is None else [f"{format_count(tokens)} tokens"]
    if seconds is not None:
        said.append(format_span(seconds))
    return ", ".join(said)


def format_span(seconds: int) -> str:
    """Write whole seconds the short way that is exact: `2 h`, `30 min`, `90 s`."""
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def whole_seconds(minutes: float) -> int:
    """Minutes of a setting as seconds; 0 stays no ceiling, and what is above it is one."""
    return max(1, round(minutes * 60)) if minutes else 0


def amount(ceiling: Ceiling, number: int) -> str:
    """A number of the ceiling's measure, as people write it: `50k tokens`, `10 min`."""
    if ceiling.measure == "tokens":
        return f"{format_count(number)} tokens"
    return format_span(max(1, number // 1000))
