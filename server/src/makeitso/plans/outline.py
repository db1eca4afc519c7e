"""Where things stand in a plan, for editors: lenses, hovers, symbols, folding, completion."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.plans.lines import Extent, is_blank, line_span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.plans.read import ReadPlan
    from makeitso.plans.tree import Item, Key, TaskKey

Part = Literal["box", "id", "title", "key", "value", "after", "body", "line"]
"""What of a task a position is on; `after` is an id in the value of that key."""


@dataclass(frozen=True, kw_only=True)
class KeyOutline:
    """A key of a task."""

    key: TaskKey | None
    name: Extent
    block: Extent
    """All of its lines."""


@dataclass(frozen=True, kw_only=True)
class TaskOutline:
    """A task and its parts."""

    index: int
    """Index in `plan.tasks`."""
    id: str
    title: str
    block: Extent
    """The whole task, empty lines after it left out."""
    line: Extent
    """Its first line; where a lens stands."""
    box: Extent
    """The character between the brackets."""
    id_span: Extent | None
    """The id; None when the task has none."""
    title_span: Extent
    keys: tuple[KeyOutline, ...]
    body: Extent | None
    """The text below the keys; None when there is none there."""
    after: tuple[tuple[str, Extent], ...]
    """Ids in `after` with their places."""


@dataclass(frozen=True, kw_only=True)
class Outline:
    """A plan's parts in the order of the document."""

    heading: Extent | None
    """The title's line."""
    title: Extent | None
    goal: Extent | None
    settings: Extent | None
    tasks: tuple[TaskOutline, ...]


@dataclass(frozen=True, kw_only=True)
class Place:
    """What stands at a position."""

    kind: Literal["heading", "goal", "task", "settings", "elsewhere"]
    task: TaskOutline | None = None
    part: Part | None = None
    key: TaskKey | None = None
    """The key whose name or value it is."""
    word: str | None = None
    """The id under the position, at the task or in `after`."""
    span: Extent | None = None
    """Place of that word or part."""


def outline(read: ReadPlan) -> Outline:
    """The outline of a plan that was read."""
    document = read.document
    heading, goal, settings = document.heading, document.goal, document.settings
    tasks: list[TaskOutline] = []
    for index, (task, places) in enumerate(zip(read.plan.tasks, read.places, strict=True)):
        item = places.item
        last = item.lines[-1].text
        body = None
        if item.body:
            start = next(
                (n for n in range(item.body_first, item.end) if not is_blank(_line(item, n))), None
            )
            body = _lines_span(start, item.end - 1, last) if start is not None else None
        keys = tuple(_key(key, item.lines[key.end - 1 - item.first].text) for key in item.keys)
        tasks.append(
            TaskOutline(
                index=index,
                id=task.id,
                title=task.title,
                block=item.span,
                line=line_span(item.first, item.lines[0].text),
                box=item.box.span,
                id_span=item.id.span if item.id is not None else None,
                title_span=item.title.span,
                keys=keys,
                body=body,
                after=tuple((value.text, value.span) for value in places.after),
            )
        )
    return Outline(
        heading=heading.span if heading else None,
        title=heading.title.span if heading else None,
        goal=goal.span if goal else None,
        settings=settings.span if settings else None,
        tasks=tuple(tasks),
    )


def task_at(plan: Outline, line: int) -> TaskOutline | None:
    """The task that owns a line; in the time of a binary search."""
    index = bisect_right(plan.tasks, line, key=lambda task: task.block.line) - 1
    if index >= 0 and line <= plan.tasks[index].block.end_line:
        return plan.tasks[index]
    return None


def place_at(plan: Outline, line: int, column: int) -> Place:
    """What stands at a position; a position at the end of a word is still on it."""
    task = task_at(plan, line)
    if task is not None:
        return _in_task(task, line, column)
    if plan.heading is not None and plan.heading.line <= line <= plan.heading.end_line:
        return Place(kind="heading", span=plan.title)
    if plan.goal is not None and plan.goal.line <= line <= plan.goal.end_line:
        return Place(kind="goal", span=plan.goal)
    if plan.settings is not None and plan.settings.line <= line <= plan.settings.end_line:
        return Place(kind="settings", span=plan.settings)
    return Place(kind="elsewhere")


def references(plan: Outline, task_id: str) -> tuple[Extent, ...]:
    """Every place an id stands: at its task first, then in `after` of others."""
    own = [task.id_span for task in plan.tasks if task.id == task_id and task.id_span is not None]
    used = [span for task in plan.tasks for name, span in task.after if name == task_id]
    return (*own, *used)


def _line(item: Item, number: int) -> str:
    return item.lines[number - item.first].text


def _in_task(task: TaskOutline, line: int, column: int) -> Place:
    for name, span in task.after:
        if _holds(span, line, column):
            return Place(kind="task", task=task, part="after", key="after", word=name, span=span)
    for key in task.keys:
        if key.block.line <= line <= key.block.end_line:
            on_name = _holds(key.name, line, column)
            span = key.name if on_name else key.block
            part: Part = "key" if on_name else "value"
            return Place(kind="task", task=task, part=part, key=key.key, span=span)
    if task.id_span is not None and _holds(task.id_span, line, column):
        return Place(kind="task", task=task, part="id", word=task.id, span=task.id_span)
    own: Sequence[tuple[Part, Extent | None]] = (
        ("box", task.box),
        ("title", task.title_span),
        ("body", task.body),
    )
    for part, span in own:
        if span is not None and _holds(span, line, column):
            return Place(kind="task", task=task, part=part, span=span)
    return Place(kind="task", task=task, part="line", span=task.line)


def _holds(span: Extent, line: int, column: int) -> bool:
    return (span.line, span.column) <= (line, column) <= (span.end_line, span.end_column)


def _key(key: Key, last: str) -> KeyOutline:
    return KeyOutline(
        key=key.key, name=key.name.span, block=_lines_span(key.first, key.end - 1, last)
    )


def _lines_span(first: int, last: int, last_text: str) -> Extent:
    return Extent(first, 0, last, len(last_text))
