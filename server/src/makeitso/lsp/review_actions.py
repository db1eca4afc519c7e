"""What a person can do with a change in its review document: lenses and their twins. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.conversation import accepted_result, inside_now, may_go_back, told, unsent
from makeitso.journal.marking import has_effect
from makeitso.journal.staleness import stale_asked, stale_line
from makeitso.lsp.actions import Action
from makeitso.lsp.plan_actions import Spot, answers_to
from makeitso.protocol.text import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from makeitso.lsp.review_view import FilePlace, HunkPlace, ReviewView

    Marking = Callable[[str, str, Mapping[str, object]], Action]

OPEN = ("pending", "accepted", "rejected", "conflict")
"""States in which a mark changes something."""
MARKS = (("Accept", "accepted"), ("Reject", "rejected"))
REOPEN = "Take the mark back"
UNDO = "Undo last mark"


def review_actions(
    view: ReviewView, *, uri: str = "", first: int = 0, last: int | None = None
) -> Iterator[Action]:
    """What can be done on these lines of the document at this URI, in its order; by default all.

    They are made as they are taken: of the tens of thousands that a large change has, an editor is
    given some.
    """
    if view.task_state is None:
        return
    end = view.last if last is None else last
    yield from _document(view, uri)
    for file in view.files:
        if file.span.line <= end and first <= file.last:
            yield from _file(file, uri, first=first, last=end)


def selection_actions(view: ReviewView, *, first: int, last: int) -> list[Action]:
    """Marks for exactly the changed lines from one line of the document to another.

    A cursor is a selection of its own line. On the last of them a comment can be made.
    """
    lines: dict[str, list[dict[str, int]]] = {}
    said: list[tuple[int, int]] = []
    for file in view.files:
        for hunk in file.hunks if file.span.line <= last and first <= file.last else ():
            if not hunk.by_lines or hunk.section is None or hunk.state not in OPEN:
                continue
            if hunk.state == "conflict":  # what could not land is decided on as a whole
                continue
            chosen = hunk.section.lines_in(first, last)
            if chosen is not None:
                lines[hunk.id] = [{"first": chosen[0], "last": chosen[1]}]
                said.append(chosen)
    spoken = [*_comment(view, last)]
    if not lines:
        return spoken
    (begin, end), *more = said
    what = f"line {begin}" if begin == end else f"lines {begin}-{end}"
    if more:
        what = f"the selected lines of {len(said)} hunks"
    wanted: list[tuple[str, Mapping[str, object]]] = [
        *((f"{verb} {what}", {"mark": mark}) for verb, mark in MARKS),
        (f"Accept only {what}", {"mark": "accepted", "rest": "rejected"}),
    ]
    span = Span(line=first, column=0, end_line=first, end_column=0)
    return [
        Action(
            title=title,
            command="mis.hunk.mark",
            params={"hunks": list(lines), "lines": lines, **params},
            span=span,
            first=first,
            last=last,
        )
        for title, params in wanted
    ] + spoken


def _comment(view: ReviewView, line: int) -> Iterator[Action]:
    """Say something about the line of a hunk that stands on a line of the document."""
    for file in view.files:
        for hunk in file.hunks if file.span.line <= line <= file.last else ():
            if hunk.section is None or hunk.state not in OPEN:
                continue
            number = hunk.section.number_at(line)
            if number and hunk.span.line < line <= hunk.last:
                yield Action(
                    title=f"Comment on line {number}…",
                    command="mis.review.show",
                    params={"hunk": hunk.id, "to": "comment", "line": number},
                    span=hunk.span,
                    first=line,
                    last=line,
                )


def _task(view: ReviewView, top: Span) -> Iterator[Action]:
    """What can be done with the change as a whole, besides marks and landing."""
    task = view.task_state
    if task is None:
        return
    titles: dict[str, str] = {}
    proved = accepted_result(task)
    if task.reviewing and task.spec.checks and inside_now(task):
        said = f": {told(proved)}" if proved is not None else ""
        word = "Checking what I accepted…" if task.check_wanted else "Check what I accepted"
        titles["mis.change.check"] = f"{word}{said}"
    waiting = len(unsent(task))
    if (waiting or "rejected" in view.states.values()) and not may_go_back(task):
        what = f"{waiting} comment{'s' * (waiting != 1)}" if waiting else "what I rejected"
        titles["mis.change.fix"] = f"Send {what} to the worker"
    for command, title in titles.items():
        yield Action(
            title=title,
            command=command,
            params={"run": view.run, "task": view.task},
            span=top,
            first=0,
            last=view.last,
        )


def _stale(view: ReviewView, top: Span) -> Iterator[Action]:
    """That nothing of it lands, and the answers to what becomes of it."""
    run, task = view.state, view.task_state
    line = stale_line(run, task) if run is not None and task is not None else ""
    if run is None or task is None or not line:
        return
    spot = Spot(top, 0, view.head - 1)
    yield spot.action(f"State: {line}", "mis.run.get", {"run": run.id})
    asked = stale_asked(run, task)
    if asked is not None:
        yield from answers_to(spot, asked)


def _document(view: ReviewView, uri: str) -> Iterator[Action]:
    top = Span(line=0, column=0, end_line=0, end_column=0)
    hunks = [hunk for file in view.files for hunk in file.hunks]
    yield from _stale(view, top)
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
    yield from _task(view, top)
    task = view.task_state
    if task is not None and any(has_effect(task, step) for step in reversed(task.steps)):
        yield Action(
            title=UNDO,
            command="mis.hunk.undo",
            params={"run": view.run, "task": view.task},
            span=top,
            first=0,
            last=view.last,
        )
    if "landed" in view.states.values():
        yield Action(
            title="Undo last landing",
            command="mis.change.undo",
            params={"run": view.run},
            span=top,
            first=0,
            last=view.head - 1,
        )
    if any(hunk.state in ("pending", "conflict") for hunk in hunks):
        yield step("Next hunk", uri, top, line=0, last=view.head - 1)


def _file(file: FilePlace, uri: str, *, first: int, last: int) -> Iterator[Action]:
    if len(file.hunks) != 1 or file.hunks[0].span != file.span:
        yield from _marks(file.hunks, "file", span=file.span, first=file.span.line, last=file.last)
    for hunk in file.hunks:
        if hunk.span.line <= last and first <= hunk.last:
            yield from _hunk(hunk, uri)


def _marks(
    hunks: Iterable[HunkPlace], what: str, *, span: Span, first: int, last: int
) -> Iterator[Action]:
    able = [hunk for hunk in hunks if hunk.state in OPEN]
    titles = [(f"{verb} {what}", mark) for verb, mark in MARKS]
    if any(hunk.state in ("accepted", "rejected") for hunk in able):
        titles.append((f"Reopen {what}", "pending"))
    for title, mark in titles:
        ids = [
            hunk.id
            for hunk in able
            if hunk.state != mark and not (mark == "pending" and hunk.state == "conflict")
        ]
        if ids:
            yield Action(
                title=title,
                command="mis.hunk.mark",
                params={"hunks": ids, "mark": mark},
                span=span,
                first=first,
                last=last,
            )


def _hunk(hunk: HunkPlace, uri: str) -> Iterator[Action]:
    def action(title: str, command: str, params: Mapping[str, object]) -> Action:
        return Action(
            title=title,
            command=command,
            params=params,
            span=hunk.span,
            first=hunk.span.line,
            last=hunk.last,
        )

    yield from marks_of(hunk.id, hunk.state, action)
    if hunk.splits and hunk.state in ("pending", "accepted", "rejected"):
        yield action("Split", "mis.hunk.split", {"hunk": hunk.id})
    if "." in hunk.id and hunk.state in ("pending", "accepted", "rejected"):
        yield action("Join", "mis.hunk.join", {"hunk": hunk.id})
    if hunk.section is not None and hunk.state in OPEN:
        yield action("Edit…", "mis.review.show", {"hunk": hunk.id, "to": "edit"})
        yield action("Comment…", "mis.review.show", {"hunk": hunk.id, "to": "comment"})
    yield action("Show in file", "mis.review.show", {"hunk": hunk.id, "where": "file"})
    if hunk.state in OPEN:
        yield action("Show proposal", "mis.review.show", {"hunk": hunk.id, "where": "proposal"})
        yield step("Next", uri, hunk.span, line=hunk.span.line, last=hunk.last)
        yield step("Previous", uri, hunk.span, line=hunk.span.line, last=hunk.last)


def marks_of(name: str, state: str, action: Marking) -> Iterator[Action]:
    """Accept, reject, take back: those that change something."""
    for title, mark in (*MARKS, (REOPEN, "pending")):
        if state not in OPEN or state == mark or (mark == "pending" and state == "conflict"):
            continue
        yield action(title, "mis.hunk.mark", {"hunks": [name], "mark": mark})


def step(title: str, uri: str, span: Span, *, line: int, last: int) -> Action:
    """Go to the next hunk that waits, or to the one before."""
    way = "previous" if title.startswith("Previous") else "next"
    return Action(
        title=title,
        command=f"mis.review.{way}",
        params={"uri": uri, "position": {"line": line, "character": 0}},
        span=span,
        first=span.line,
        last=last,
    )
