"""The plan's `toml` block: plan-wide approval, ceilings and policies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, cast

import tomlkit
from tomlkit.exceptions import ParseError, TOMLKitError

from makeitso.plans.keys import TASK_KEYS
from makeitso.plans.lines import Extent, line_span
from makeitso.plans.problems import nearest, problem, replace_fix
from makeitso.plans.quantity import parse_count, parse_duration
from makeitso.plans.values import APPROVALS, PERMISSIONS, POLICY_NAMES
from makeitso.protocol.plan import Policies

if TYPE_CHECKING:
    from makeitso.plans.tree import Settings
    from makeitso.protocol.text import Problem
    from makeitso.protocol.words import ApprovalPolicy, Permission

_MOST_NAMES = 100
"""Names looked at for slips: each is searched for in all lines, and a plan needs four."""
_LONGEST_MINUTES = 10**6
"""Almost two years."""
SETTINGS_KEYS = ("approval", "budget_tokens", "budget_minutes", "max_concurrency", "policies")


@dataclass(frozen=True, kw_only=True)
class PlanSettings:
    """What the block says; null where it says nothing, and the place of each setting."""

    approval: ApprovalPolicy | None = None
    budget_tokens: int | None = None
    budget_s: int | None = None
    max_concurrency: int | None = None
    policies: Policies = field(default_factory=Policies)
    spans: dict[str, Extent] = field(default_factory=dict[str, Extent])
    """Place of the value by setting; policies as `policies.network`."""


def read_settings(block: Settings, *, out: list[Problem]) -> PlanSettings:
    """Read the block; what is wrong becomes a problem and counts as not said."""
    try:
        parsed = tomlkit.parse(block.source).unwrap()
    except ParseError as error:
        out.append(_syntax_problem(block, str(error), error.line, error.col))
        return PlanSettings()
    except (TOMLKitError, ValueError, RecursionError) as error:
        out.append(_syntax_problem(block, str(error), 1, 0))
        return PlanSettings()
    table = cast("dict[str, object]", parsed)
    reader = _Reader(block, out)
    spans: dict[str, Extent] = {}
    policies: dict[str, Permission] = {}
    for name in islice(table, _MOST_NAMES):
        reader.known(name, SETTINGS_KEYS, "setting")
    for name in SETTINGS_KEYS:
        if name in table and name != "policies":
            spans[name] = reader.value_span(name)
    held = table.get("policies")
    if isinstance(held, dict):
        for name, value in cast("dict[str, object]", held).items():
            if reader.known(name, POLICY_NAMES, "policy"):
                spans[f"policies.{name}"] = reader.value_span(name)
                permission = PERMISSIONS.get(value) if isinstance(value, str) else None
                if permission is None:
                    reader.wrong(name, value, 'expected "never", "ask" or "auto"')
                else:
                    policies[name] = permission
    elif held is not None:
        reader.wrong("policies", held, 'expected a table such as { network = "never" }')
    return PlanSettings(
        approval=reader.approval(table.get("approval")),
        budget_tokens=reader.count("budget_tokens", table.get("budget_tokens"), least=0),
        budget_s=reader.minutes("budget_minutes", table.get("budget_minutes")),
        max_concurrency=reader.count("max_concurrency", table.get("max_concurrency"), least=1),
        policies=Policies.model_validate(policies),
        spans=spans,
    )


class _Reader:
    """Checks single settings and finds them again in the block's lines."""

    def __init__(self, block: Settings, out: list[Problem]) -> None:
        self._block = block
        self._out = out

    def known(self, name: str, choices: tuple[str, ...], what: str) -> bool:
        """Whether a name is among the choices; a problem when not."""
        if name in choices:
            return True
        near = nearest(name, choices)
        listed = ", ".join(f"`{choice}`" for choice in choices)
        hint = " (it belongs under a task)" if name in TASK_KEYS and near is None else ""
        span = self._name_span(name)
        self._out.append(
            problem(
                "settings-key-misspelt" if near else "settings-key-unknown",
                f"`{name}` is no {what} of a plan{hint}; known are {listed}.",
                span,
                fixes=[replace_fix(span, near)] if near and span.column < span.end_column else (),
            )
        )
        return False

    def approval(self, value: object) -> ApprovalPolicy | None:
        """An approval policy."""
        if value is None:
            return None
        choice = APPROVALS.get(value) if isinstance(value, str) else None
        if choice is None:
            listed = ", ".join(f'"{name}"' for name in APPROVALS)
            self.wrong("approval", value, f"expected one of {listed}")
        return choice

    def count(self, name: str, value: object, *, least: int) -> int | None:
        """A whole number, or a string such as "120k"."""
        if value is None:
            return None
        count = parse_count(value) if isinstance(value, str) else value
        if isinstance(count, bool) or not isinstance(count, int) or count < least:
            self.wrong(name, value, f"expected a whole number from {least} up, such as 250_000")
            return None
        return count

    def minutes(self, name: str, value: object) -> int | None:
        """Minutes, 0 for no ceiling, or a string such as "1h30m"; as whole seconds."""
        if value is None:
            return None
        seconds: float | None = None
        if isinstance(value, str):
            seconds = parse_duration(value) if not value.strip().isdecimal() else None
        elif isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value * 60 if 0 <= value < _LONGEST_MINUTES else None
        if seconds is None:
            self.wrong(name, value, 'expected minutes such as 30, or a duration such as "1h30m"')
            return None
        return max(1, round(seconds)) if seconds else 0

    def wrong(self, name: str, value: object, expected: str) -> None:
        """Say that a value is of the wrong form."""
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
        message = f"`{name} = {shown[:80]}`: {expected}."
        self._out.append(problem("settings-value-invalid", message, self.value_span(name)))

    def value_span(self, name: str) -> Extent:
        """The place of a setting's value, or of its line where it is written unusually."""
        found = self._find(name)
        if found is None:
            return line_span(self._block.first, self._block.lines[0].text)
        line, match = found
        text = self._block.lines[line - self._block.first].text
        start = match.end()
        end = _value_end(text, start)
        return Extent(line, start, line, end)

    def _name_span(self, name: str) -> Extent:
        found = self._find(name)
        if found is None:
            return line_span(self._block.first, self._block.lines[0].text)
        line, match = found
        return Extent(line, match.start(1), line, match.end(1))

    def _find(self, name: str) -> tuple[int, re.Match[str]] | None:
        bare = re.escape(name)
        pattern = re.compile(rf"(?:^|[{{,.\[]|(?<=\s))[\"']?({bare})[\"']?\s*(?:=\s*|\]|\.|$)")
        for index, line in enumerate(self._block.lines[1:], start=1):
            code = line.text.split("#", 1)[0]
            match = pattern.search(code)
            if match is not None:
                return self._block.first + index, match
        return None


def _value_end(text: str, start: int) -> int:
    match = re.compile(r'"[^"]*"|\'[^\']*\'|[^\s,}#\]]+').match(text, start)
    return match.end() if match else len(text)


def _syntax_problem(block: Settings, message: str, line: int, column: int) -> Problem:
    index = min(max(line, 1), max(len(block.lines) - 1, 0))
    text = block.lines[index].text
    start = min(max(column, 0), len(text))
    number = block.first + index
    span = Extent(number, start, number, len(text))
    bare = re.sub(r" at line \d+ col \d+", "", message).rstrip(".")
    bare = bare.replace("Unexpected character: '\\x00'", "unexpected end")  # its mark for the end
    return problem("settings-syntax", f"The settings are not TOML: {bare}.", span)
