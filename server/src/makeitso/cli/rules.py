"""`mis approve --rules`, `--revoke`, `--add-rule`: the rules a person stored."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import anyio

from makeitso.errors import UsageError
from makeitso.protocol.counts import counted
from makeitso.protocol.rules import EVERYWHERE, RuleAddParams, RuleRevokeParams
from makeitso.requests import rules as stored
from makeitso.requests.place import Idle, Workplace

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.rules import Rule, RuleView
    from makeitso.wiring import Bridge


def manage(
    console: Console, bridge: Bridge, revoked: list[str], added: tuple[str, str] | None,
    everywhere: bool,
) -> int:  # fmt: skip
    """Take rules back, store one, or show all of them.

    Raises:
        UsageError: a decision that is none, or a pattern that reaches too far.
        NotFoundError: no such rule.
        ConfigError: something is wrong in the rules file, and it was to be changed.
    """
    at = Workplace(bridge=bridge, runner=Idle())
    changed: list[Rule] = []
    for name in revoked:
        result = anyio.run(stored.revoke, at, RuleRevokeParams(id=name))
        changed.append(result.rule)
        console.say(f"{_words(result.rule)}: taken back")
    if added is not None:
        decision, pattern = added
        if decision not in ("allow", "deny"):
            raise UsageError(
                f"no decision {decision}", hint='mis approve --add-rule deny "npm publish *"'
            )
        params = RuleAddParams(decision=decision, pattern=pattern, everywhere=everywhere)
        result = anyio.run(stored.add, at, params)
        changed.append(result.rule)
        console.say(f"{_words(result.rule)}: stored")
    if changed:
        console.data([rule.model_dump(mode="json") for rule in changed])
        return 0
    _show(console, at)
    return 0


def tell_stored(console: Console, bridge: Bridge, rule_id: str) -> None:
    """Say which rule an answer became, and how to take it back."""
    found = stored.listed(Workplace(bridge=bridge, runner=Idle()))
    for rule in found.rules:
        if rule.id == rule_id:
            console.say(f"{_words(rule)}: stored in {found.path}; `mis approve --revoke {rule.id}`")


def agreed_pattern(console: Console, asked: Approval, *, grant: bool) -> str:
    """The pattern that a person agrees to for always.

    Raises:
        UsageError: there is none to propose, nobody to ask, or they do not agree.
    """
    way_out = f'mis approve {asked.id} --always "PROGRAM VERB *"'
    if not asked.pattern:
        raise UsageError(
            f"there is no pattern to propose for {asked.id}: {asked.subject}",
            hint=f"answer it for this run with --scope run, or say which: {way_out}",
        )
    if not console.interactive:
        raise UsageError(
            f"for always needs the pattern: `{asked.pattern}` would do",
            hint=f'mis approve {asked.id} --always "{asked.pattern}"',
        )
    what = "allow, outside the sandbox and unasked," if grant else "deny"
    if console.confirm(f"From now on {what} every `{asked.pattern}` here?"):
        return asked.pattern
    raise UsageError("nothing was decided", hint=f"with another pattern: {way_out}")


def _show(console: Console, at: Workplace) -> None:
    found = stored.listed(at)
    console.data(found.model_dump(mode="json"))
    for rule in found.rules:
        console.say(
            f"{rule.id:<4} {rule.decision:<5} {rule.pattern}", style=None if rule.holds else "dim"
        )
        console.say(f"      {_where(rule, at)}  {_when(rule)}  {_uses(rule)}  ({rule.source})")
        if rule.note:
            console.say(f"      {rule.note}")
        if not rule.holds:
            console.say(f"      does not hold here: {rule.why_not}", style="yellow")
    for problem in found.problems:
        console.note(problem, style="red")
    if found.problems:
        console.note("while that is so, rules allow nothing", style="red")
    elif not found.rules and not console.as_json:
        console.note("no rules are stored; `mis approve ID --always` stores one")


def _words(rule: Rule) -> str:
    where = "everywhere" if rule.workspace == EVERYWHERE else f"in {rule.workspace}"
    return f"{rule.id} {rule.decision} `{rule.pattern}` {where}"


def _where(rule: RuleView, at: Workplace) -> str:
    if rule.workspace == EVERYWHERE:
        return "everywhere"
    return "here" if rule.workspace == str(at.bridge.root) else rule.workspace


def _when(rule: RuleView) -> str:
    since = "since ever" if rule.created_at is None else f"since {_day(rule.created_at)}"
    return f"{since}, from {rule.approval} of {rule.run}" if rule.approval else since


def _uses(rule: RuleView) -> str:
    if rule.last_used_at is None:
        return "not used here"
    return f"used {counted(rule.uses, 'time')} here, last {_day(rule.last_used_at)}"


def _day(at: int) -> str:
    return f"{dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC):%Y-%m-%d}"
