"""The small pieces: quantities, code spans, slugs."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.plans.codespan import code_span, span_at
from makeitso.plans.quantity import format_count, format_duration, parse_count, parse_duration
from makeitso.plans.slug import slug, stem

DAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("text", "count"),
    [("120k", 120_000), ("1.5M", 1_500_000), ("250_000", 250_000), ("250000 tokens", 250_000),
     ("1,000", 1000), ("0", 0), ("1.0001k", None), ("k", None), ("-1", None), ("1__0", None),
     ("12 apples", None), ("9" * 5000, None), ("\u0663", None)],
)  # fmt: skip
def test_counts(text: str, count: int | None) -> None:
    assert parse_count(text) == count


@given(st.integers(0, 10**30))
def test_counts_written_read_back(count: int) -> None:
    assert parse_count(format_count(count)) == count


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("1h", 3600), ("1h30m", 5400), ("5 min", 300), ("2 minutes", 120),
     ("45", 45), ("250ms", 0.25), ("0s", None), ("5x", None), ("", None), ("m", None)],
)  # fmt: skip
def test_durations(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@given(st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False))
def test_durations_written_read_back(seconds: float) -> None:
    assert parse_duration(format_duration(seconds)) == seconds


@given(st.text(alphabet="ab `", min_size=1).filter(bool))
def test_code_spans_written_read_back(content: str) -> None:
    written = code_span(content)
    span = span_at(f"{written} x", 0)
    assert span is not None
    assert span.content == content
    assert span.end == len(written)


@pytest.mark.parametrize(
    ("goal", "expected"),
    [
        ("Fix the parser!", "fix-the-parser"),
        ("Größe & Æther: naïve café", "grosse-aether-naive-cafe"),
        ("Don't repeat", "dont-repeat"),
        ("исправь", "plan"),
        ("", "plan"),
        ("../../etc/passwd", "etc-passwd"),
        ("x" * 200, "x" * 48),
        ("word " * 40, "word-word-word-word-word-word-word-word-word"),
    ],
)
def test_slugs(goal: str, expected: str) -> None:
    assert slug(goal) == expected


@given(st.text())
def test_slugs_are_safe(goal: str) -> None:
    text = slug(goal)
    assert 0 < len(text) <= 48
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert text.strip("-") == text


def test_stems_do_not_collide() -> None:
    taken = ["2026-11-22-A.plan.md", "2026-11-22-a-2", "2026-11-22-b.plan.md"]
    assert stem("a", day=DAY, taken=taken) == "2026-11-22-a-3"
    assert stem("c", day=DAY, taken=taken) == "2026-11-22-c"
