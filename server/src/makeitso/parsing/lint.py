"""What is wrong with a library whose entries all load: examples that fail, patterns too loose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.parsing.engine import LIVE
from makeitso.parsing.explain import Explainer
from makeitso.parsing.library import Library
from makeitso.parsing.linear import LinearRegex
from makeitso.parsing.patterns import CONTINUATION, PREFIX
from makeitso.protocol.text import Problem, Span

if TYPE_CHECKING:
    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.words import Severity

_LOOSE = re.compile(r"\.[*+](?:\?|(?=[^)|$?]))")
"""A wildcard with something after it; a greedy one at the end of the line costs nothing."""
_OPENING = re.compile(r"^(?:\^|\\A|\(\?:?\^)")

_BOUNDED = re.compile(r"^<<[^<>()|]{3,}>>.*<<[^<>()|]{3,}>>$", re.DOTALL)
"""Between two tokens; where a token stands is the framer's matter, so it needs no anchor."""


def check_library(library: Library) -> list[Problem]:
    """Run every pattern on its own examples and judge its shape; problems by pattern order."""
    names = {p.name for p in library.patterns}
    problems: list[Problem] = []
    for pattern in library.patterns:
        problems.extend(_examples(pattern))
        problems.extend(_shape(pattern))
        problems.extend(
            _problem(pattern, "pattern-unknown-name", f"no pattern is named {name!r}", "error")
            for name in (*pattern.joins, *((pattern.under,) if pattern.under else ()))
            if name not in names
        )
    return problems


def _examples(pattern: Pattern) -> list[Problem]:
    regex = LinearRegex(pattern.compiled_source())
    found = [
        _problem(pattern, "pattern-example", f"does not match its example {text!r}", "error")
        for text in pattern.examples
        if not regex.matches(text.encode())
    ]
    found.extend(
        _problem(pattern, "pattern-example", f"matches its counter-example {text!r}", "error")
        for text in pattern.counter_examples
        if regex.matches(text.encode())
    )
    return found


def _shape(pattern: Pattern) -> list[Problem]:
    regex = LinearRegex(pattern.compiled_source())
    if regex.matches(b"") or regex.matches(b"\x01"):
        return [_problem(pattern, "pattern-too-wide", "matches text without content", "error")]
    if pattern.multiline:
        return []
    found: list[Problem] = []
    if not (_OPENING.match(pattern.regex) or _BOUNDED.match(pattern.regex)):
        message = "not anchored: begin with ^, or it is slow and matches by chance"
        found.append(_problem(pattern, "pattern-not-anchored", message, "warning"))
    if len(_LOOSE.findall(pattern.regex)) > 1:
        message = "more than one .* or .+: give the slots a type such as [^:]+ or \\d+"
        found.append(_problem(pattern, "pattern-loose", message, "warning"))
    return found


def ambiguities(library: Library) -> list[tuple[str, str, str]]:
    """Examples that an earlier pattern takes away: (pattern, the other pattern, example)."""
    # A continuation takes nothing from others but right below what it belongs to.
    alone = tuple(p for p in library.patterns if p.intent != CONTINUATION)
    explainer = Explainer(Library(alone), live=LIVE)
    found: list[tuple[str, str, str]] = []
    for pattern in alone:
        # An opening explains nothing by itself: what stands behind it does.
        if pattern.multiline or pattern.state != "active" or pattern.intent == PREFIX:
            continue
        for text in pattern.examples:
            hit = explainer.line(text.encode())
            if hit is not None and hit.pattern.name != pattern.name:
                found.append((pattern.name, hit.pattern.name, text))
    return found


def _problem(pattern: Pattern, code: str, message: str, severity: Severity) -> Problem:
    span = Span(line=pattern.line, column=0, end_line=pattern.line, end_column=0)
    return Problem(code=code, message=f"{pattern.name}: {message}", severity=severity, span=span)
