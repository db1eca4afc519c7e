"""`mis parse`: records and misses of any log, and how well they meet what is expected."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.libraries import choose_library
from makeitso.cli.parse_read import STDIN, pieces
from makeitso.cli.parse_show import JsonLines, Lines
from makeitso.errors import UsageError, UserError
from makeitso.parsing.stream import StreamParser

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.cli.libraries import Chosen
    from makeitso.protocol.record import StreamChannel

CHANNELS: tuple[StreamChannel, ...] = ("stdout", "stderr", "message")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("parse")(parse)


def _channels(incomplete: str) -> list[str]:
    return [name for name in CHANNELS if name.startswith(incomplete)]


def parse(
    ctx: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Logs to read; - is stdin.")
    ] = None,
    library: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Lay these patterns over the packaged ones."),
    ] = None,
    expect: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Score the logs below DIR against what files there expect of them."
        ),
    ] = None,
    channel: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the log is: stdout, stderr, or message (an agent's own words).",
            autocompletion=_channels,
        ),
    ] = "stdout",
    json: JsonFlag = False,
) -> int:
    """Show what any log says: records and unknown lines.

    Needs no workspace and changes nothing.

    Exit code 0: everything was read, and with --expect scored, whatever the score; 1: something
    was not.
    """
    context = context_of(ctx)
    if channel not in CHANNELS:
        raise UsageError(f"no channel {channel!r}", hint=f"Channels: {', '.join(CHANNELS)}.")
    names = [str(file) for file in files or ()]
    if expect is not None:
        if names:
            raise UsageError(
                "--expect takes no FILE: it reads those its expectations name",
                hint="Leave out either.",
            )
        from makeitso.cli.parse_expect import score_below

        return score_below(context, expect, choose_library(context, file=library))
    if not names and sys.stdin.isatty():
        raise UsageError("nothing to read", hint="Name a log, or pipe one in: make | mis parse -")
    chosen = choose_library(context, file=library)
    read = [_parse(context, chosen, name, channel) for name in names or [STDIN]]
    context.console.note(f"read with {chosen.origin}", style="dim")
    return 0 if all(read) else 1


def _parse(context: Context, chosen: Chosen, name: str, channel: StreamChannel) -> bool:
    """Show one log; False: it could not be read to its end, which has been said."""
    parser = StreamParser(channel, chosen.library)
    shown = JsonLines(name) if context.json else Lines(context.console, name)
    try:
        for piece in pieces(name):
            shown.show(parser.feed(piece))
    except UserError as error:
        context.console.report(error)
        return False
    shown.show(parser.close())
    shown.end(parser.lines)
    return True
