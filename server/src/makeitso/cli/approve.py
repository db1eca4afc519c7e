"""`mis approve`: list and decide what waits for a person, from any terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast, get_args

import anyio
import typer
from typer.core import TyperCommand

from makeitso import wiring
from makeitso.cli import approve_proposals, completing, rules
from makeitso.cli.answering import headline, how, outcome
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.door import TerminalDoor
from makeitso.cli.workspace import opened
from makeitso.errors import ConfigError, UsageError
from makeitso.protocol.approval import Decision
from makeitso.protocol.words import ApprovalScope
from makeitso.runs.ask import OUTSIDE, find

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.context import Context
    from makeitso.protocol.approval import Approval
    from makeitso.wiring import Bridge

_PROPOSED = ""
"""Value of `--always` without a pattern: one is proposed."""


class ApproveCommand(TyperCommand):
    """The verb, whose `--always` may stand without a value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 -- typer's types
        """Give a bare `--always` its empty value."""
        given: list[str] = []
        for index, arg in enumerate(args):
            given.append(arg)
            following = args[index + 1 : index + 2]
            if arg == "--always" and (not following or following[0].startswith("-")):
                given.append(_PROPOSED)
        return super().parse_args(ctx, given)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("approve", cls=ApproveCommand)(approve)


def approve(
    ctx: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID|FILE...",
            help="Approvals, and proposals of `mis learn`.",
            autocompletion=completing.decidable,
        ),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="Show what is open.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --list or --proposals: decided ones too.")
    ] = False,
    deny: Annotated[bool, typer.Option("--deny", help="Deny instead of granting.")] = False,
    because: Annotated[str, typer.Option("--because", help="Why denied; a worker is told.")] = "",
    answer: Annotated[
        str,
        typer.Option(
            "--answer", help="Answer to a question; to a budget: how much more, 50k or 10 min."
        ),
    ] = "",
    scope: Annotated[
        str, typer.Option("--scope", help="Reach of a grant: " + ", ".join(get_args(ApprovalScope)))
    ] = "once",
    always: Annotated[
        str | None,
        typer.Option(
            "--always",
            metavar="[PATTERN]",
            help="Answer such commands here from now on; alone: propose a pattern and ask.",
        ),
    ] = None,
    proposals: Annotated[
        bool, typer.Option("--proposals", help="Show what `mis learn` proposed, with its diff.")
    ] = False,
    stored: Annotated[bool, typer.Option("--rules", help="Show the rules you stored.")] = False,
    revoke: Annotated[
        list[str] | None, typer.Option("--revoke", metavar="RULE", help="Take a rule back.")
    ] = None,
    add_rule: Annotated[
        tuple[str, str] | None,
        typer.Option("--add-rule", metavar="allow|deny PATTERN", help="Store a rule unasked."),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="With --add-rule: in all workspaces.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Decide what waits for a person, once or for always."""
    context = context_of(ctx)
    _refuse_mixed(scope=scope, always=always, because=because, deny=deny)
    if everywhere and add_rule is None:
        raise UsageError("--everywhere needs --add-rule")
    always = _PROPOSED if scope == "always" and always is None else always
    with opened(context) as bridge:
        _make_good(context, bridge)
        if stored or revoke or add_rule:
            if ids or listing or always is not None:
                raise UsageError("rules and approvals are not for one call; make two")
            return rules.manage(context.console, bridge, revoke or [], add_rule, everywhere)
        if proposals:
            if ids or listing or always is not None:
                raise UsageError("--proposals stands alone", hint="`mis approve ID` decides one")
            return approve_proposals.show_proposals(context, bridge, everything=everything)
        if ids and always is None and not answer and scope == "once":
            ids, named = approve_proposals.part(bridge, ids)
            if named:
                if ids:
                    raise UsageError("approvals and proposals are not for one call; make two")
                return approve_proposals.decide_proposals(
                    context, bridge, named, grant=not deny, because=because
                )
        if always and not ids and always in _open_ids(bridge):
            ids, always = [always], _PROPOSED  # `--always a3`: no pattern, but the question
        if not ids and always is not None:
            raise UsageError("--always needs an approval", hint='mis approve ID --always "PATTERN"')
        if listing or not ids:
            _list(context.console, _known(bridge, everything=everything))
            approve_proposals.note_waiting(context, bridge)
            return 0
        base = Decision(
            id="",
            grant=not deny,
            scope=cast("ApprovalScope", scope),
            because=because,
            answer=answer,
        )
        return _answer(context, bridge, base, ids, always)


def _refuse_mixed(*, scope: str, always: str | None, because: str, deny: bool) -> None:
    if scope not in get_args(ApprovalScope):
        raise UsageError(f"no scope {scope}", hint=f"one of {', '.join(get_args(ApprovalScope))}")
    if because and not deny:
        raise UsageError("--because needs --deny")
    if always is not None and scope not in ("once", "always"):
        raise UsageError("--always and --scope exclude each other")


def _answer(
    context: Context, bridge: Bridge, base: Decision, ids: list[str], always: str | None
) -> int:
    decided = [_decide(context.console, bridge, base, name, always) for name in ids]
    context.console.data([_row(a) for a in decided])
    for approval in decided:
        context.console.say(outcome(approval))
        if approval.rule:
            rules.tell_stored(context.console, bridge, approval.rule)
    if any(a.kind == "change" for a in decided):
        anyio.run(wiring.settle, bridge, TerminalDoor(bridge, context.console))
    waiting = [a for r in bridge.book.runs.values() for a in r.pending]
    if not waiting and bridge.owner is None and not context.json:
        context.console.note("nothing else is open; `mis resume` goes on")
    return 0


def _make_good(context: Context, bridge: Bridge) -> None:
    """Store answers for always that were recorded, and whose rule a killed process left out."""
    if not bridge.has_journal:
        return
    try:
        bridge.store_rules()
    except ConfigError as error:
        context.console.note(error.message, style="yellow")


def _decide(
    console: Console, bridge: Bridge, base: Decision, name: str, always: str | None
) -> Approval:
    asked = find(bridge.book, name)
    over: dict[str, object] = {"id": name, "digest": asked.digest}
    if always is not None:
        pattern = always or rules.agreed_pattern(console, asked, grant=base.grant)
        over |= {"scope": "always", "pattern": pattern}
    return bridge.decide(base.model_copy(update=over))


def _known(bridge: Bridge, *, everything: bool) -> list[Approval]:
    if not bridge.has_journal:
        return []
    found = [a for run in bridge.book.runs.values() for a in run.approvals.values()]
    return [a for a in found if everything or a.state == "pending"]


def _open_ids(bridge: Bridge) -> set[str]:
    return {approval.id for approval in _known(bridge, everything=False)}


def _row(approval: Approval) -> dict[str, object]:
    return approval.model_dump(mode="json")


def _list(console: Console, approvals: list[Approval]) -> None:
    console.data([_row(a) for a in approvals])
    for approval in approvals:
        said = headline(approval, among=approvals)
        console.say(f"{approval.id}  {approval.state}  {said}", style="bold")
        for line in approval.detail.splitlines():
            outside = approval.unsandboxed and line == OUTSIDE
            console.say(f"      {line}", style="red" if outside else None)
        if approval.state == "pending":
            console.say(f"      {how(approval)}")
            if len(approval.scopes) > 1:
                console.say(f"      scopes: {', '.join(approval.scopes)}", style="dim")
            if "always" in approval.scopes:
                console.say(
                    f'      always: mis approve {approval.id} --always "{approval.pattern}"'
                )
    if not approvals and not console.as_json:
        console.note("nothing waits for a person")
