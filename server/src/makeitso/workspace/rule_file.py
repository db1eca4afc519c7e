"""The person's stored rules: `rules.toml` beside their config file, never in a workspace.

A person may edit it. What is wrong in it becomes a problem with a place. A file in which anything
is wrong allows nothing, because what cannot be read could have denied; the rules that deny and can
be read hold all the same.
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from makeitso.policy.pattern_limits import refusal_of
from makeitso.policy.standing_rules import RuleSet
from makeitso.protocol.rules import EVERYWHERE, Rule, RuleDecision
from makeitso.protocol.text import Problem, Span
from makeitso.workspace.config_entries import LEFT_OUT, NOWHERE, ConfigProblem, syntax_problem
from makeitso.workspace.config_positions import KeyPath, Place, positions

_HEADER = re.compile(r"(?m)^[ \t]*\[\[[ \t]*rule[ \t]*\]\]")
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, kw_only=True)
class RulesFile:
    """The rules file as read.

    Attributes:
        path: where it is, or would be.
        text: what it holds; empty: there is none, or it cannot be read.
        rules: the rules that could be read, each with its line, counted from 1.
        problems: what is wrong, in the order of the file.
        next_number: of the next rule; numbers are never given twice.
    """

    path: Path
    text: str = ""
    rules: tuple[tuple[Rule, int], ...] = ()
    problems: tuple[ConfigProblem, ...] = ()
    next_number: int = 1

    @property
    def known(self) -> RuleSet:
        """What holds."""
        return RuleSet(rules=tuple(rule for rule, _ in self.rules), sound=not self.problems)


class _Entry(BaseModel):
    """A `[[rule]]` as written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Annotated[str, Field(pattern=r"^r[1-9][0-9]{0,8}$")]
    decision: RuleDecision
    pattern: Annotated[str, Field(min_length=1)]
    workspace: str
    kind: Literal["command"] = "command"
    created_at: datetime | None = None
    approval: str = Field(default="", alias="from")
    run: str = ""
    note: str = ""

    def rule(self) -> Rule:
        """The same for everybody else."""
        at = self.created_at
        if at is not None and at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return Rule(
            id=self.id,
            decision=self.decision,
            pattern=self.pattern,
            workspace=self.workspace,
            kind=self.kind,
            created_at=None if at is None else round(at.timestamp() * 1000),
            approval=self.approval,
            run=self.run,
            note=self.note,
        )


def read_rules(path: Path) -> RulesFile:
    """Read the rules file; never fails over what it holds, and a missing one is empty."""
    try:
        with path.open("rb") as file:
            facts, data = os.fstat(file.fileno()), file.read()
        text = data.decode("utf-8")
    except FileNotFoundError:
        return RulesFile(path=path)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        return RulesFile(
            path=path, problems=(_at(path, NOWHERE, f"the rules file cannot be read: {why}"),)
        )
    found = parse_rules(path, text)
    if facts.st_uid == os.getuid() and not facts.st_mode & _OTHERS_WRITE:
        return found
    whose = "others may write it" if facts.st_uid == os.getuid() else "it is another user's"
    problem = _at(path, NOWHERE, f"{whose}; nothing in it allows anything (chmod 600)")
    return RulesFile(
        path=path,
        text=found.text,
        rules=found.rules,
        problems=(problem, *found.problems),
        next_number=found.next_number,
    )


def parse_rules(path: Path, text: str) -> RulesFile:
    """Read the text of a rules file."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return RulesFile(
            path=path,
            text=text,
            rules=tuple(_salvaged(path, text)),
            problems=(_syntax(path, error, text),),
        )
    where, problems = positions(text), list[ConfigProblem]()
    for key in tree.keys() - {"next", "rule"}:
        place = where.get((key,))
        span = place.key if place else NOWHERE
        problems.append(_at(path, span, f"unknown key {key}; rules stand in [[rule]]"))
    rules = list(_entries(path, tree.get("rule", []), where, problems))
    largest = max((int(rule.id[1:]) for rule, _ in rules), default=0)
    counted = tree.get("next", 1)
    if not isinstance(counted, int) or isinstance(counted, bool) or counted < 1:
        problems.append(_at(path, _span(where, ("next",)), "next: expected a number from 1"))
        counted = 1
    problems.sort(key=lambda found: (found.problem.span.line, found.problem.span.column))
    return RulesFile(
        path=path,
        text=text,
        rules=tuple(rules),
        problems=tuple(problems),
        next_number=max(counted, largest + 1),
    )


def _entries(
    path: Path, written: object, where: dict[KeyPath, Place], problems: list[ConfigProblem]
) -> list[tuple[Rule, int]]:
    if not isinstance(written, list):
        problems.append(_at(path, _span(where, ("rule",)), "rule: write it as [[rule]]"))
        return []
    found: list[tuple[Rule, int]] = []
    for index, table in enumerate(cast("list[object]", written)):
        place: KeyPath = ("rule", index)
        try:
            rule = _Entry.model_validate(table).rule()
        except ValidationError as error:
            for one in error.errors(include_url=False, include_context=False):
                at = _span(where, (*place, *one["loc"]), place)
                name = ".".join(str(part) for part in one["loc"]) or "rule"
                problems.append(_at(path, at, f"{name}: {one['msg']}"))
            continue
        twice = any(rule.id == known.id for known, _ in found)
        for key, wrong in (
            ("id", f"{rule.id} is given twice" if twice else ""),
            ("pattern", refusal_of(rule.pattern, rule.decision)),
            ("workspace", _wrong_workspace(rule.workspace)),
        ):
            if wrong:
                problems.append(_at(path, _span(where, (*place, key), place), f"{key}: {wrong}"))
        found.append((rule, _span(where, place).line + 1))
    return found


def _salvaged(path: Path, text: str) -> list[tuple[Rule, int]]:
    """Rules that deny, of a text that as a whole is no TOML: each block is read by itself."""
    starts = [match.start() for match in _HEADER.finditer(text)]
    found: list[tuple[Rule, int]] = []
    for start, end in itertools.pairwise([*starts, len(text)]):
        try:
            tree = tomllib.loads(text[start:end])
        except tomllib.TOMLDecodeError:
            continue
        line = text.count("\n", 0, start) + 1
        for rule, at in _entries(path, tree.get("rule"), positions(text[start:end]), []):
            if rule.decision == "deny":
                found.append((rule, line + at - 1))
    return found


def _wrong_workspace(named: str) -> str:
    if named == EVERYWHERE or Path(named).is_absolute():
        return ""
    return f'expected the absolute path of a workspace, or "{EVERYWHERE}"'


def _span(where: dict[KeyPath, Place], *paths: KeyPath) -> Span:
    """Where the first of these that stands in the text stands."""
    found = next((where[path] for path in paths if path in where), None)
    return found.value if found else NOWHERE


def _syntax(path: Path, error: tomllib.TOMLDecodeError, text: str) -> ConfigProblem:
    found = syntax_problem(path, error, text).problem
    said = found.message.removesuffix(LEFT_OUT)
    return _at(path, found.span, f"{said}; only rules that deny are read", code="toml-syntax")


def _at(path: Path, span: Span, message: str, *, code: str = "bad-rule") -> ConfigProblem:
    return ConfigProblem(path, Problem(code=code, message=message, severity="error", span=span))
