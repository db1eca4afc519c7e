"""What a person can do with a change in its review document: lenses and their twins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.lsp.actions import Action
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.lsp.review_view import FilePlace, HunkPlace, ReviewView

OPEN = ("pending", "accepted", "rejected", "conflict")
"""States in which a mark changes something."""


def review_actions(view: ReviewView) -> list[Action]:
    """Everything that can be done, in the order of the document."""
    if view.task_state is None:
        return []
    return [*_document(view), *(action for file in view.files for action in _file(file))]


def _document(view: ReviewView) -> Iterator[Action]:
    top = Span(line=0, column=0, end_line=0, end_column=0)
    hunks = [hunk for file in view.files for hunk in file.hunks]
    yield from _marks(hunks, "all", span=top, first=0, last=view.last)
    accepted = sum(1 for state in view.states.values() if state == "accepted")
    if accepted:
        yield Action(
            title="Land accepted",
            command="mis.change.land",
            params={"run": view.run},
            span=top,
            first=0,
            last=view.last,
        )


def _file(file: FilePlace) -> Iterator[Action]:
    if len(file.hunks) != 1 or file.hunks[0].span != file.span:
        yield from _marks(file.hunks, "file", span=file.span, first=file.span.line, last=file.last)
    for hunk in file.hunks:
        yield from _hunk(hunk)


def _marks(
    hunks: Iterable[HunkPlace], what: str, *, span: Span, first: int, last: int
) -> Iterator[Action]:
    able = [hunk for hunk in hunks if hunk.state in OPEN]
    for verb, mark in (("Accept", "accepted"), ("Reject", "rejected")):
        ids = [hunk.id for hunk in able if hunk.state != mark]
        if ids:
            yield Action(
                title=f"{verb} {what}",
                command="mis.hunk.mark",
                params={"hunks": ids, "mark": mark},
                span=span,
                first=first,
                last=last,
            )


def _hunk(hunk: HunkPlace) -> Iterator[Action]:
    for title, mark in (
        ("Accept", "accepted"),
        ("Reject", "rejected"),
        ("Take the mark back", "pending"),
    ):
        if hunk.state not in OPEN or hunk.state == mark:
            continue
        if mark == "pending" and hunk.state == "conflict":
            continue
        yield Action(
            title=title,
            command="mis.hunk.mark",
            params={"hunks": [hunk.id], "mark": mark},
            span=hunk.span,
            first=hunk.span.line,
            last=hunk.last,
        )
    if hunk.splits and hunk.state in ("pending", "accepted", "rejected"):
        yield Action(
            title="Split",
            command="mis.hunk.split",
            params={"hunk": hunk.id},
            span=hunk.span,
            first=hunk.span.line,
            last=hunk.last,
        )
