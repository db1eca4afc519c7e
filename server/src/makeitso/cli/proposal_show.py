"""A proposal on a terminal: what it would change, why, and what the gate found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.learning.gate import passed

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.protocol.methods_learn import ProposalItem
    from makeitso.protocol.proposal import Metrics, Proposal


def show_item(
    console: Console, item: ProposalItem, *, applied: bool = False, whole: bool = False
) -> None:
    """Show one.

    Args:
        console: where.
        item: the proposal.
        applied: it was let in just now.
        whole: with its rationale, every finding and the diff.
    """
    one = item.proposal
    state = "applied" if applied else item.state
    console.say(f"{one.id}  {state}  {one.title}", style="bold")
    console.say(f"      {_verdict(one)}")
    if one.before is not None and one.after is not None:
        console.say(f"      {_figures(one.before, one.after)}", style="dim")
    if one.pattern is not None:
        console.say(f"      {one.pattern.regex}", style="cyan")
    if not whole:
        return
    for line in one.rationale.splitlines():
        console.say(f"      {line}")
    for finding in one.gate:
        sign = "✓" if finding.passed else "✗"
        style = "green" if finding.passed else "red"
        console.say(f"      {sign} {finding.rule}: {finding.detail}", style=style)
    for line in item.diff.splitlines():
        style = {"+": "green", "-": "red"}.get(line[:1])
        console.say(f"      {line}", style=style)


def _verdict(one: Proposal) -> str:
    if passed(one.gate):
        return "passes the gate"
    if passed(one.gate, by_person=True):
        return f"passes the gate; you must decide: {', '.join(one.risks)}"
    wrong = [f"{f.rule}: {f.detail}" for f in one.gate if not f.passed]
    return f"does not pass the gate: {'; '.join(wrong)}"


def _figures(before: Metrics, after: Metrics) -> str:
    parts = [f"understood {_ratio(before.coverage)} -> {_ratio(after.coverage)}"]
    parts.append(f"precision {_ratio(after.precision)}, recall {_ratio(after.recall)}")
    parts.append(f"{after.negative_hits} of {after.negatives} lines of others")
    return "; ".join(parts)


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
