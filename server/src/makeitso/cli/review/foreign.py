"""`--from`, and `mis review open`: changes that no run made, under the same review."""

from __future__ import annotations

import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.listing import list_hunks
from makeitso.cli.workspace import opened
from makeitso.errors import UsageError
from makeitso.protocol.counts import counted
from makeitso.workspace.patch_apply import MOST_BYTES

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.context import Context
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.wiring import Bridge
    from makeitso.wiring.foreign import Opened

MOST_LISTED = 50
"""Hunks that are listed when a change is put up for review; nobody reads thousands of lines."""
FromOption = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="SOURCE",
        help="Review a worktree, branch, A..B, stash, patch file, or - for a patch on stdin.",
    ),
]


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("open")(open_)


def open_(
    ctx: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE", help="A worktree, branch, A..B, stash, patch file, or - for stdin."
        ),
    ],
    everything: Annotated[
        bool, typer.Option("--all", help=f"List all hunks, not only the first {MOST_LISTED}.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Put changes from elsewhere up for review, to be marked one by one."""
    context = context_of(ctx)
    console = context.console
    with opened(context) as bridge:
        found = from_source(bridge, context, source, record=True)
        for run, task in found:
            console.data({"run": run.id, "task": task.id, "hunks": dict(task.hunks)})
            if not console.as_json:
                most = None if everything else MOST_LISTED
                left = list_hunks(bridge, console, [(run, task)], form="lines", most=most)
                if left:
                    console.note(
                        f"… and {counted(left, 'hunk')} more; `mis review --run {run.id}` goes "
                        "through them, `--stat` with it counts them by file, `--all` lists them"
                    )
    return 0


def from_source(
    bridge: Bridge, context: Context, source: str, *, record: bool = False
) -> list[Reviewed]:
    """The review of a source, staged or recorded; none when there is nothing to review.

    Raises:
        NotFoundError, UsageError: it names nothing that can be reviewed.
    """
    from makeitso.wiring.foreign import review_of  # plans are checked there: most calls need none

    console = context.console
    patch = _from_stdin(console) if source == "-" else None
    shown = "stdin" if source == "-" else source
    made = review_of(
        bridge, shown, start=context.directory or Path.cwd(), patch=patch, record=record
    )
    if made.empty:
        console.note(f"{shown} changes nothing here")
        console.data([])
        return []
    run = bridge.book.run(made.review.run)
    task = run.tasks[made.review.task]
    recorded = bool(record or not made.review.opening)
    _say(console, made, source, fresh=len(task.fresh), recorded=recorded)
    return [(run, task)]


def _say(console: Console, made: Opened, source: str, *, fresh: int, recorded: bool) -> None:
    if console.as_json:
        return
    review, found = made.review, made.found
    console.note(f"{found.source.kind}: {found.title}", style="bold")
    for note in found.notes if review.opening is None else review.opening.change.notes:
        console.note(f"    {note}", style="dim")
    if review.opening is not None and review.round > 1:
        many = "1 hunk is" if fresh == 1 else f"{fresh:,} hunks are"
        console.note(f"    round {review.round}: {many} new since you last looked")
    if recorded:
        console.note(f"    under review as {review.run}")
    elif not console.interactive:
        again = shlex.quote(source if found.source.kind == "patch" else found.source.name)
        console.note(f"    only looked at; `mis review open {again}` lets hunks be marked")


def _from_stdin(console: Console) -> bytes:
    """The patch on stdin; afterwards a terminal, if there is one, is stdin again."""
    if sys.stdin.isatty():
        raise UsageError("there is no patch on stdin", hint="`git diff … | mis review --from -`")
    patch = sys.stdin.buffer.read(MOST_BYTES + 1)
    if not console.as_json and sys.stderr.isatty():
        with contextlib.suppress(OSError):  # there is no terminal: then it is a listing
            sys.stdin = Path("/dev/tty").open(encoding="utf-8")  # noqa: SIM115 -- to the end
    return patch
