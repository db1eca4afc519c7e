"""`mis approve`: list and decide what waits for a person, from any terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast, get_args

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.door import TerminalDoor
from makeitso.cli.workspace import opened
from makeitso.errors import UsageError
from makeitso.protocol.approval import Decision
from makeitso.protocol.words import ApprovalScope
from makeitso.runs.ask import decide, find

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.approval import Approval


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("approve")(approve)


def approve(
    ctx: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Approvals.")] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show what is open.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --list: decided ones too.")
    ] = False,
    deny: Annotated[bool, typer.Option("--deny", help="Deny instead of granting.")] = False,
    because: Annotated[str, typer.Option("--because", help="Why denied; the worker is told.")] = "",
    answer: Annotated[str, typer.Option("--answer", help="Answer to a question.")] = "",
    scope: Annotated[
        str, typer.Option("--scope", help="Reach of a grant: " + ", ".join(get_args(ApprovalScope)))
    ] = "once",
    json: JsonFlag = False,
) -> int:
    """Decide what waits for a person."""
    context = context_of(ctx)
    if scope not in get_args(ApprovalScope):
        raise UsageError(f"no scope {scope}", hint=f"one of {', '.join(get_args(ApprovalScope))}")
    if because and not deny:
        raise UsageError("--because needs --deny")
    with opened(context) as bridge:
        if listing or not ids:
            found = (
                [a for r in bridge.book.runs.values() for a in r.approvals.values()]
                if bridge.has_journal
                else []
            )
            _list(context.console, [a for a in found if everything or a.state == "pending"])
            return 0
        decided: list[Approval] = []
        for approval_id in ids:
            asked = find(bridge.book, approval_id)
            decided.append(
                decide(
                    bridge.book,
                    Decision(
                        id=approval_id,
                        grant=not deny,
                        scope=cast("ApprovalScope", scope),
                        because=because,
                        answer=answer,
                        digest=asked.digest,
                    ),
                )
            )
        context.console.data([_row(a) for a in decided])
        for approval in decided:
            context.console.say(f"{approval.id} {approval.state}: {approval.subject}")
        if any(a.kind == "change" for a in decided):
            anyio.run(wiring.settle, bridge, TerminalDoor(bridge, context.console))
        waiting = [a for r in bridge.book.runs.values() for a in r.pending]
        if not waiting and bridge.owner is None and not context.json:
            context.console.note("nothing else is open; `mis resume` goes on")
    return 0


def _row(approval: Approval) -> dict[str, object]:
    return approval.model_dump(mode="json")


def _list(console: Console, approvals: list[Approval]) -> None:
    console.data([_row(a) for a in approvals])
    for approval in approvals:
        console.say(
            f"{approval.id}  {approval.state}  {approval.kind}: {approval.subject}", style="bold"
        )
        for line in approval.detail.splitlines():
            console.say(f"      {line}")
        if approval.unsandboxed:
            console.say("      granted, it runs OUTSIDE the sandbox", style="red")
        if approval.state == "pending":
            console.say(f"      scopes: {', '.join(approval.scopes)}", style="dim")
    if not approvals and not console.as_json:
        console.note("nothing waits for a person")
