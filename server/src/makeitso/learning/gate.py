"""The gate: every rule that a proposal must pass, each with its figure.

The gate decides nothing by itself. It says what holds; a mode and a person decide. What a worker
printed cannot talk its way through: lines are only ever matched, and a rule that has no data to
judge by does not hold.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from makeitso.learning.scoring import with_trial
from makeitso.learning.synthesis import compiled, pattern_of
from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.parsing.library import Library
from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.lint import check_library
from makeitso.parsing.patterns import FIELDS
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.proposal import GateFinding, GateRule
from makeitso.protocol.record import Miss, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.learning.scoring import Score
    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.proposal import PatternEntry, Risk, Support
    from makeitso.protocol.record import StreamChannel

LINE_BYTES = 64 << 10
LINE_LIMIT_S = 0.05
"""CPU seconds that one line may take, however long and hostile."""
_NUMBER = re.compile(r"\d{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What the figures must reach; the keys of `[learning]`."""

    min_precision: float = 0.98
    min_recall: float = 0.5
    min_runs: int = 2
    min_lines: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A log whose records may not change."""

    name: str
    channel: StreamChannel
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A proposal before the gate.

    Attributes:
        entry: the suggested pattern.
        replaces: expression it takes the place of; empty: it is new.
        library: the library it would join, without it.
        score: its figures on lines its proposer never saw; `negatives` of it are lines of others.
        support: what it rests on.
        lines: lines it is known to match, seen and unseen; their captures are looked at.
        golden: logs whose records may not change.
        risks: why a person must decide.
    """

    entry: PatternEntry
    library: Library
    score: Score
    support: Support
    replaces: str = ""
    lines: Sequence[str] = ()
    golden: Sequence[Golden] = ()
    risks: tuple[Risk, ...] = ()


def judge(
    case: Case, *, thresholds: Thresholds, clock: Callable[[], float]
) -> tuple[GateFinding, ...]:
    """All findings, in the order of the rules; of one that does not compile the first only.

    Args:
        case: what is judged.
        thresholds: what the figures must reach.
        clock: CPU seconds of this process, rising.
    """
    try:
        regex = compiled(case.entry)
    except PatternError as error:
        return (_finding("lint", None, f"the engine refuses it: {error}"),)
    pattern = pattern_of(case.entry)
    return (
        _lint(case, pattern),
        _speed(case.entry, regex, clock),
        _golden(case, pattern),
        _negatives(case.score),
        _support(case, thresholds),
        _fields(case, regex),
        _duplicate(case, regex),
        _ratio("precision", case.score.precision, thresholds.min_precision),
        _ratio("recall", case.score.recall, thresholds.min_recall),
        _finding(
            "risk",
            "none" if not case.risks else None,
            f"a person must decide: {', '.join(case.risks)}",
        ),
    )


def passed(findings: Sequence[GateFinding], *, by_person: bool = False) -> bool:
    """Whether all rules hold; a person may let in what is only risky."""
    return bool(findings) and all(f.passed or (by_person and f.rule == "risk") for f in findings)


def _finding(rule: GateRule, good: str | None, bad: str) -> GateFinding:
    return GateFinding(rule=rule, passed=good is not None, detail=bad if good is None else good)


def _lint(case: Case, pattern: Pattern) -> GateFinding:
    named = {*case.entry.joins, case.entry.under}
    others = tuple(p for p in case.library.patterns if p.name in named and p.name != pattern.name)
    found = [
        problem.message
        for problem in check_library(Library((pattern, *others)))
        if problem.message.startswith(f"{pattern.name}:")
    ]
    return _finding("lint", None if found else "nothing to say", "; ".join(found))


def hostile_lines(entry: PatternEntry) -> list[bytes]:
    """Long lines made to cost a pattern as much as possible."""
    seeds = [b"a", b" ", b"0", b":", b"a ", b"0.", b"\xff", b"/", b"a:1:", b"((", b"\\"]
    seeds += [text.encode() for text in entry.examples]
    seeds += [text.encode()[:-1] for text in entry.examples if len(text) > 1]
    return [(seed * (LINE_BYTES // len(seed) + 1))[:LINE_BYTES] for seed in seeds]


def _speed(entry: PatternEntry, regex: LinearRegex, clock: Callable[[], float]) -> GateFinding:
    slowest = 0.0
    for line in hostile_lines(entry):
        tries: list[float] = []
        for _ in range(2):
            before = clock()
            regex.search(line)
            tries.append(clock() - before)
        slowest = max(slowest, min(tries))
    text = f"{slowest * 1000:.1f} ms for a hostile line of 64 KiB"
    return _finding("speed", text if slowest <= LINE_LIMIT_S else None, text)


def _golden(case: Case, pattern: Pattern) -> GateFinding:
    broken: list[str] = []
    read = 0
    trial = with_trial(case.library, pattern)
    for log in case.golden:
        old, unknown = _records(log, case.library)
        new, _ = _records(log, trial)
        # What it explains of a line that nothing explained is what it is for.
        kept = [r for r in new if not (r.pattern == pattern.name and r.stream_line in unknown)]
        read += len(new) - len(kept)
        if kept != old:
            broken.append(log.name)
    said = f"{len(case.golden)} logs read as before, {read} lines more"
    return _finding("golden", None if broken else said, f"reads differently: {', '.join(broken)}")


@lru_cache(maxsize=64)
def _records(log: Golden, library: Library) -> tuple[list[Record], set[int]]:
    parser = StreamParser(log.channel, library)
    found = [*parser.feed(log.data), *parser.close()]
    records = [one for one in found if isinstance(one, Record)]
    misses = {one.stream_line for one in found if isinstance(one, Miss)}
    return records, misses


def _negatives(score: Score) -> GateFinding:
    text = f"{score.negative_hits} of {score.negatives} lines of others"
    return _finding("negatives", None if score.negative_hits else text, f"matches {text}")


def _support(case: Case, thresholds: Thresholds) -> GateFinding:
    support = case.support
    runs = {*support.runs, *support.unseen_runs}
    enough = len(runs) >= thresholds.min_runs and case.score.right >= thresholds.min_lines
    proved = bool(support.unseen_runs) or thresholds.min_runs <= 1
    text = (
        f"explains {case.score.right} unseen lines of {len(support.unseen_runs)} unseen runs, "
        f"{len(runs)} runs in all"
    )
    needed = f"{thresholds.min_lines} lines and {thresholds.min_runs} runs are needed"
    return _finding("support", text if enough and proved else None, f"{text}; {needed}")


def _fields(case: Case, regex: LinearRegex) -> GateFinding:
    unknown = sorted({*regex.names, *case.entry.fields} - {*FIELDS})
    if unknown:
        return _finding("fields", None, f"no fields of a record: {', '.join(unknown)}")
    looked = 0
    for line in (*case.entry.examples, *case.lines):
        data = line.encode()
        spans = regex.search(data)
        if spans is None:
            continue
        looked += 1
        for name, number in regex.names.items():
            start, end = spans[number]
            if start >= 0 and (wrong := _wrong(name, data[start:end].decode("utf-8", "replace"))):
                return _finding("fields", None, f"{wrong} in {line[:200]!r}")
    text = f"captures of {looked} lines fit"
    return _finding("fields", text if looked else None, "no line to look at")


def _wrong(name: str, value: str) -> str:
    if name in {"line", "column"} and value and not _NUMBER.fullmatch(value):
        return f"{name} is no number: {value[:40]!r}"
    if name == "path" and not value.strip():
        return "path is empty"
    if name == "json":
        try:
            json.loads(value)
        except ValueError:
            return "json is no JSON"
        except RecursionError:
            return "json is nested too deeply"
    return ""


def _duplicate(case: Case, regex: LinearRegex) -> GateFinding:
    others = case.library
    if others.named(case.entry.name) is not None:
        others = Library(tuple(p for p in others.patterns if p.name != case.entry.name))
    same = next((p.name for p in others.patterns if p.regex == case.entry.regex), None)
    if same:
        return _finding("duplicate", None, f"{same} is the same expression")
    known = case.replaces or case.entry.multiline
    engine = Explainer(others, live=LIVE)
    lines = [line for line in (*case.entry.examples, *case.lines) if regex.matches(line.encode())]
    hits = [engine.line(line.encode()) for line in lines]
    if not known and lines and all(hit is not None for hit in hits):
        names = sorted({hit.pattern.name for hit in hits if hit is not None})
        return _finding("duplicate", None, f"all its lines are explained by {', '.join(names)}")
    return _finding("duplicate", f"{sum(hit is None for hit in hits)} lines only it explains", "")


def _ratio(rule: GateRule, value: float | None, least: float) -> GateFinding:
    if value is None:
        return _finding(rule, None, "no unseen line to measure by")
    text = f"{value:.3f}, at least {least:g}"
    return _finding(rule, text if value >= least else None, text)
