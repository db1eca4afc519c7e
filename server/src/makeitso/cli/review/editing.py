"""`mis review edit HUNK`: one hunk in the person's editor, or as a script wrote it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.editor import edit_hunk
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.parts import leaves
from makeitso.review import marks
from makeitso.runs.reviewing import locate, present_change

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("edit")(edit)


def edit(
    ctx: typer.Context,
    hunk: Annotated[
        str,
        typer.Argument(
            metavar="HUNK", help="A hunk, or a part of one.", autocompletion=completing.hunks
        ),
    ],
    saved: Annotated[
        str,
        typer.Option(
            "--as",
            metavar="FILE",
            help="The hunk as it is to be, as `mis review show` prints it; - reads it from stdin. "
            "No editor is asked then.",
        ),
    ] = "",
    json: JsonFlag = False,
) -> int:
    """Edit a hunk in your editor; what you save is accepted and lands."""
    context = context_of(ctx)
    text = _read(saved) if saved else None
    with opened(context) as bridge:
        edit_hunk(bridge, _find(bridge, hunk), saved=text)
        return settle(bridge, context.console)


def _find(bridge: Bridge, name: str) -> Hunk:
    if not bridge.has_journal:
        raise NotFoundError(f"there is no hunk {name}", hint="nothing was ever run here")
    bridge.book.refresh()
    run, task = locate(bridge.book, name)
    found = marks.find(present_change(bridge.repo, run.id, task), name)
    if found is None:
        parts = ", ".join(leaves(task.splits, name))
        raise StateError(f"hunk {name} stands as its parts", hint=f"edit one of {parts}")
    return found


def _read(name: str) -> str:
    """A hunk from a file or stdin; what stands before its `@@` line, such as a header, goes.

    Raises:
        UsageError: it cannot be read, or holds no hunk or several.
    """
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from error
    text = data.decode("utf-8", "surrogateescape")
    lines = text.split("\n")
    heads = [number for number, line in enumerate(lines) if line.startswith("@@")]
    if len(heads) != 1:
        raise UsageError(
            f"{'stdin' if name == '-' else name} holds {len(heads)} hunks",
            hint="give one, with its @@ line; `mis review show HUNK` prints it",
        )
    return "\n".join(lines[heads[0] :]).rstrip("\n") + "\n"
