"""Edits of the bytes the product owns: a box, an id, a new task. All else stays as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, UsageError
from makeitso.plans.lines import split_lines
from makeitso.plans.read import TASK_ID, FreeIds, read_document
from makeitso.plans.tidy import tidy_task
from makeitso.plans.write import task_lines
from makeitso.protocol.plan import Task
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.plans.tree import Document, Item


@dataclass(frozen=True)
class Edit:
    """Replace a span of a text."""

    span: Span
    new_text: str


def set_done(document: Document, task_id: str, *, done: bool) -> Edit | None:
    """Tick or open a task's box: one character; None when it stands so already.

    Raises:
        NotFoundError: no task has the id, or its box has no place for a mark.
    """
    item = _item(document, task_id)
    if item.ticked == done and item.box.text in (" ", "x", "X"):
        return None
    if not item.box.text:
        raise NotFoundError(
            f"The box of `{task_id}` is `[]`, with no place for a mark.",
            hint="Write it as `[ ]`.",
        )
    return Edit(item.box.span.to_span(), "x" if done else " ")


def rename(document: Document, old: str, new: str) -> tuple[Edit, ...]:
    """Give a task another id, at the task and in every `after`; in the order of the document.

    Raises:
        NotFoundError: no task is called `old`.
        UsageError: `new` has not the form of an id, or a task has it.
    """
    item = _item(document, old)
    if not TASK_ID.fullmatch(new):
        raise UsageError(
            f"`{new}` is no task id.",
            hint="Use a letter first, then up to 31 letters, digits, `_`, `.` or `-`.",
        )
    if new == old:
        return ()
    if any(other.id is not None and other.id.text == new for other in document.items):
        raise UsageError(f"A task is called `{new}` already.", hint="Choose another id.")
    assert item.id is not None
    lines = _text_lines(document)
    edits = [Edit(item.id.span.to_span(), new)]
    for places in read_document(document, plan_id="").places:
        for value in places.after:
            if value.text == old:
                span = value.span
                written = lines[span.line][span.column : span.end_column]
                edits.append(Edit(span.to_span(), written.replace(old, new, 1)))
    return tuple(sorted(edits, key=lambda edit: (edit.span.line, edit.span.column)))


def insert_task(
    document: Document,
    *,
    after: str | None = None,
    title: str = "What to do",
    task_id: str | None = None,
    waits: bool = False,
) -> Edit:
    """Add a task, below the task `after`, or below the last one, or at the end of the document.

    Args:
        document: the plan.
        after: id of the task to stand below; None: the last one.
        title: what the new task says.
        task_id: its id; None: the first free one of `T1`, `T2`, ….
        waits: the new task comes after the one it stands below.

    Raises:
        NotFoundError: no task is called `after`.
        UsageError: `task_id` has not the form of an id, or a task has it.
    """
    taken = [task.id for task in read_document(document, plan_id="").plan.tasks]
    name = FreeIds(taken).take() if task_id is None else task_id
    if not TASK_ID.fullmatch(name) or name in taken:
        raise UsageError(f"`{name}` cannot be the new task's id.", hint="Choose another id.")
    items = document.items
    above = _item(document, after) if after is not None else (items[-1] if items else None)
    needs = (above.id.text,) if waits and above is not None and above.id is not None else ()
    task = tidy_task(Task(id=name, title=title or name, after=needs))
    eol = document.eol
    written = eol.join(task_lines(task))
    lines = _text_lines(document)
    number = above.end - 1 if above is not None else len(lines) - 1
    place = _point(number, len(lines[number]))
    end = "\r\n" if lines[number].endswith("\r") else eol  # LF would make one end of CR and itself
    if above is not None:
        return Edit(place, f"{end}{eol}{written}")
    if not lines[number]:
        return Edit(place, f"{_gap(lines, eol)}{written}{eol}")
    return Edit(place, f"{end}{eol}{written}{eol}")


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Apply edits that do not overlap; all spans are of the text as given."""
    lines = split_lines(text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.text) + len(line.eol))
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column), reverse=True):
        span = edit.span
        start = starts[span.line] + span.column
        end = starts[span.end_line] + span.end_column
        text = text[:start] + edit.new_text + text[end:]
    return text


def _item(document: Document, task_id: str) -> Item:
    for item in document.items:
        if item.id is not None and item.id.text == task_id:
            return item
    raise NotFoundError(
        f"The plan has no task `{task_id}`.", hint="Its tasks are listed in the document."
    )


def _text_lines(document: Document) -> list[str]:
    return [line.text for block in document.blocks for line in block.lines]


def _gap(lines: list[str], eol: str) -> str:
    """An empty line before the new task, unless there is one, or nothing above."""
    return eol if len(lines) > 1 and lines[-2].strip() else ""


def _point(line: int, column: int) -> Span:
    return Span(line=line, column=column, end_line=line, end_column=column)
