"""The sections of the audit page that hold a chart, and its tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.cli import audit_charts as charts
from makeitso.cli.audit_charts import Bar, Span, clock, escape
from makeitso.cli.audit_summary import duration, share
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from makeitso.journal.timeline import Question, Timeline
    from makeitso.protocol.audit import AuditFigures, RunFigures

MOST_RUNS = 40
"""Latest runs with a row of their own in a chart."""


def tokens(figures: AuditFigures, timeline: Timeline) -> Iterator[str]:
    """Tokens over time."""
    spent = figures.total.tokens
    manager = spent.manager_input + spent.manager_output
    worker = spent.worker_input + spent.worker_output
    about = f"{manager:,} of the manager and {worker:,} of workers, {spent.total:,} together"
    points = timeline.tokens
    step = max(1, len(points) // 25)
    yield from section(
        "Tokens over time",
        f"{_key('manager', 'manager')}{_key('worker', 'workers')}; {escape(about)}",
        charts.curve("Tokens over time", about, points),
        ("at (UTC)", "manager", "workers", "together"),
        (
            (instant(p.at), f"{p.manager:,}", f"{p.worker:,}", f"{p.manager + p.worker:,}")
            for number, p in enumerate(points)
            if number % step == 0 or number == len(points) - 1
        ),
        numbers=(1, 2, 3),
    )


def checks(timeline: Timeline) -> Iterator[str]:
    """Checks: result and how long each took."""
    found = list(timeline.checks)
    red = sum(not check.passed for check in found)
    about = (
        f"the latest {counted(len(found), 'check')}: {len(found) - red} green, {red} red; "
        "how long each"
    )
    yield from section(
        "Checks",
        f'{_key("good", "green")}{_key("bad", "red (broken edge)")}; {escape(about)}',
        charts.bars(
            "Checks",
            about,
            [
                Bar(
                    name=f"{check.task} {check.where}: {check.command}",
                    parts=((max(check.duration_ms, 1), "good" if check.passed else "bad"),),
                    words=f"{'✓' if check.passed else '✗'} {duration(check.duration_ms)}",
                )
                for check in found
            ],
        ),
        ("at (UTC)", "run", "task", "on", "check", "result", "took"),
        (
            (instant(c.at), c.run, c.task, c.where, c.command, "green" if c.passed else "red",
             duration(c.duration_ms))
            for c in found
        ),
        numbers=(6,),
    )  # fmt: skip


_KINDS = {"granted": "good", "denied": "bad", "void": "open", "open": "worker"}


def questions(figures: AuditFigures, timeline: Timeline, *, now: int) -> Iterator[str]:
    """Approvals: on a time axis in one run, by length in several; open ones last until `now`."""
    found = list(timeline.questions)
    about = f"the latest {counted(len(found), 'question')}; how long each was open"
    name = "Approvals"
    if len(figures.by_run) == 1:
        chart = charts.spans(
            name, about, [_question_span(q, figures.last_at or 0, now) for q in found]
        )
    else:
        # On an axis of days every answer is a dot: there only its length says something.
        chart = charts.bars(name, about, [_question_bar(q, now) for q in found])
    keys = "".join(_key(kind, word) for word, kind in _KINDS.items())
    yield from section(
        name,
        f"{keys}; {escape(about)}",
        chart,
        ("asked (UTC)", "id", "run", "kind", "what", "outcome", "by", "after"),
        (
            (instant(q.asked_at), q.id, q.run, q.kind, q.subject, q.outcome, q.who,
             duration(_open_ms(q, now)))
            for q in found
        ),
        numbers=(7,),
    )  # fmt: skip


def _open_ms(question: Question, now: int) -> int:
    return max(0, (question.closed_at or now) - question.asked_at)


def _question_words(question: Question, now: int) -> str:
    return f"{question.outcome}, {duration(_open_ms(question, now))}"


def _question_span(question: Question, last: int, now: int) -> Span:
    return Span(
        name=f"{question.id} {question.kind}: {question.subject}",
        begin=question.asked_at,
        end=question.closed_at or last,
        kind=_KINDS[question.outcome],
        words=_question_words(question, now),
    )


def _question_bar(question: Question, now: int) -> Bar:
    return Bar(
        name=f"{question.id} {question.kind}: {question.subject}",
        parts=((_open_ms(question, now), _KINDS[question.outcome]),),
        words=_question_words(question, now),
    )


def acceptance(figures: AuditFigures) -> Iterator[str]:
    """What became of hunks, a run a row."""
    shown = [run for run in figures.by_run if run.figures.hunks.proposed][-MOST_RUNS:]
    hunks = figures.total.hunks
    accepted = counted(hunks.accepted, "hunk")
    about = f"{accepted} accepted, {hunks.rejected} rejected, {hunks.pending} open"
    keys = f"{_key('good', 'accepted')}{_key('bad', 'rejected')}{_key('open', 'open, refused')}"
    yield from section(
        "Acceptance by run",
        f"{keys}; {escape(about)}",
        charts.bars("Acceptance by run", about, [_hunk_bar(run) for run in shown]),
        ("run", "accepted", "rejected", "open", "refused", "landed", "acceptance"),
        (
            (run.id, str(h.accepted), str(h.rejected), str(h.pending), str(h.refused),
             str(h.landed), share(h.acceptance))
            for run in shown
            for h in (run.figures.hunks,)
        ),
        numbers=(1, 2, 3, 4, 5, 6),
    )  # fmt: skip


def _hunk_bar(run: RunFigures) -> Bar:
    hunks = run.figures.hunks
    return Bar(
        name=run.id,
        parts=(
            (hunks.accepted, "good"),
            (hunks.rejected, "bad"),
            (hunks.pending + hunks.refused, "open"),
        ),
        words=f"{hunks.accepted} of {hunks.proposed}",
    )


def section(
    name: str,
    caption: str,
    chart: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Collection[int],
) -> Iterator[str]:
    """A chart with its words and its table; `caption` is markup, all else text."""
    yield f"<section><h2>{escape(name)}</h2>"
    if chart:
        yield f"<figure><figcaption>{caption}</figcaption>{chart}</figure>"
        yield "<details><summary>As a table</summary>"
        yield table(heads, rows, numbers=numbers)
        yield "</details>"
    else:
        yield "<p>none</p>"
    yield "</section>"


def _key(kind: str, words: str) -> str:
    return f'<span class="key {kind}"></span>{escape(words)}'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Collection[int]) -> str:
    """A table; the columns named by `numbers`, from 0, hold numbers."""
    kinds = ['class="n" ' if n in numbers else "" for n in range(len(heads))]
    head = "".join(
        f'<th {kind}scope="col">{escape(name)}</th>'
        for kind, name in zip(kinds, heads, strict=True)
    )
    lines = [
        "<tr>"
        + "".join(
            f"<td {kind}>".replace(" >", ">") + f"{escape(cell)}</td>"
            for kind, cell in zip(kinds, cells, strict=True)
        )
        + "</tr>"
        for cells in rows
    ]
    body = f"<thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="wide" tabindex="0"><table>{body}</table></div>'


def instant(at: int) -> str:
    """A day and an hour, UTC."""
    return f"{clock(at, span_ms=3 * 86_400_000)} {clock(at)}"
