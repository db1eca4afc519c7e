"""A review document as the features see it: which lines belong to which file and hunk. Pure.

The document in the editor may be older than the change: hunks are found by the ids that stand in
its own lines, files by their header lines, and only what the journal still knows is offered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import HunkState

_NAME = re.compile(r"^(r\d{8}-\d+)-(.+)$")
_HUNK = re.compile(r"^(?:# )?@@ -[\d,]+ \+[\d,]+ @@ \[(\w+) ([0-9a-f]{12}(?:\.\d+)?)")
_FILE = re.compile(r"^(?:# )?diff --git (.*)$")


@dataclass(frozen=True, kw_only=True)
class HunkPlace:
    """A hunk in the document."""

    id: str
    state: HunkState
    span: Span
    """Its first line."""
    last: int
    """Its last line."""
    splits: bool = False
    """It has unchanged lines between changes, so that it can stand as its parts."""


@dataclass(frozen=True, kw_only=True)
class FilePlace:
    """A file in the document."""

    title: str
    span: Span
    """Its `diff --git` line."""
    last: int
    hunks: tuple[HunkPlace, ...]


@dataclass(frozen=True, kw_only=True)
class ReviewView:
    """One version of a review document at one moment of the journal."""

    run: str
    task: str
    files: tuple[FilePlace, ...]
    state: RunState | None = None
    task_state: TaskState | None = None
    states: dict[str, HunkState] = field(default_factory=dict[str, "HunkState"])
    """State of every hunk of the task now."""
    last: int = 0


def names_in(stem: str) -> tuple[str, str] | None:
    """Run and task in the name of a review document."""
    found = _NAME.match(stem)
    return (found[1], found[2]) if found else None


def view_review(text: str, stem: str, run: RunState | None) -> ReviewView | None:
    """Find files and hunks in a review document; None when its name is of no run."""
    names = names_in(stem)
    if names is None:
        return None
    task = run.tasks.get(names[1]) if run is not None else None
    states = dict(task.hunks) if task is not None else {}
    lines = text.split("\n")
    files = tuple(_file(lines, first, end, states, task) for first, end in _sections(lines))
    return ReviewView(
        run=names[0],
        task=names[1],
        files=files,
        state=run,
        task_state=task,
        states=states,
        last=len(lines) - 1,
    )


def _sections(lines: list[str]) -> list[tuple[int, int]]:
    starts = [number for number, line in enumerate(lines) if _FILE.match(line)]
    ends = [*starts[1:], len(lines)][: len(starts)]
    return [(start, _trimmed(lines, start, end)) for start, end in zip(starts, ends, strict=True)]


def _trimmed(lines: list[str], start: int, end: int) -> int:
    """The end without empty lines and the comments that introduce the next file."""
    while end > start + 1 and (not lines[end - 1] or lines[end - 1].startswith("#")):
        end -= 1
    return end


def _file(
    lines: list[str], first: int, end: int, states: dict[str, HunkState], task: TaskState | None
) -> FilePlace:
    heads = [
        (number, found[2])
        for number in range(first, end)
        if (found := _HUNK.match(lines[number].rstrip("\r"))) is not None
    ]
    stops = [*(number for number, _ in heads[1:]), end][: len(heads)]
    hunks = [
        HunkPlace(
            id=name,
            state=states[name],
            span=_line(lines, number),
            last=stop - 1,
            splits="." not in name and _splits(lines[number + 1 : stop]),
        )
        for (number, name), stop in zip(heads, stops, strict=True)
        if name in states
    ]
    header = lines[first].rstrip("\r")
    shown = {name for _, name in heads}
    for name in _whole(task, header, shown):
        if name in states:
            hunks.insert(
                0, HunkPlace(id=name, state=states[name], span=_line(lines, first), last=end - 1)
            )
    title = header.rsplit(" b/", 1)[-1]
    return FilePlace(title=title, span=_line(lines, first), last=end - 1, hunks=tuple(hunks))


def _splits(body: list[str]) -> bool:
    """Whether unchanged lines stand between changed ones."""
    tags = "".join("=" if line[:1] == " " else "!" for line in body if line[:1] in (" ", "+", "-"))
    return "=!" in tags.strip("=") and "!=" in tags.strip("=")


def _whole(task: TaskState | None, header: str, shown: set[str]) -> list[str]:
    """Hunks of the file that stand for it as a whole: no line of the document names them."""
    if task is None or task.change is None:
        return []
    path = header.rsplit(" b/", 1)[-1] if " b/" in header else ""
    return [
        hunk.id
        for hunk in task.change.hunks
        if hunk.path == path and hunk.id not in shown and hunk.id not in task.splits
    ]


def _line(lines: list[str], number: int) -> Span:
    return Span(line=number, column=0, end_line=number, end_column=len(lines[number].rstrip("\r")))
