"""A review document as the features see it: which lines belong to which file and hunk. Pure.

The document in the editor may be older than the change: hunks are found by the ids that stand in
its own lines, files by their header lines, and only what the journal still knows is offered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.protocol.text import Span
from makeitso.review.sections import read_sections

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import HunkState
    from makeitso.review.sections import FileSection, HunkSection

FOLDED = ("generated", "lock-file", "whitespace", "moved")
"""Flags of hunks that are folded to a line until somebody opens them."""
_NAME = re.compile(r"^(r\d{8}-\d+)-(.+)$")


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
    section: HunkSection | None = None
    """Its lines; None: it stands for its file as a whole, and has none."""
    by_lines: bool = False
    """Lines of it can be chosen."""

    @property
    def folded(self) -> str:
        """Why few people read it; empty: they do."""
        flags = self.section.flags if self.section is not None else ()
        return next((flag for flag in flags if flag in FOLDED), "")


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
    lines: tuple[str, ...] = ()
    """The document, without line feeds."""

    @property
    def head(self) -> int:
        """The line after what stands above the first file."""
        return self.files[0].span.line if self.files else self.last + 1


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
    lines = tuple(line.removesuffix("\r") for line in text.split("\n"))
    files = tuple(_file(lines, file, states) for file in read_sections(text))
    return ReviewView(
        run=names[0],
        task=names[1],
        files=files,
        state=run,
        task_state=task,
        states=states,
        last=len(lines) - 1,
        lines=lines,
    )


def _file(lines: tuple[str, ...], file: FileSection, states: dict[str, HunkState]) -> FilePlace:
    hunks = [
        HunkPlace(
            id=section.id,
            state=states[section.id],
            span=_line(lines, section.head),
            last=section.last,
            splits=not file.whole and _splits(section.body),
            section=section,
            by_lines=not file.whole,
        )
        for section in file.hunks
        if section.id in states
    ]
    span = _line(lines, file.first)
    whole = [
        HunkPlace(id=name, state=states[name], span=span, last=file.last)
        for name in file.named
        if name in states
    ]
    title = file.header.rsplit(" b/", 1)[-1]
    return FilePlace(title=title, span=span, last=file.last, hunks=(*whole, *hunks))


def _splits(body: tuple[str, ...]) -> bool:
    """Whether unchanged lines stand between changed ones."""
    tags = "".join("=" if line[:1] == " " else "!" for line in body if line[:1] in (" ", "+", "-"))
    return "=!" in tags.strip("=") and "!=" in tags.strip("=")


def _line(lines: tuple[str, ...], number: int) -> Span:
    return Span(line=number, column=0, end_line=number, end_column=len(lines[number]))
