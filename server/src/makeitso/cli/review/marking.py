"""`mis review accept|reject|reopen`: marks for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.selecting import OPEN, RunOption, TaskOption, select
from makeitso.cli.review.settling import settle
from makeitso.cli.workspace import opened
from makeitso.errors import StateError, UsageError
from makeitso.runs.marking import mark

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.protocol.words import Mark

Ids = Annotated[list[str] | None, typer.Argument(metavar="HUNK...", help="Hunk ids.")]
All = Annotated[bool, typer.Option("--all", help="Every open hunk.")]


def register(group: typer.Typer) -> None:
    """Add the actions."""
    group.command("accept")(accept)
    group.command("reject")(reject)
    group.command("reopen")(reopen)


def accept(
    ctx: typer.Context,
    ids: Ids = None,
    everything: All = False,
    run: RunOption = "",
    task: TaskOption = "",
    json: JsonFlag = False,
) -> int:
    """Accept hunks; what is settled by it lands as the settings say."""
    return _mark(context_of(ctx), "accepted", ids, everything, run=run, task=task)


def reject(
    ctx: typer.Context,
    ids: Ids = None,
    everything: All = False,
    run: RunOption = "",
    task: TaskOption = "",
    because: Annotated[str, typer.Option("--because", help="Why; kept.")] = "",
    json: JsonFlag = False,
) -> int:
    """Reject hunks; they never land."""
    return _mark(context_of(ctx), "rejected", ids, everything, run=run, task=task, because=because)


def reopen(
    ctx: typer.Context,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="Every marked hunk.")] = False,
    run: RunOption = "",
    task: TaskOption = "",
    json: JsonFlag = False,
) -> int:
    """Take marks back, until their hunks have landed."""
    return _mark(context_of(ctx), "pending", ids, everything, run=run, task=task)


def _mark(
    context: Context,
    to: Mark,
    ids: list[str] | None,
    everything: bool,
    *,
    run: str,
    task: str,
    because: str = "",
) -> int:
    action = {"accepted": "accept", "rejected": "reject", "pending": "reopen"}[to]
    if everything == bool(ids):
        raise UsageError(f"mis review {action}: name hunks, or give --all", hint="not both")
    with opened(context) as bridge:
        chosen = ids or []
        if everything:
            wanted = ("accepted", "rejected") if to == "pending" else OPEN
            chosen = [
                hunk
                for _, t in select(bridge, run=run, task=task)
                for hunk, state in t.hunks.items()
                if state in wanted
            ]
            if not chosen:
                raise StateError(
                    f"there is nothing to {action}", hint="`mis review --json` lists all"
                )
        mark(bridge.book, chosen, to, because=because)
        return settle(bridge, context.console)
