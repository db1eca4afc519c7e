"""Proposals in their own documents and in the library they would change: where they stand. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from makeitso.errors import ConfigError
from makeitso.lsp.actions import PROPOSAL, Action
from makeitso.protocol.text import Problem, Span
from makeitso.store.proposal_text import parse_proposal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.lsp.library_view import LibraryView
    from makeitso.lsp.positions import TextIndex
    from makeitso.lsp.proposal_watch import Standing
    from makeitso.protocol.proposal import Metrics, Proposal

_TOP = Span(line=0, column=0, end_line=0, end_column=0)
LEARN = "Learn from the latest runs"


def file_problems(text: str, *, where: str) -> tuple[Problem, ...]:
    """What is wrong in a proposal's own keys; what is wrong in its pattern is linted."""
    try:
        parse_proposal(text, where=where)
    except ConfigError as error:
        told = error.data.get("line") if error.data else None
        line = told - 1 if isinstance(told, int) and told > 0 else 0
        span = Span(line=line, column=0, end_line=line + 1, end_column=0)
        said = error.message.removeprefix(f"{where}:{line + 1}: ")
        return (Problem(code="proposal-broken", message=said, severity="error", span=span),)
    return ()


def proposal_diagnostics(standing: Standing, index: TextIndex) -> list[types.Diagnostic]:
    """In its own document: that it waits, what the gate found, and why a person must decide."""
    if not standing.waits:
        return []
    found = [_waits(standing, _TOP, index)]
    for finding in standing.proposal.gate:
        if not finding.passed and finding.rule != "risk":
            message = f"The gate holds it back by {finding.rule}: {finding.detail}"
            found.append(_said(message, "proposal-held-back", _TOP, index, warning=True))
    return found


def library_diagnostics(
    view: LibraryView, standings: Iterable[Standing], index: TextIndex
) -> list[types.Diagnostic]:
    """In the library: each proposal that waits, at the entry it would change or at the top."""
    return [_waits(one, span, index) for one, span in _placed(view, standings)]


def proposal_actions(standing: Standing, *, last: int) -> list[Action]:
    """In its own document, on any line of it."""
    return list(_decisions(standing, _TOP, first=0, last=last, named=False))


def library_actions(
    view: LibraryView, standings: Iterable[Standing], *, learns: bool
) -> list[Action]:
    """In the library: to decide where a proposal is told of, and to learn."""
    found: list[Action] = []
    for one, span in _placed(view, standings):
        found += _decisions(one, span, first=span.line, last=span.end_line, named=True)
    if learns:
        found.append(
            Action(title=LEARN, command="mis.learn.run", params={}, span=_TOP, first=0, last=0)
        )
    return found


def proposal_hover(standing: Standing) -> str:
    """What it rests on and what it would change, measured."""
    one = standing.proposal
    lines = [f"**{one.title}** ({standing.state})", "", one.rationale]
    support = one.support
    made = f"Made from {support.lines} lines of {len(support.runs)} runs"
    proved = f"proved on {support.unseen_lines} lines of {len(support.unseen_runs)} others"
    lines += ["", f"{made}, {proved}."]
    if one.before is not None and one.after is not None:
        lines += ["", f"Explained: {_ratio(one.before)} before, {_ratio(one.after)} after."]
    lines += ["", *(f"- {f.rule}: {'holds' if f.passed else 'no'}, {f.detail}" for f in one.gate)]
    return "\n".join(lines)


def _placed(view: LibraryView, standings: Iterable[Standing]) -> Iterator[tuple[Standing, Span]]:
    places = {one.pattern.name: one for one in view.entries}
    for one in standings:
        if one.waits and one.proposal.pattern is not None:
            entry = places.get(one.proposal.pattern.name)
            line = entry.first if entry is not None else 0
            yield one, Span(line=line, column=0, end_line=line, end_column=0)


def _decisions(
    standing: Standing, span: Span, *, first: int, last: int, named: bool
) -> Iterator[Action]:
    one = standing.proposal
    name = f" {one.id}" if named else ""

    def action(title: str, command: str, answers: str, **params: object) -> Action:
        return Action(
            title=f"{title}{name}",
            command=command,
            params={"id": one.id, **params},
            span=span,
            first=first,
            last=last,
            answers=answers,
        )

    if standing.waits:
        answers = f"{PROPOSAL}{one.id}"
        yield action("Approve", "mis.proposal.decide", answers, grant=True)
        yield action("Deny", "mis.proposal.decide", answers, grant=False)
    elif standing.state == "applied":
        yield action("Take back", "mis.proposal.rollback", "")


def _waits(standing: Standing, span: Span, index: TextIndex) -> types.Diagnostic:
    one = standing.proposal
    what = _what(one)
    trial = ", tried in some runs" if standing.state == "canary" else ""
    risky = f" A person must decide: {', '.join(one.risks)}." if one.risks else ""
    message = f"Proposal {one.id} waits for you{trial}: {what}.{risky}"
    return _said(message, "proposal-waits", span, index)


def _what(one: Proposal) -> str:
    if one.pattern is None:
        return f"another text of the prompt {one.prompt.name}" if one.prompt else one.title
    does = "another expression of" if one.replaces else "a new pattern"
    count = one.support.lines
    lines = f" for {count} {'line' if count == 1 else 'lines'}"
    return f"{does} {one.pattern.name}{lines}"


def _ratio(metrics: Metrics) -> str:
    return f"{metrics.explained} of {metrics.lines} lines"


def _said(
    message: str, code: str, span: Span, index: TextIndex, *, warning: bool = False
) -> types.Diagnostic:
    wide = span.model_copy(update={"end_column": index.columns(span.line)})
    kinds = types.DiagnosticSeverity
    return types.Diagnostic(
        range=index.range(wide),
        message=message,
        severity=kinds.Warning if warning else kinds.Information,
        code=code,
        source="makeitso",
    )
