"""`mis review show ID…`: hunks as they stand, through the person's pager."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.console import visible
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.paging import coloured, page
from makeitso.cli.review.selecting import hunks_of
from makeitso.cli.workspace import opened
from makeitso.errors import NotFoundError
from makeitso.runs.reviewing import locate

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk
    from makeitso.wiring import Bridge


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("show")(show)


def show(
    ctx: typer.Context,
    ids: Annotated[
        list[str],
        typer.Argument(metavar="HUNK...", help="Hunk ids.", autocompletion=completing.hunks),
    ],
    json: JsonFlag = False,
) -> int:
    """Show hunks: their state, why a person must look, and their lines."""
    context = context_of(ctx)
    with opened(context) as bridge:
        hunks = [hunk for name in ids for hunk in _find(bridge, name)]
        context.console.data([hunk.model_dump(mode="json") for hunk in hunks])
        if not context.json:
            colour = sys.stdout.isatty()
            page(bridge.repo, context.console, [line for h in hunks for line in _text(h, colour)])
    return 0


def _find(bridge: Bridge, name: str) -> list[Hunk]:
    """A hunk, or what it stands as when it was split."""
    if not bridge.has_journal:
        raise NotFoundError(f"there is no hunk {name}", hint="nothing was ever run here")
    bridge.book.refresh()
    run, task = locate(bridge.book, name)
    found = [
        hunk
        for hunk in hunks_of(bridge, [(run, task)])
        if hunk.id == name or hunk.id.startswith(f"{name}.")
    ]
    if not found:
        raise NotFoundError(f"hunk {name} is no more", hint="`mis review --json` lists the hunks")
    return found


def _text(hunk: Hunk, colour: bool) -> list[str]:
    why = ", ".join((*hunk.flags, *filter(None, [hunk.reason])))
    head = f"{hunk.id}  {hunk.state}  {hunk.run} {hunk.task}  {hunk.path}:{hunk.new_start}"
    lines = [visible(head), *([visible(f"    {why}")] if why else [])]
    if hunk.overlaps:
        lines.append(visible(f"    touches what {', '.join(hunk.overlaps)} touches"))
    if colour:
        return [*lines, *coloured(hunk), ""]
    return [*lines, *(visible(line) for line in hunk.diff.removesuffix("\n").split("\n")), ""]
