"""Tallies of runs → the models of `makeitso.protocol.audit`. The formulas are in docs/audit.md."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, get_args

from makeitso.journal.runtally import RunTally, SpanName, ended_tasks, tokens_of
from makeitso.protocol import audit
from makeitso.protocol.words import ApprovalKind

if TYPE_CHECKING:
    from collections.abc import Sequence


def spread(values: Sequence[int]) -> audit.Spread:
    """Count, median, 90th percentile and most of durations; nearest rank, so each was measured."""
    ranked = sorted(values)
    if not ranked:
        return audit.Spread(count=0, median_ms=None, p90_ms=None, max_ms=None)

    def at(share: float) -> int:
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)]

    return audit.Spread(count=len(ranked), median_ms=at(0.5), p90_ms=at(0.9), max_ms=ranked[-1])


def ratio(part: float, whole: float) -> float | None:
    """Part of a whole, to six digits; None: there is no whole."""
    return round(part / whole, 6) if whole else None


def sums(tallies: Sequence[RunTally], person_ms: int) -> audit.Figures:
    """The figures of these runs; `person_ms` is the time in which a person was waited for."""
    counts = Counter[str]()
    deciders, doors = Counter[str](), Counter[str]()
    spans: dict[SpanName, list[int]] = {name: [] for name in get_args(SpanName)}
    for tally in tallies:
        counts.update(tally.counts())
        deciders.update(tally.deciders)
        doors.update(tally.doors)
        for name, values in tally.spans.items():
            spans[name].extend(values)
    return audit.Figures(
        parse=_parse(counts),
        adherence=_adherence(counts),
        tokens=_tokens(counts),
        budget=_budget(counts),
        hunks=_hunks(counts),
        checks=audit.CheckFigures(
            passed=counts["check.passed"],
            failed=counts["check.failed"],
            timed_out=counts["check.timed_out"],
            reused=counts["check.reused"],
        ),
        waits=_waits(counts, person_ms),
        latency=audit.LatencyFigures(
            turn=spread(spans["turn"]),
            plan=spread(spans["plan"]),
            judge=spread(spans["judge"]),
            check=spread(spans["check"]),
            first_change=spread(spans["first_change"]),
            answer=spread(spans["answer"]),
        ),
        approvals=_approvals(tallies),
        deciders=_sorted(deciders),
        doors=_sorted(doors),
        output=audit.ByteFigures(
            worker_bytes=counts["bytes.worker"],
            check_bytes=counts["bytes.checks"],
            artifact_bytes=counts["bytes.artifacts"],
        ),
        runs=_sorted(Counter(tally.state for tally in tallies)),
        tasks=_sorted(
            Counter({n.removeprefix("task."): c for n, c in counts.items() if n[:5] == "task."})
        ),
        exit_codes=_sorted(Counter(str(t.exit_code) for t in tallies if t.exit_code is not None)),
    )


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts) if counts[name]}


def _parse(counts: Counter[str]) -> audit.ParseFigures:
    records, misses = counts["parse.records"], counts["parse.misses"]
    return audit.ParseFigures(
        records=records,
        misses=misses,
        success=ratio(records, records + misses),
        lines=counts["parse.lines"],
        explained_lines=counts["parse.explained_lines"],
        coverage=ratio(counts["parse.explained_lines"], counts["parse.lines"]),
        size_bytes=counts["parse.size"],
        explained_bytes=counts["parse.explained"],
        byte_coverage=ratio(counts["parse.explained"], counts["parse.size"]),
        frames=counts["parse.frames"],
        frame_faults=counts["parse.frame_faults"],
    )


def _adherence(counts: Counter[str]) -> audit.AdherenceFigures:
    kept = [
        ratio(counts["plan.files_inside"], counts["plan.declared_files"]),
        ratio(counts["plan.tasks_in_order"], counts["plan.dependent_tasks"]),
        ratio(counts["plan.tasks_proved"], counts["plan.checked_tasks"]),
    ]
    there = [value for value in kept if value is not None]
    return audit.AdherenceFigures(
        declared_files=counts["plan.declared_files"],
        files_inside=counts["plan.files_inside"],
        dependent_tasks=counts["plan.dependent_tasks"],
        tasks_in_order=counts["plan.tasks_in_order"],
        checked_tasks=counts["plan.checked_tasks"],
        tasks_proved=counts["plan.tasks_proved"],
        score=ratio(sum(there), len(there)),
    )


def _tokens(counts: Counter[str]) -> audit.TokenFigures:
    total = tokens_of(counts)
    return audit.TokenFigures(
        manager_input=counts["tokens.manager_input"],
        manager_output=counts["tokens.manager_output"],
        worker_input=counts["tokens.worker_input"],
        worker_output=counts["tokens.worker_output"],
        total=total,
        per_landed_hunk=ratio(total, counts["hunk.landed"]),
        per_task=ratio(total, ended_tasks(counts)),
    )


def _budget(counts: Counter[str]) -> audit.BudgetFigures:
    return audit.BudgetFigures(
        used_tokens=counts["budget.used"],
        ceiling_tokens=counts["budget.ceiling"],
        share=ratio(counts["budget.used"], counts["budget.ceiling"]),
        overrun_tokens=counts["budget.overrun"],
        runs_over=counts["budget.runs_over"],
        tasks_over=counts["budget.tasks_over"],
        worked_ms=counts["time.worked"],
        timed_ms=counts["budget.timed"],
        ceiling_ms=counts["budget.ceiling_ms"],
        time_share=ratio(counts["budget.timed"], counts["budget.ceiling_ms"]),
        raised=counts["budget.raised"],
    )


def _hunks(counts: Counter[str]) -> audit.HunkFigures:
    accepted = counts["hunk.accepted"] + counts["hunk.landed"] + counts["hunk.conflict"]
    return audit.HunkFigures(
        proposed=counts["hunk.proposed"],
        accepted=accepted,
        rejected=counts["hunk.rejected"],
        pending=counts["hunk.pending"],
        refused=counts["hunk.refused"],
        landed=counts["hunk.landed"],
        conflicts=counts["hunk.conflict"],
        acceptance=ratio(accepted, accepted + counts["hunk.rejected"]),
    )


def _waits(counts: Counter[str], person_ms: int) -> audit.WaitFigures:
    return audit.WaitFigures(
        person_ms=person_ms,
        waits=counts["wait.waits"],
        waited_ms=counts["wait.waited_ms"],
        looks=counts["wait.looks"],
        skipped=counts["wait.skipped"],
        manager_waits=counts["wait.manager"],
        manager_ms=counts["wait.manager_ms"],
        interrupts=counts["turn.interrupted"],
        manager_interrupts=counts["wait.manager_interrupts"],
        failed_turns=counts["turn.failed"],
        retries=counts["wait.retries"],
        stops=counts["wait.stops"],
        resumes=counts["wait.resumes"],
    )


def _approvals(tallies: Sequence[RunTally]) -> tuple[audit.ApprovalFigures, ...]:
    counts = Counter[tuple[ApprovalKind, str]]()
    for tally in tallies:
        counts.update(tally.approvals)
        counts.update({(kind, "pending"): n for kind, n in tally.open_by_kind.items()})
    return tuple(
        audit.ApprovalFigures(
            kind=kind,
            asked=counts[kind, "asked"],
            granted=counts[kind, "granted"],
            denied=counts[kind, "denied"],
            void=counts[kind, "void"],
            pending=counts[kind, "pending"],
        )
        for kind in get_args(ApprovalKind)
        if counts[kind, "asked"]
    )
