"""Concrete syntax tree to Plan, with everything that is wrong. A damaged plan is still a plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.collecting import no_collecting
from makeitso.plans.keys import key_name, known_key
from makeitso.plans.lines import Word, line_span
from makeitso.plans.problems import fix, in_position_order, problem, replace_fix
from makeitso.plans.settings import PlanSettings, read_settings
from makeitso.plans.syntax import parse
from makeitso.plans.taskvalues import TaskPlaces, TaskReader
from makeitso.plans.tidy import one_line, tidy_prose
from makeitso.plans.tree import Document, Item, Other, Settings
from makeitso.protocol.plan import Plan, Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.plans.lines import Extent
    from makeitso.protocol.text import Problem

TASK_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}")
"""Form of a task id, as the contract's `Task.id`."""


@dataclass(frozen=True, kw_only=True)
class ReadPlan:
    """A plan, the document it was read from, and where each thing stands in it."""

    document: Document
    plan: Plan
    settings: PlanSettings
    places: tuple[TaskPlaces, ...]
    """One for each task of `plan.tasks`, in the same order."""
    problems: tuple[Problem, ...]
    """What reading found, in the order of the document."""


def read_text(text: str, *, plan_id: str) -> ReadPlan:
    """Parse and read a text; `plan_id` is the stem of the document's file name."""
    with no_collecting():
        return read_document(parse(text), plan_id=plan_id)


def read_plan(document: Document, *, plan_id: str) -> tuple[Plan, list[Problem]]:
    """Read the plan of a document and say what is wrong with it."""
    result = read_document(document, plan_id=plan_id)
    return result.plan, list(result.problems)


def read_document(document: Document, *, plan_id: str) -> ReadPlan:
    """Read a document; never fails.

    A task without a usable id gets a provisional one, so that it can be shown; the problem with it
    is an error, so that it cannot run.
    """
    out: list[Problem] = []
    title, goal = _read_head(document, out)
    settings = PlanSettings()
    block = document.settings
    if block is not None:
        settings = read_settings(block, out=out)
    _read_blocks(document, block, out)
    items = document.items
    free = FreeIds(item.id.text for item in items if item.id is not None)
    tasks: list[Task] = []
    places: list[TaskPlaces] = []
    for item in items:
        task, where = _read_item(item, free, out)
        tasks.append(task)
        places.append(where)
    plan = Plan(
        id=plan_id,
        title=title,
        goal=goal,
        tasks=tuple(tasks),
        approval=settings.approval,
        policies=settings.policies,
        budget_tokens=settings.budget_tokens,
        budget_s=settings.budget_s,
        max_concurrency=settings.max_concurrency,
    )
    return ReadPlan(
        document=document,
        plan=plan,
        settings=settings,
        places=tuple(places),
        problems=tuple(in_position_order(out)),
    )


class FreeIds:
    """Hands out ids `T1`, `T2`, … that no task has."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = {name.lower() for name in taken}
        self._next = 1

    def claim(self, name: str) -> bool:
        """Take a certain id; False when a task has it already, letter case aside."""
        if name.lower() in self._taken:
            return False
        self._taken.add(name.lower())
        return True

    def take(self) -> str:
        """The next free id."""
        while (name := f"T{self._next}").lower() in self._taken:
            self._next += 1
        self._taken.add(name.lower())
        return name


def _read_head(document: Document, out: list[Problem]) -> tuple[str, str]:
    heading, goal = document.heading, document.goal
    top = _top_of(document)
    if heading is None or not heading.title.text:
        message = "Name the plan in a heading: `# The goal in short`."
        out.append(problem("plan-title-missing", message, heading.span if heading else top))
    if goal is None or not goal.prose:
        message = "State the goal in a paragraph under the heading."
        out.append(problem("plan-goal-missing", message, heading.span if heading else top))
    title = one_line(heading.title.text) if heading else ""
    return title, tidy_prose(goal.prose) if goal else ""


def _top_of(document: Document) -> Extent:
    first = document.blocks[0]
    return line_span(0, first.lines[0].text)


def _read_blocks(document: Document, settings: Settings | None, out: list[Problem]) -> None:
    for block in document.blocks:
        if isinstance(block, Settings | Other) and not block.closed:
            what = "comment" if isinstance(block, Other) and block.kind == "comment" else "fence"
            message = f"This {what} is never closed: all that follows belongs to it."
            span = line_span(block.first, block.lines[0].text)
            out.append(problem("block-unclosed", message, span))
        if isinstance(block, Settings) and block is not settings:
            message = "A plan has one `toml` block; the first one counts, this one is ignored."
            span = line_span(block.first, block.lines[0].text)
            out.append(problem("settings-repeated", message, span))


def _read_item(item: Item, free: FreeIds, out: list[Problem]) -> tuple[Task, TaskPlaces]:
    if item.box.text not in (" ", "x", "X"):
        message = f"`[{item.box.text}]` is neither open `[ ]` nor done `[x]`; it is read as open."
        mend = fix("Make it an open box", item.box.span, " ")
        out.append(problem("task-box-unclear", message, _brackets(item.box), fixes=[mend]))
    name = _read_id(item, free, out)
    title = one_line(item.title.text)
    if not title:
        message = f"Say in a few words what {name} is to do."
        out.append(
            problem("task-title-missing", message, line_span(item.first, item.lines[0].text))
        )
        title = name
    reader = TaskReader(name, out)
    for key in item.keys:
        reader.read(key)
    if not item.separated:
        _warn_of_late_keys(item, out)
    places = reader.places(item)
    return reader.task(title=title, goal=tidy_prose(item.body), done=item.ticked), places


def _brackets(box: Word) -> Extent:
    return Word(f"[{box.text}]", box.line, box.column - 1).span


def _read_id(item: Item, free: FreeIds, out: list[Problem]) -> str:
    if item.id is None:
        name = free.take()
        start = item.title._replace(text="").span
        gap = "" if item.lines[0].text[item.box.column :].startswith(item.box.text + "] ") else " "
        mend = fix(f"Call it `{name}`", start, f"{gap}**{name}** ")
        message = f"Give the task a short id in bold: `- [ ] **{name}** …`."
        span = line_span(item.first, item.lines[0].text)
        out.append(problem("task-id-missing", message, span, fixes=[mend]))
        return name
    written = item.id.text
    if TASK_ID.fullmatch(written):
        return written
    clean = clean_id(written)
    name = clean if clean and free.claim(clean) else free.take()
    form = "a letter first, then up to 31 letters, digits, `_`, `.` or `-`"
    message = f"`{written[:60]}` is no id: {form}."
    fixes = [replace_fix(item.id.span, name)]
    out.append(problem("task-id-invalid", message, item.id.span, fixes=fixes))
    return name


def clean_id(text: str) -> str:
    """The nearest valid id to a text; empty when nothing of it can be kept."""
    bare = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip("-._")
    if bare[:1].isdigit():
        bare = f"T{bare}"
    return bare[:32].rstrip("-._")


def _warn_of_late_keys(item: Item, out: list[Problem]) -> None:
    for index in range(item.body_first - item.first, len(item.lines)):
        text = item.lines[index].text
        name = key_name(text, item.indent)
        key = known_key(name) if name is not None else None
        if name is None or key is None:
            continue
        message = (
            f"`{key}` stands below the task's text and is read as text; "
            "move the line up, straight under the task."
        )
        span = Word(name, item.first + index, text.index(name)).span
        out.append(problem("key-in-body", message, span))
