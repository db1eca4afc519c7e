"""Everything that is wrong in a library file, each thing at its place and with a way out.

What the reader refuses, what `lint` says of each pattern, and what only shows between patterns: one
that takes the lines of another, two of one expression, one that is slow.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.parsing.entries import Places
from makeitso.parsing.library import Library, load_library, overlay
from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.lint import ambiguities, check_library
from makeitso.protocol.text import Fix, Problem, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.words import Severity

SLOW_S = 0.05
"""CPU seconds one pattern may take over one line, however long and hostile."""
LINE_BYTES = 64 << 10
_TRIES = 3
_LITERAL_RUN = re.compile(r"[A-Za-z0-9 _:=<>/-]{2,}")
_GAP = re.compile(r"\.([*+])\??(?P<end>\\[^\w\s]|[^\\\w\s.*+?()\[\]{}|^$])")
_KEYS = {
    "pattern-example": ("examples", "counter_examples"),
    "pattern-unknown-name": ("joins", "under"),
}


@dataclass(frozen=True, slots=True)
class _Entry:
    """A pattern with where its expression stands in the text."""

    pattern: Pattern
    index: int
    regex: Span
    verbatim: bool
    """Whether the span holds just the expression, so that it may be replaced."""


def check_text(
    text: str,
    *,
    base: Library | None = None,
    cpu: Callable[[], float] | None = None,
    other_keys: frozenset[str] = frozenset(),
) -> list[Problem]:
    """All problems of a library file, in the order of the text.

    Args:
        text: the file.
        base: the library it will be laid over; names in it are known, and its lines are its own.
        cpu: clock of CPU time in seconds; without it nothing is found slow.
        other_keys: tables and keys beside `[[pattern]]` that belong there.
    """
    own, problems = load_library(text)
    problems = [p for p in problems if not _belongs(p, other_keys)]
    places = Places(text)
    entries = _entries(text, own, places)
    whole = overlay(base, own) if base else own
    known = {p.name for p in whole.patterns}
    for problem in check_library(own):
        name = _subject(problem)
        if problem.code == "pattern-unknown-name" and _names(problem) in known:
            continue
        problems.append(_placed(problem, entries[name], places))
    problems += _shadowed(whole, entries, places)
    problems += _same(whole, entries, text)
    if cpu is not None:
        problems += [found for e in entries.values() if (found := _slow(e, cpu)) is not None]
    return sorted(problems, key=lambda p: (p.span.line, p.span.column, p.code))


def _belongs(problem: Problem, keys: frozenset[str]) -> bool:
    return problem.code == "library-unknown-key" and _names(problem) in keys


def _names(problem: Problem) -> str:
    """What the message quotes last."""
    quoted = re.findall(r"'([^']*)'", problem.message)
    return quoted[-1] if quoted else ""


def _subject(problem: Problem) -> str:
    return problem.message.partition(": ")[0]


def _entries(text: str, library: Library, places: Places) -> dict[str, _Entry]:
    lines = text.splitlines()
    count = len(tomllib.loads(text).get("pattern", [])) if library.patterns else 0
    index_of = {places.header(n): n for n in range(count)}
    found: dict[str, _Entry] = {}
    for pattern in library.patterns:
        index = index_of.get(pattern.line, 0)
        span = places.at(index, "regex", "", "", "error").span
        line = lines[span.line] if span.line < len(lines) else ""
        column = line.find(pattern.regex, line.find("=") + 1)
        if column >= 0:
            end = column + len(pattern.regex)
            span = Span(line=span.line, column=column, end_line=span.line, end_column=end)
        found[pattern.name] = _Entry(pattern, index, span, column >= 0)
    return found


def _placed(problem: Problem, entry: _Entry, places: Places) -> Problem:
    """A problem of a pattern, moved from its entry to the key it is about, with its fixes."""
    keys = _KEYS.get(problem.code)
    if keys is None:
        span = entry.regex
    else:
        key = keys["counter" in problem.message] if keys[0] == "examples" else keys[0]
        if keys[0] == "joins" and _names(problem) == entry.pattern.under:
            key = keys[1]
        span = places.at(entry.index, key, "", "", "error").span
    return problem.model_copy(update={"span": span, "fixes": _fixes(problem.code, entry)})


def _fixes(code: str, entry: _Entry) -> tuple[Fix, ...]:
    regex = entry.pattern.regex
    if not entry.verbatim:
        return ()
    if code == "pattern-not-anchored":
        better = f"^(?:{regex})" if "|" in regex else f"^{regex}"
        title = "Match at the beginning of the line only: put ^ before it"
    elif code == "pattern-loose":
        better = _GAP.sub(_typed_gap, regex)
        title = "Let each gap end where what follows it begins"
    else:
        return ()
    if better == regex or not _does_the_same(better, entry.pattern):
        return ()
    return (Fix(title=title, span=entry.regex, new_text=better),)


def _typed_gap(found: re.Match[str]) -> str:
    return f"[^{found['end']}]{found[1]}{found['end']}"


def _does_the_same(regex: str, pattern: Pattern) -> bool:
    """Whether a better expression still compiles and agrees with all examples."""
    try:
        compiled = LinearRegex(replace(pattern, regex=regex).compiled_source())
    except PatternError:
        return False
    return all(compiled.matches(e.encode()) for e in pattern.examples) and not any(
        compiled.matches(e.encode()) for e in pattern.counter_examples
    )


def _shadowed(whole: Library, entries: dict[str, _Entry], places: Places) -> list[Problem]:
    found: list[Problem] = []
    taken: dict[str, list[tuple[str, str]]] = {}
    for name, by, example in ambiguities(whole):
        if name in entries:
            entry = entries[name]
            span = places.at(entry.index, "examples", "", "", "error").span
            message = (
                f"{name}: {by} comes first and takes its example {example!r}; put it before {by}, "
                "or make one of them say more"
            )
            found.append(_problem("pattern-shadowed", message, "warning", span))
        elif by in entries:
            taken.setdefault(by, []).append((name, example))
    for by, lines in taken.items():
        (name, example), count = lines[0], len({name for name, _ in lines})
        message = f"{by}: takes lines of {count} other patterns, such as {example!r} of {name}"
        found.append(_problem("pattern-shadows", message, "warning", entries[by].regex))
    return found


def _same(whole: Library, entries: dict[str, _Entry], text: str) -> list[Problem]:
    first: dict[tuple[bytes, bool, str, tuple[str, ...]], str] = {}
    # Of two the entry of the file is the one that can go, so others are looked at first.
    order = sorted(whole.patterns, key=lambda p: p.name in entries)
    found: list[Problem] = []
    for pattern in order:
        # A continuation counts only below what it joins, so two of them may well be alike.
        key = (pattern.compiled_source(), pattern.multiline, pattern.under or "", pattern.joins)
        other = first.setdefault(key, pattern.name)
        if other == pattern.name or pattern.name not in entries:
            continue
        entry = entries[pattern.name]
        message = f"{pattern.name}: the same expression as {other}, so one of them never counts"
        span = _entry_span(text, entry)
        fix = Fix(title=f"Remove {pattern.name}", span=span, new_text="")
        problem = _problem("pattern-same-expression", message, "warning", entry.regex)
        found.append(problem.model_copy(update={"fixes": (fix,)}))
    return found


def _entry_span(text: str, entry: _Entry) -> Span:
    """From the header of an entry to the next one, or to the end."""
    places, lines = Places(text), text.splitlines()
    after = places.header(entry.index + 1)
    end = after if after > entry.pattern.line else len(lines)
    return Span(line=entry.pattern.line, column=0, end_line=end, end_column=0)


def _slow(entry: _Entry, cpu: Callable[[], float]) -> Problem | None:
    regex = LinearRegex(entry.pattern.compiled_source())
    worst = 0.0
    for line in _hostile_lines(entry.pattern):
        # The best of some tries: what else the machine does is not the pattern's fault.
        took: list[float] = []
        for _ in range(_TRIES):
            before = cpu()
            regex.search(line)
            took.append(cpu() - before)
        worst = max(worst, min(took))
    if worst <= SLOW_S:
        return None
    message = (
        f"{entry.pattern.name}: takes {worst * 1000:.0f} ms over one line of 64 KiB, at most "
        f"{SLOW_S * 1000:.0f} are allowed: bound its repetitions, or say less in one expression"
    )
    return _problem("pattern-slow", message, "error", entry.regex)


def _hostile_lines(pattern: Pattern) -> list[bytes]:
    """Long lines that almost match: what it waits for again and again, and never its end."""
    pieces = [run.encode() for run in _LITERAL_RUN.findall(pattern.regex)]
    seeds = [b"a", b"1", b" ", b":", b"a:1 ", b"".join(pieces), *pieces[:2]]
    seeds += [example.encode() for example in pattern.examples[:1]]
    return [(seed * (LINE_BYTES // len(seed) + 1))[:LINE_BYTES] for seed in seeds if seed]


def _problem(code: str, message: str, severity: Severity, span: Span) -> Problem:
    return Problem(code=code, message=message, severity=severity, span=span)
