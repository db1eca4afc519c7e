"""What people say to a change: recorded from any process, and found again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.conversation import comment_of
from makeitso.protocol import events as ev
from makeitso.review import marks
from makeitso.review.flags import visible
from makeitso.runs.reviewing import present_change

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Hunk
    from makeitso.protocol.comment import Comment
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository

QUOTE_CHARS = 4_000
"""Most of a hunk that a comment repeats."""
_RANGES = re.compile(r"\d+(-\d+)?(,\d+(-\d+)?)*", re.ASCII)


def comment(
    book: Book,
    repo: Repository,
    *,
    task: tuple[str, str],
    text: str,
    hunk: str | None = None,
    lines: str = "",
    path: str | None = None,
    redact: Callable[[str], str],
) -> Comment:
    """Record a comment on a change, a file, a hunk, or lines of it.

    Args:
        book: the runs.
        repo: the repository.
        task: run and task.
        text: what is said.
        hunk: the hunk it is about.
        lines: lines of the hunk below its header, from 1.
        path: the file it is about, when no hunk is.
        redact: masks secrets, which no journal holds.

    Raises:
        NotFoundError: there is no such run, task, hunk or file.
        StateError: the task has proposed nothing, or has landed.
        UsageError: the text is empty, or the lines are none of the hunk's.
    """
    book.refresh()
    run = book.run(task[0])
    found = run.tasks.get(task[1])
    if found is None:
        raise NotFoundError(
            f"{run.id} has no task {task[1]}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    if not text.strip():
        raise UsageError("the comment is empty", hint="say what is to be different")
    if found.ended == "landed":
        raise StateError(
            f"{found.id} has landed: its worker takes no comments any more",
            hint='`mis run "…"` starts from what is there now',
        )
    said = _about(repo, run, found, hunk=hunk, lines=lines, path=path)
    said = said.model_copy(update={"text": redact(text.strip()), "quote": redact(said.quote)})
    event = book.journal.append(said, actor="person", run=run.id, task=found.id)
    return by_id(book, f"c{event.seq}")


def _about(
    repo: Repository,
    run: RunState,
    task: TaskState,
    *,
    hunk: str | None,
    lines: str,
    path: str | None,
) -> ev.CommentAdded:
    """What a comment is about, with its text to come."""
    change = present_change(repo, run.id, task)
    if hunk is not None:
        shown = marks.find(change, hunk)
        if shown is None:
            shown = next((h for h in marks.all_hunks(change) if h.id.startswith(f"{hunk}.")), None)
        if shown is None:
            raise NotFoundError(
                f"{task.id} has no hunk {hunk}", hint="`mis review --json` lists the hunks"
            )
        line, quote = quoted(shown, lines)
        return ev.CommentAdded(
            text="", hunk=hunk, path=shown.path, lines=lines, line=line, quote=quote
        )
    if lines:
        raise UsageError("lines are lines of a hunk", hint="name it: ID:3-7")
    if path and path not in {file.path for file in change.files}:
        raise NotFoundError(
            f"{task.id} does not change {path}",
            hint=f"it changes {', '.join(file.path for file in change.files[:5])}",
        )
    return ev.CommentAdded(text="", path=path or "")


def quoted(hunk: Hunk, lines: str) -> tuple[int | None, str]:
    """Where chosen lines of a hunk begin in the proposed file, and their text.

    Raises:
        UsageError: they are no lines of it.
    """
    header, *body = hunk.diff.removesuffix("\n").split("\n")
    whole = not header.startswith("@@")
    if whole:
        body = []
    chosen = numbers(lines, most=len(body)) if lines else list(range(1, len(body) + 1))
    at, places = max(hunk.new_start, 1), list[int]()
    for line in body:
        places.append(at)
        at += line[:1] in (" ", "+")
    if not lines:
        first = next((n for n, line in enumerate(body, 1) if line[:1] in ("+", "-")), 0)
    else:
        first = chosen[0]
    text = "\n".join(visible(body[number - 1]) for number in chosen)
    return (places[first - 1] if first else None), text[:QUOTE_CHARS]


def numbers(lines: str, *, most: int) -> list[int]:
    """The lines that `3`, `3-7` or `3,5-8` name, in order.

    Raises:
        UsageError: it names none, or some that are not there.
    """
    if not _RANGES.fullmatch(lines):
        raise UsageError(f"{lines!r} names no lines", hint="3, 3-7 or 3,5-8")
    found: set[int] = set()
    for part in lines.split(","):
        first, _, last = part.partition("-")
        begin, end = int(first), int(last or first)
        if not 1 <= begin <= end <= most:
            raise UsageError(
                f"lines {part} are not there: the hunk has {most} lines below its header",
                hint="`mis review` shows them",
            )
        found.update(range(begin, end + 1))
    return sorted(found)


def by_id(book: Book, comment_id: str) -> Comment:
    """A comment that holds.

    Raises:
        NotFoundError: there is none of that id.
    """
    for known in comments(book):
        if known.id == comment_id:
            return known
    raise NotFoundError(
        f"there is no comment {comment_id}", hint="`mis review comments` lists them"
    )


def comments(book: Book, *, run: str | None = None, task: str | None = None) -> list[Comment]:
    """Comments that hold, by run and task, oldest first."""
    return [
        comment_of(r, t, known)
        for r in book.runs.values()
        if run is None or r.id == run
        for t in r.tasks.values()
        if task is None or t.id == task
        for known in t.comments
    ]


def withdraw(book: Book, comment_id: str) -> Comment:
    """Take a comment back; returns it as it was.

    Raises:
        NotFoundError: there is none of that id.
    """
    book.refresh()
    gone = by_id(book, comment_id)
    book.journal.append(
        ev.CommentWithdrawn(id=gone.id), actor="person", run=gone.run, task=gone.task
    )
    return gone
