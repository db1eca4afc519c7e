"""A review document as the features see it: which lines belong to which file and hunk. Pure.

The document in the editor may be older than the change: hunks are found by the ids that stand in
its own lines, files by their header lines, and only what the journal still knows is offered.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.plans.collecting import no_collecting
from makeitso.protocol.text import Span
from makeitso.review.sections import read_document

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import HunkState
    from makeitso.review.sections import FileSection, HunkSection, Sections

FOLDED = ("generated", "lock-file", "whitespace", "moved")
"""Flags of hunks that are folded to a line until somebody opens them."""
BEFORE_HUNKS, AFTER_HUNKS = 50, 150
"""So many hunks before and after the place where somebody is have lenses: more stall editors."""
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
    section: FileSection
    known: tuple[HunkState | None, ...] = ()
    """States of all hunks its text names; None: the task has none of that name."""


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
    sections: Sections | None = None
    """The document, read."""

    def page(self, line: int) -> tuple[int, int]:
        """First and last line of what lenses are shown for, where somebody is at a line."""
        hunks = [hunk for file in self.files for hunk in file.hunks]
        at = bisect_right(hunks, line, key=_head_line)
        begin, end = max(0, at - BEFORE_HUNKS), at + AFTER_HUNKS
        return (
            hunks[begin].span.line if begin else 0,
            hunks[end].last if end < len(hunks) else self.last,
        )

    @property
    def head(self) -> int:
        """The line after what stands above the first file."""
        return self.files[0].span.line if self.files else self.last + 1


def _head_line(hunk: HunkPlace) -> int:
    return hunk.span.line


def names_in(stem: str) -> tuple[str, str] | None:
    """Run and task in the name of a review document."""
    found = _NAME.match(stem)
    return (found[1], found[2]) if found else None


def view_review(
    text: str, stem: str, run: RunState | None, *, before: ReviewView | None = None
) -> ReviewView | None:
    """Find files and hunks in a review document; None when its name is of no run.

    Files that are as in the view `before`, their text and the states of their hunks, are taken over
    from it: most are, whenever something is marked.
    """
    names = names_in(stem)
    if names is None:
        return None
    task = run.tasks.get(names[1]) if run is not None else None
    states = dict(task.hunks) if task is not None else {}
    known = before.sections if before is not None else None
    with no_collecting():
        if before is not None and known is not None and known.text == text:
            lines, sections = before.lines, known
        else:
            lines = _lines(text)
            sections = read_document(text, before=known)
        places = before.files if before is not None else ()
        files = tuple(
            _file(lines, file, states, place)
            for file, place in itertools.zip_longest(sections.files, places[: len(sections.files)])
        )
    return ReviewView(
        run=names[0],
        task=names[1],
        files=files,
        state=run,
        task_state=task,
        states=states,
        last=len(lines) - 1,
        lines=lines,
        sections=sections,
    )


def _lines(text: str) -> tuple[str, ...]:
    lines = text.split("\n")
    return tuple(line.removesuffix("\r") for line in lines) if "\r" in text else tuple(lines)


def _file(
    lines: tuple[str, ...],
    file: FileSection,
    states: dict[str, HunkState],
    before: FilePlace | None,
) -> FilePlace:
    now: tuple[HunkState | None, ...] = tuple(states.get(name) for name in file.names)
    if before is not None and before.section is file and before.known == now:
        return before
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
    return FilePlace(
        title=title, span=span, last=file.last, hunks=(*whole, *hunks), section=file, known=now
    )


def _splits(body: tuple[str, ...]) -> bool:
    """Whether unchanged lines stand between changed ones."""
    tags = "".join("=" if line[:1] == " " else "!" for line in body if line[:1] in (" ", "+", "-"))
    return "=!" in tags.strip("=") and "!=" in tags.strip("=")


def _line(lines: tuple[str, ...], number: int) -> Span:
    return Span(line=number, column=0, end_line=number, end_column=len(lines[number]))
