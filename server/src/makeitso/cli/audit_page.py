"""The audit as one page: no script, no network, nothing outside of the file.

A content security policy in the page forbids everything but its own style, so that even a mistake
in escaping could start nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli import audit_sections as sections
from makeitso.cli.audit_charts import escape
from makeitso.cli.audit_sections import instant, table
from makeitso.cli.audit_style import STYLE
from makeitso.cli.audit_summary import duration, number, rows, share
from makeitso.cli.audit_tasks import task_section
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.journal.timeline import Timeline
    from makeitso.protocol.audit import AuditFigures

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(figures: AuditFigures, timeline: Timeline, *, made_at: int, name: str) -> str:
    """The whole page.

    Args:
        figures: what it says.
        timeline: what its charts show.
        made_at: Unix ms, shown in UTC.
        name: name of the workspace.
    """
    title = f"{name}: audit of {counted(len(figures.by_run), 'run')}"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<header><h1>{escape(title)}</h1><p>{_period(figures, made_at)}</p></header><main>",
        *_cards(figures),
        *_drift(figures),
        *sections.tokens(figures, timeline),
        *sections.checks(timeline),
        *sections.questions(figures, timeline, now=made_at),
        *sections.acceptance(figures),
        *task_section(figures.by_run),
        *_all(figures),
        *_runs(figures),
        "</main></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _period(figures: AuditFigures, made_at: int) -> str:
    made = f"made {instant(made_at)} UTC"
    if figures.first_at is None or figures.last_at is None:
        return f"nothing was run; {made}"
    begin, end = instant(figures.first_at), instant(figures.last_at)
    return f"{begin} to {end} UTC, {counted(figures.events, 'event')}; {made}"


def _cards(figures: AuditFigures) -> Iterator[str]:
    total = figures.total
    cards = (
        ("tokens", f"{total.tokens.total:,}"),
        ("tokens a landed hunk", number(total.tokens.per_landed_hunk)),
        ("budget used", share(total.budget.share)),
        ("acceptance", share(total.hunks.acceptance)),
        ("plan adherence", share(total.adherence.score)),
        ("parse success", share(total.parse.success)),
        ("extraction coverage", share(total.parse.coverage)),
        ("waited for a person", duration(total.waits.person_ms)),
        ("median turn", duration(total.latency.turn.median_ms)),
    )
    yield '<dl class="cards">'
    for name, value in cards:
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
    yield "</dl>"


def _drift(figures: AuditFigures) -> Iterator[str]:
    for alert in figures.drift:
        name = alert.figure.replace("_", " ")
        yield f'<p class="alert" role="alert"><b>{escape(name)}</b>: {escape(alert.message)}</p>'


def _all(figures: AuditFigures) -> Iterator[str]:
    yield "<section><h2>All figures</h2>"
    found = ((row.name, row.value, row.made_of) for row in rows(figures.total))
    yield table(("figure", "value", "made of"), found, numbers=())
    yield "</section>"


def _runs(figures: AuditFigures) -> Iterator[str]:
    yield "<section><h2>Runs</h2>"
    yield table(
        ("run", "goal", "state", "tokens", "accepted", "parsed", "waited"),
        (
            (run.id, run.goal, run.state, f"{f.tokens.total:,}", share(f.hunks.acceptance),
             share(f.parse.success), duration(f.waits.person_ms))
            for run in figures.by_run
            for f in (run.figures,)
        ),
        numbers=(3, 4, 5, 6),
    )  # fmt: skip
    yield "</section>"
