"""What a written time stands for, and how moments and spans are shown."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from makeitso.plans.moments import parse_moment
from makeitso.runs.times import clock_text, here, span_text, when

if TYPE_CHECKING:
    from collections.abc import Iterator

NOON_MS = 1_795_348_800_000
"""2026-11-22T12:00Z."""


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone with summer time, by a rule, so that no zone files are needed."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("written", "now", "moment"),
    [
        ("18:00Z", "2026-11-22T17:00+00:00", "2026-11-22T18:00+00:00"),
        ("18:00Z", "2026-11-22T18:00+00:00", "2026-11-23T18:00+00:00"),
        ("00:30+02:00", "2026-11-22T22:15+00:00", "2026-11-23T00:30+02:00"),
        ("23:00-05:00", "2026-11-23T03:00+00:00", "2026-11-22T23:00-05:00"),
        ("18:00", "2026-11-22T12:00+00:00", "2026-11-22T18:00+01:00"),
        ("18:00", "2026-11-22T17:30+00:00", "2026-11-23T18:00+01:00"),
        ("08:00", "2026-10-24T12:00+02:00", "2026-10-25T08:00+01:00"),
        ("2020-01-01T00:00Z", "2026-11-22T17:00+00:00", "2020-01-01T00:00+00:00"),
        ("2026-07-01 09:15", "2026-11-22T17:00+00:00", "2026-07-01T09:15+02:00"),
    ],
)
def test_a_time_is_the_next_such_time_here(written: str, now: str, moment: str) -> None:
    found = parse_moment(written)
    assert found is not None
    assert when(found, now=datetime.fromisoformat(now)) == datetime.fromisoformat(moment)


def test_the_last_day_has_no_morrow() -> None:
    found = parse_moment("00:00Z")
    assert found is not None
    with pytest.raises(OverflowError):
        when(found, now=datetime.fromisoformat("9999-12-31T23:00+00:00"))


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "13:00"), (5_000, "13:00:05"), (11 * 3_600_000, "2026-11-23 00:00"),
     (-13 * 3_600_000, "00:00"), (-14 * 3_600_000, "2026-11-21 23:00"),
     (10**17, "9999-12-31 23:59:59")],
)  # fmt: skip
def test_a_moment_is_shown_as_the_clock_on_the_wall(ms: int, text: str) -> None:
    assert clock_text(NOON_MS + ms, now_ms=NOON_MS) == text
    assert here(NOON_MS).isoformat() == "2026-11-22T13:00:00+01:00"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-1, "0 s"), (0.4, "0 s"), (45, "45 s"), (90, "2 min"), (720, "12 min"), (3570, "1 h"),
     (7500, "2 h 5 min"), (48 * 3600, "2 d"), (76 * 3600, "3 d 4 h")],
)  # fmt: skip
def test_a_span_is_shown_roughly(seconds: float, text: str) -> None:
    assert span_text(seconds) == text
