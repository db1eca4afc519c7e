"""What an answer must hold beyond its shape: a plan that can run, a judgement that leads on.

Pure; each function gives the reasons an answer is refused, in words the model can act on.
"""

from __future__ import annotations

import math
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.patterns import FIELDS, translate
from makeitso.plans.moments import parse_moment
from makeitso.protocol.plan import Task

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from makeitso.protocol.learned import LearnDraft
    from makeitso.protocol.plan import Judgement, PlanDraft, PlanDraftTask

_TASK_ID = re.compile(
    cast("dict[str, dict[str, str]]", Task.model_json_schema()["properties"])["id"]["pattern"]
)


def plan_problems(draft: PlanDraft) -> tuple[str, ...]:
    """Why a draft cannot become a plan; empty: it can."""
    found: list[str] = []
    if not draft.goal.strip():
        found.append("goal: is empty")
    found += _one_line("title", draft.title)
    ids = [task.id for task in draft.tasks]
    for index, task in enumerate(draft.tasks):
        place = f"tasks[{index}]"
        found += _task_problems(task, place=place, known=ids)
        if task.id in ids[:index]:
            found.append(f"{place}.id: {task.id!r} is used twice")
    if not found and (circle := find_cycle({task.id: task.after for task in draft.tasks})):
        found.append(f"tasks: `after` goes in a circle: {' after '.join(circle)}")
    return tuple(found)


def judgement_problems(judgement: Judgement) -> tuple[str, ...]:
    """Why a judgement leads nowhere; empty: it does not."""
    found: list[str] = []
    if judgement.verdict == "continue" and not judgement.instructions.strip():
        found.append("instructions: `continue` needs instructions")
    if judgement.verdict == "need_input" and not judgement.instructions.strip():
        found.append("instructions: `need_input` needs the question")
    if not math.isfinite(judgement.wait_s) or judgement.wait_s < 0:
        found.append("wait_s: must be a number of seconds, 0 or more")
    if judgement.verdict == "wait":
        found += _wait_problems(judgement)
    return tuple(found)


def learn_problems(draft: LearnDraft, *, groups: int) -> tuple[str, ...]:
    """Why suggested patterns cannot even be tried; empty: they can."""
    found: list[str] = []
    for index, one in enumerate(draft.patterns):
        place = f"patterns[{index}]"
        if not 1 <= one.group <= groups:
            found.append(f"{place}.group: there is no group {one.group}")
        try:
            regex = LinearRegex(translate(one.regex, ()))
        except PatternError as error:
            found.append(f"{place}.regex: {error}")
            continue
        unknown = sorted({*regex.names} - {*FIELDS})
        if unknown:
            found.append(f"{place}.regex: there is no field {', '.join(unknown)}")
    return tuple(found)


def _wait_problems(judgement: Judgement) -> Iterator[str]:
    until, command = judgement.wait_until.strip(), judgement.wait_command.strip()
    if until and command:
        yield "wait_command: give a time or a command, not both"
    if until and parse_moment(until) is None:
        yield f"wait_until: {until!r} is no time; write it like 2026-11-22T18:00"
    if command:
        yield from _one_line("wait_command", command)


def find_cycle(after: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One circle of ids, each after the next, its first again at the end; empty if there is none.

    Args:
        after: for each id the ids it comes after.
    """
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        circle = cast("list[str]", error.args[1])  # each comes before the next
        return tuple(reversed(circle))
    return ()


def _task_problems(task: PlanDraftTask, *, place: str, known: list[str]) -> Iterator[str]:
    if not _TASK_ID.fullmatch(task.id):
        yield f"{place}.id: {task.id!r} is not a short word of letters, digits, `_`, `.` and `-`"
    yield from _one_line(f"{place}.title", task.title)
    for index, command in enumerate(task.checks):
        yield from _one_line(f"{place}.checks[{index}]", command)
    for index, glob in enumerate(task.files):
        yield from _one_line(f"{place}.files[{index}]", glob)
        parts = PurePosixPath(glob).parts
        if glob.startswith("/") or ".." in parts or ".git" in parts:
            yield f"{place}.files[{index}]: {glob!r} is not inside the repository"
    for before in task.after:
        if before not in known:
            yield f"{place}.after: there is no task {before!r}"


def _one_line(place: str, text: str) -> Iterator[str]:
    if not text.strip():
        yield f"{place}: is empty"
    elif len(text.strip().splitlines()) > 1:
        yield f"{place}: must be one line"
