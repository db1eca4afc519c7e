"""`mis review comment|comments|withdraw`: what the worker is told when a change goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import RunOption, TaskOption, select
from makeitso.cli.review.text_editor import written
from makeitso.cli.workspace import opened
from makeitso.errors import NotFoundError
from makeitso.runs import commenting
from makeitso.runs.reviewing import locate, present_change, write_review_document

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.comment import Comment
    from makeitso.wiring import Bridge

ASKED = """
# What is to be different? Lines that begin with # are left out; save nothing to say nothing.
#
"""


def register(group: typer.Typer) -> None:
    """Add the actions."""
    group.command("comment")(comment)
    group.command("comments")(comments)
    group.command("withdraw")(withdraw)


def comment(
    ctx: typer.Context,
    place: Annotated[
        str,
        typer.Argument(
            metavar="PLACE",
            help="A hunk, lines of it below its header (ID:3-7, ID:3,5-8), a file, or a task.",
            autocompletion=completing.places,
        ),
    ],
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="Your editor asks if left out.")
    ] = None,
    run: RunOption = "",
    json: JsonFlag = False,
) -> int:
    """Say what is to be different; `mis review fix` sends it to the worker."""
    context = context_of(ctx)
    with opened(context) as bridge:
        said = add(bridge, place, " ".join(text or ()), run=run)
        show(context.console, [said])
    return 0


def add(bridge: Bridge, place: str, text: str, *, run: str = "") -> Comment:
    """Record a comment on what a person named; without a text, their editor asks for it.

    Raises:
        NotFoundError: it names nothing that is in review.
        UsageError: nothing was said, or the lines are none of the hunk's.
    """
    if not bridge.has_journal:
        raise NotFoundError(f"there is no {place}: nothing was ever run here")
    bridge.book.refresh()
    task, hunk, lines, path = _named(bridge, place, run)
    return say(bridge, task, text, hunk=hunk, lines=lines, path=path)


def say(
    bridge: Bridge,
    task: tuple[str, str],
    text: str,
    *,
    hunk: str | None = None,
    lines: str = "",
    path: str | None = None,
) -> Comment:
    """Record a comment on a place; without a text, the person's editor asks for it.

    Args:
        bridge: the workspace.
        task: run and task.
        text: what is said; empty: the editor asks.
        hunk: the hunk it is about.
        lines: lines of that hunk below its header, as `3-7`.
        path: the file it is about, when no hunk is.

    Raises:
        NotFoundError: there is no such place.
        StateError: the task takes no comments any more.
        UsageError: nothing was said, or the lines are none of the hunk's.
    """
    if not text:
        text = written(bridge.repo, _asked(bridge, task, hunk, lines), name="comment.md")
    said = commenting.comment(
        bridge.book,
        bridge.repo,
        task=task,
        text=text,
        hunk=hunk,
        lines=lines,
        path=path,
        redact=bridge.redactor.text,
    )
    rewrite(bridge, said)
    return said


def rewrite(bridge: Bridge, said: Comment) -> None:
    """Bring the review document up to date with a comment that came or went."""
    run = bridge.book.run(said.run)
    task = run.tasks[said.task]
    if task.change is not None:
        change = present_change(bridge.repo, run.id, task)
        write_review_document(bridge.dot.path, run, task, change)


def _named(
    bridge: Bridge, place: str, run: str
) -> tuple[tuple[str, str], str | None, str, str | None]:
    """Task, hunk, lines and file that a person named."""
    name, _, lines = place.partition(":")
    try:
        found, task = locate(bridge.book, name)
    except NotFoundError:
        chosen = select(bridge, run=run, task="")
    else:
        return (found.id, task.id), name, lines, None
    for found, task in reversed(chosen):
        if task.id == place:
            return (found.id, task.id), None, "", None
    for found, task in reversed(chosen):
        if task.change is not None and place in {hunk.path for hunk in task.change.hunks}:
            return (found.id, task.id), None, "", place
    raise NotFoundError(
        f"there is no hunk, changed file or task {place}",
        hint="`mis review --json` lists the hunks and their ids",
    )


def _asked(bridge: Bridge, task: tuple[str, str], hunk: str | None, lines: str) -> str:
    """What the editor shows below the place for the text."""
    if hunk is None:
        return f"{ASKED}# {task[1]} of {task[0]}\n"
    run = bridge.book.run(task[0])
    change = present_change(bridge.repo, run.id, run.tasks[task[1]])
    shown = next((h for f in change.files for h in f.hunks if h.id == hunk), None)
    if shown is None:
        return ASKED
    _, quote = commenting.quoted(shown, lines)
    body = "".join(f"# {line}\n" for line in quote.split("\n"))
    return f"{ASKED}# {shown.path} [{hunk}]\n{body}"


def comments(
    ctx: typer.Context, run: RunOption = "", task: TaskOption = "", json: JsonFlag = False
) -> int:
    """List the comments that hold."""
    context = context_of(ctx)
    with opened(context) as bridge:
        found: list[Comment] = []
        if bridge.has_journal:
            found = commenting.comments(bridge.book, run=run or None, task=task or None)
        context.console.data([said.model_dump(mode="json") for said in found])
        if not found:
            context.console.note("nothing was said")
        elif not context.console.as_json:
            for said in found:
                context.console.say(line_of(said))
    return 0


def withdraw(
    ctx: typer.Context,
    comment_id: Annotated[str, typer.Argument(metavar="COMMENT", help="As c12.")],
    json: JsonFlag = False,
) -> int:
    """Take a comment back."""
    context = context_of(ctx)
    with opened(context) as bridge:
        if not bridge.has_journal:
            raise NotFoundError(f"there is no comment {comment_id}")
        said = commenting.withdraw(bridge.book, comment_id)
        rewrite(bridge, said)
        show(context.console, [said], word="withdrawn: ")
    return 0


def show(console: Console, found: list[Comment], *, word: str = "") -> None:
    """Say comments, one a line; with --json the first as data."""
    console.data(found[0].model_dump(mode="json"))
    if not console.as_json:
        for said in found:
            console.note(f"{word}{line_of(said)}")


def line_of(said: Comment) -> str:
    """A comment in one line."""
    where = f"{said.path}:{said.line}" if said.line is not None else said.path or said.task
    about = f" [{said.hunk}{f':{said.lines}' if said.lines else ''}]" if said.hunk else ""
    sent = f" (sent, round {said.sent})" if said.sent else ""
    return f"{said.id}  {where}{about}  {' '.join(said.text.split())}{sent}"
