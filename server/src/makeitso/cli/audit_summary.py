"""Figures as lines of a terminal: a name, a number, and where it comes from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.protocol.audit import AdherenceFigures, AuditFigures, Figures, RunFigures, Spread

LATEST = 10
"""Runs listed unless all are asked for."""
_WIDTH, _NUMBER = 21, 10


@dataclass(frozen=True)
class Row:
    """A figure: its name, its number, and what that is made of."""

    name: str
    value: str
    made_of: str


@dataclass(frozen=True)
class Line:
    """A line and its colour."""

    text: str = ""
    style: str | None = None


def summary(figures: AuditFigures, *, everything: bool) -> Iterator[Line]:
    """The lines; `everything` lists every run and not only the latest."""
    if not figures.by_run:
        yield Line('no runs yet; `mis run "goal"` starts one')
        return
    first, last = _day(figures.first_at), _day(figures.last_at)
    days = first if first == last else f"{first} to {last}"
    runs = counted(len(figures.by_run), "run")
    yield Line(f"{runs}, {counted(figures.events, 'event')}, {days}", "bold")
    yield Line()
    for row in rows(figures.total):
        yield Line(f"{row.name:<{_WIDTH}}{row.value:>{_NUMBER}}  {row.made_of}".rstrip())
    yield Line()
    for alert in figures.drift:
        yield Line(f"drift  {alert.figure.replace('_', ' ')}: {alert.message}", "bold yellow")
    if not figures.drift:
        yield Line("drift  none", "dim")
    if len(figures.by_run) > 1:
        yield from _list(figures.by_run, everything=everything)


def rows(found: Figures) -> Iterator[Row]:
    """Every figure, in the order of the documentation."""
    yield Row("runs", "", _states(found.runs))
    yield Row("tasks", "", _states(found.tasks))
    yield from _quality(found)
    yield from _cost(found)
    yield from _time(found)
    for asked in found.approvals:
        yield Row(
            f"asked: {asked.kind}",
            f"{asked.asked:,}",
            f"{asked.granted:,} granted, {asked.denied:,} denied, {asked.void:,} void, "
            f"{asked.pending:,} open",
        )
    if found.deciders:
        named = ", ".join(f"{who} {count:,}" for who, count in found.deciders.items())
        yield Row("answered by", "", named)
    output = found.output
    yield Row(
        "output",
        size(output.worker_bytes + output.check_bytes),
        f"{size(output.worker_bytes)} of workers, {size(output.check_bytes)} of checks; "
        f"{size(output.artifact_bytes)} kept besides",
    )
    if found.exit_codes:
        codes = ", ".join(f"{code}: {count:,}" for code, count in found.exit_codes.items())
        yield Row("exit codes", "", codes)


def _quality(found: Figures) -> Iterator[Row]:
    parse, hunks, checks = found.parse, found.hunks, found.checks
    yield Row(
        "parse success",
        share(parse.success),
        f"{counted(parse.records, 'record')}, {parse.misses:,} unrecognised",
    )
    yield Row(
        "extraction coverage",
        share(parse.coverage),
        f"{parse.explained_lines:,} of {counted(parse.lines, 'line')}; "
        f"{share(parse.byte_coverage)} of bytes",
    )
    yield Row("plan adherence", share(found.adherence.score), _kept(found.adherence))
    yield Row(
        "acceptance",
        share(hunks.acceptance),
        f"{hunks.accepted:,} accepted, {hunks.rejected:,} rejected, {hunks.landed:,} landed, "
        f"{hunks.conflicts:,} in conflict, {hunks.pending:,} open",
    )
    yield Row(
        "checks",
        f"{checks.passed + checks.failed:,}",
        f"{checks.passed:,} green, {checks.failed:,} red ({checks.timed_out:,} timed out), "
        f"{checks.reused:,} used again",
    )


def _cost(found: Figures) -> Iterator[Row]:
    tokens = found.tokens
    yield Row(
        "tokens",
        f"{tokens.total:,}",
        f"manager {tokens.manager_input + tokens.manager_output:,}, "
        f"worker {tokens.worker_input + tokens.worker_output:,}",
    )
    yield Row("tokens a landed hunk", number(tokens.per_landed_hunk), "")
    yield Row("tokens a task", number(tokens.per_task), "")
    yield Row("budget", share(found.budget.share), _budget(found))
    yield Row("time at work", duration(found.budget.worked_ms), _work_time(found))


def _time(found: Figures) -> Iterator[Row]:
    waits = found.waits
    yield Row("waited for a person", duration(waits.person_ms), "")
    yield Row(
        "waits of tasks",
        duration(waits.waited_ms),
        f"{waits.waits:,}, {waits.manager_waits:,} of them the manager's; "
        f"{counted(waits.looks, 'look')}, {waits.skipped:,} ended early",
    )
    yield Row(
        "cut short",
        f"{waits.interrupts + waits.failed_turns + waits.manager_interrupts:,}",
        f"turns: {waits.interrupts:,} interrupted, {waits.failed_turns:,} failed; "
        f"manager: {waits.manager_interrupts:,} interrupted; "
        f"{waits.retries:,} begun again, {counted(waits.stops, 'stop')}, "
        f"{waits.resumes:,} resumed",
    )
    for name, spread in spans(found):
        yield Row(name, duration(spread.median_ms), _spread(spread))


def spans(found: Figures) -> tuple[tuple[str, Spread], ...]:
    """What is measured in time, with its name."""
    latency = found.latency
    return (
        ("turn", latency.turn),
        ("plan", latency.plan),
        ("manager's word", latency.judge),
        ("check", latency.check),
        ("first change", latency.first_change),
        ("a person's answer", latency.answer),
    )


def share(value: float | None) -> str:
    """A ratio as per cent."""
    return "-" if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """A mean."""
    return "-" if value is None else f"{value:,.0f}"


def duration(ms: float | None) -> str:
    """Milliseconds as people say it."""
    if ms is None:
        return "-"
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    minutes = ms / 60_000
    return f"{minutes:.1f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def size(count: float) -> str:
    """Bytes as people say it, in powers of 1000."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:,.1f} GB"


def _kept(plan: AdherenceFigures) -> str:
    """What was promised and kept, as far as anything was."""
    parts = (
        ("files", plan.files_inside, plan.declared_files),
        ("order", plan.tasks_in_order, plan.dependent_tasks),
        ("proved", plan.tasks_proved, plan.checked_tasks),
    )
    return ", ".join(f"{name} {kept:,} of {made:,}" for name, kept, made in parts if made)


def _spread(spread: Spread) -> str:
    if not spread.count:
        return ""
    return (
        f"median of {spread.count:,}; nine of ten within {duration(spread.p90_ms)}, "
        f"the longest {duration(spread.max_ms)}"
    )


def _budget(found: Figures) -> str:
    budget = found.budget
    if not budget.ceiling_tokens:
        return "no ceiling"
    words = f"{budget.used_tokens:,} of {budget.ceiling_tokens:,}"
    if budget.runs_over:
        words += f", {budget.overrun_tokens:,} beyond it in {counted(budget.runs_over, 'run')}"
    if budget.tasks_over:
        words += f", {counted(budget.tasks_over, 'task')} beyond their own"
    if budget.raised:
        words += f", raised {counted(budget.raised, 'time')}"
    return words


def _work_time(found: Figures) -> str:
    budget = found.budget
    if not budget.ceiling_ms:
        return "no ceiling"
    return f"{duration(budget.timed_ms)} of {duration(budget.ceiling_ms)}"


def _states(states: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {state}" for state, count in states.items()) or "none"


def _list(runs: tuple[RunFigures, ...], *, everything: bool) -> Iterator[Line]:
    shown = runs if everything else runs[-LATEST:]
    yield Line()
    heads = ("run", "state", "tokens", "accepted", "parsed", "waited", "goal")
    yield Line(_row(heads), "bold")
    for run in shown:
        found = run.figures
        goal = run.goal.splitlines()[0] if run.goal else ""
        cells = (
            run.id,
            run.state,
            f"{found.tokens.total:,}",
            share(found.hunks.acceptance),
            share(found.parse.success),
            duration(found.waits.person_ms),
            goal if len(goal) <= 40 else f"{goal[:39]}…",
        )
        yield Line(_row(cells))
    if len(shown) < len(runs):
        yield Line(f"{len(runs) - len(shown):,} earlier ones: mis audit --all", "dim")


def _row(cells: tuple[str, ...]) -> str:
    run, state, tokens, accepted, parsed, waited, goal = cells
    return (
        f"{run:<14} {state:<8} {tokens:>11} {accepted:>8} {parsed:>8} {waited:>9}  {goal}".rstrip()
    )


def _day(at: int | None) -> str:
    return "" if at is None else f"{dt.datetime.fromtimestamp(at / 1000, tz=dt.UTC):%Y-%m-%d}"
