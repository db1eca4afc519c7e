"""What a document can say: a plan with its texts in the one form they have there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from makeitso.plans.lines import trim_blank
from makeitso.plans.moments import parse_moment
from makeitso.protocol.wait import WaitFor
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.plan import Check, Phase, Plan, Task

_TITLE = 60
"""Characters of a title made from a goal."""


def tidy(plan: Plan) -> Plan:
    """The plan that reading the written document gives.

    Lines end in LF, one-line texts are one line, empty entries and phases that override nothing are
    gone, a missing title is made from the goal. Idempotent; a plan that was read is tidy already.
    """
    goal = tidy_prose(plan.goal)
    return plan.model_copy(
        update={
            "title": one_line(plan.title) or short_title(goal),
            "goal": goal,
            "tasks": tuple(tidy_task(task) for task in plan.tasks),
        }
    )


def tidy_task(task: Task) -> Task:
    """A task in the form a document can say."""
    return task.model_copy(
        update={
            "title": one_line(task.title) or task.id,
            "goal": tidy_prose(task.goal),
            "files": _lines(task.files),
            "checks": tuple(_tidy_check(check) for check in task.checks if check.command.strip()),
            "after": _lines(task.after),
            "repo": one_line(task.repo or "") or None,
            "worker": one_line(task.worker or "") or None,
            "skills": _lines(task.skills),
            "phases": _tidy_phases(task.phases),
            "wait": _tidy_wait(task.wait),
        }
    )


def tidy_prose(text: str) -> str:
    """Lines ended by LF, blank ones empty, none at the ends."""
    return "\n".join(trim_blank(_unix(text).split("\n")))


def one_line(text: str) -> str:
    """A text on one line, lines joined by blanks, trimmed."""
    return " ".join(line.strip() for line in _unix(text).split("\n")).strip()


def short_title(goal: str) -> str:
    """The first line of a goal, cut at a word; "Plan" for an empty one."""
    line = one_line(goal[:400].split("\n", 1)[0].lstrip("#>-*+ \t")).rstrip("# \t")
    if len(line) > _TITLE:
        cut = line[: _TITLE - 1]
        line = f"{(cut.rsplit(' ', 1)[0] if ' ' in cut else cut).rstrip()}…"
    return line or "Plan"


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _lines(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in map(one_line, texts) if line)


def _tidy_check(check: Check) -> Check:
    command = tidy_prose(check.command).strip()
    limit = check.timeout_s if math.isfinite(check.timeout_s) else 600.0
    cwd = one_line(check.cwd) or "."
    return check.model_copy(update={"command": command, "cwd": cwd, "timeout_s": limit})


def _tidy_wait(wait: WaitFor | None) -> WaitFor | None:
    if wait is None:
        return None
    if wait.command is not None:
        command = one_line(wait.command)
        limits = {"every_s": _finite(wait.every_s), "limit_s": _finite(wait.limit_s)}
        cwd = one_line(wait.cwd) or "."
        return (
            WaitFor.model_validate({"command": command, "cwd": cwd, **limits}) if command else None
        )
    if wait.until is not None:
        moment = parse_moment(wait.until)
        return WaitFor(until=moment.text) if moment is not None else None
    return WaitFor(seconds=_finite(wait.seconds) or 0.0)


def _finite(seconds: float | None) -> float | None:
    return seconds if seconds is not None and math.isfinite(seconds) else None


def _tidy_phases(phases: Iterable[Phase]) -> tuple[Phase, ...]:
    said: dict[str, Phase] = {}
    for phase in phases:
        if (phase.approval, phase.budget_tokens, phase.budget_s) != (None, None, None):
            said.setdefault(phase.name, phase)
    return tuple(said[name] for name in PHASES if name in said)
