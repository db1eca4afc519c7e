"""`mis trust`: show which workspace files may raise rights, and record agreement to their bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import Context, JsonFlag, context_of
from makeitso.errors import TrustError, UsageError
from makeitso.protocol.counts import counted
from makeitso.store.clock import SystemClock
from makeitso.workspace import trust as trusting

if TYPE_CHECKING:
    from makeitso.protocol.trust import TrustState

_WORDS = {
    "trusted": "This workspace is trusted.",
    "untrusted": "This workspace is not trusted: what these files carry is left out.",
    "changed": "This workspace changed since it was trusted: what these files carry is left out.",
}
_NOTHING = "Nothing to trust: no file of this workspace carries rights."


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("trust")(trust)


def trust(
    ctx: typer.Context,
    listing: Annotated[bool, typer.Option("--list", help="List trusted workspaces.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Trust it no longer.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Agree without being asked.")] = False,
    json: JsonFlag = False,
) -> None:
    """Show and record which workspace files may raise rights."""
    if sum((listing, revoke, yes)) > 1:
        raise UsageError("--list, --revoke and --yes exclude each other", hint="Give one of them.")
    context = context_of(ctx)
    if listing:
        _list(context)
    elif revoke:
        _revoke(context)
    elif json and not yes:
        _tell(context, trusting.status(context.root))
    else:
        _trust(context, yes=yes)


def agree(context: Context, state: TrustState) -> bool:
    """Show a person at the terminal what they would trust, ask, and record a yes.

    Only to be called when `context.console.interactive`.
    """
    _show(context, state, to_stderr=True)
    if not context.console.confirm("Do you trust these files?"):
        return False
    trusting.grant(state, at=SystemClock().now_ms())
    return True


def _trust(context: Context, *, yes: bool) -> None:
    state = trusting.status(context.root)
    if state.state == "trusted":
        _tell(context, state)
        return
    if yes:
        _show(context, state, to_stderr=context.json)
        trusting.grant(state, at=SystemClock().now_ms())
    elif not context.console.interactive:
        _show(context, state, to_stderr=False)
        raise TrustError(
            f"{_WORDS[state.state].partition(':')[0]} ({state.workspace})",
            hint="Look at these files, then agree with `mis trust --yes`.",
        )
    elif not agree(context, state):
        raise TrustError("not trusted", hint="`mis trust` asks again.")
    after = trusting.status(context.root)
    context.console.data(after.model_dump())
    context.console.note(_WORDS[after.state])


def _tell(context: Context, state: TrustState) -> None:
    context.console.data(state.model_dump())
    _show(context, state, to_stderr=False)


def _show(context: Context, state: TrustState, *, to_stderr: bool) -> None:
    say = context.console.note if to_stderr else context.console.say
    say(state.workspace, style="bold")
    if not state.files:
        say(_NOTHING)
        return
    for file in state.files:
        mark = "" if file.change == "same" else f"  ({file.change})"
        say(f"  {file.path}  sha256:{file.digest[:16] or '-'}{mark}")
        for line in file.carries:
            say(f"      {line}")
    say(_WORDS[state.state])


def _list(context: Context) -> None:
    grants = trusting.grants()
    context.console.data([grant.model_dump() for grant in grants])
    for grant in grants:
        context.console.say(f"{grant.workspace}  ({counted(len(grant.files), 'file')})")
    if not grants:
        context.console.say("No workspace is trusted.")


def _revoke(context: Context) -> None:
    removed = trusting.revoke(context.root)
    context.console.data({"workspace": str(context.root), "revoked": removed})
    context.console.say("No longer trusted." if removed else "It was not trusted.")
