"""Clocks of phases and of the run: what is counted, what is not, and that nothing is lost."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.runs import meter as meters
from makeitso.runs.meter import Meter

if TYPE_CHECKING:
    from makeitso.protocol.events import TimeCounted
    from makeitso.protocol.words import PhaseName


class Counted:
    """A meter over a clock that a test moves, and what it counted."""

    def __init__(self) -> None:
        self.now = 100.0
        self.active = Counter[str]()
        self.run = 0
        self.counts = 0
        self.meter = Meter(self._record, now=lambda: self.now)

    def _record(self, counted: TimeCounted, task: str | None, phase: PhaseName | None) -> None:
        self.active[f"{task}/{phase}"] += counted.active_ms
        self.run += counted.run_ms
        self.counts += 1


def test_a_phase_is_timed_from_its_beginning_to_its_end() -> None:
    seen = Counted()
    with seen.meter.running("T1", "task"):
        seen.now += 1.5
        assert seen.meter.uncounted("T1", "task").task_ms == 1500
        assert seen.meter.uncounted("T1", "task").run_ms == 1500
        assert seen.meter.uncounted("T2", "task").task_ms == 0
    assert (seen.active, seen.run) == ({"T1/task": 1500}, 1500)
    seen.now += 10
    assert seen.meter.uncounted("T1", "task").run_ms == 0


def test_tasks_at_once_count_once_for_the_run() -> None:
    seen = Counted()
    with seen.meter.running("T1", "task"):
        seen.now += 1
        with seen.meter.running("T2", "verify"):
            seen.now += 2
        seen.now += 4
    assert (seen.active, seen.run) == ({"T1/task": 7000, "T2/verify": 2000}, 7000)


def test_the_time_of_a_question_is_nobodys_work() -> None:
    seen = Counted()
    with seen.meter.running("T1", "task"):
        seen.now += 1
        with seen.meter.paused():
            seen.now += 100
            with seen.meter.paused():
                seen.now += 100
            seen.now += 100
            assert seen.meter.uncounted("T1", "task").task_ms == 0
        seen.now += 2
    assert (seen.active, seen.run) == ({"T1/task": 3000}, 3000)


def test_who_asks_outside_of_any_work_stops_no_clock() -> None:
    seen = Counted()
    with seen.meter.paused():
        seen.now += 5
    assert seen.counts == 0


def test_a_failure_is_counted_too() -> None:
    seen = Counted()

    def work() -> None:
        with seen.meter.running("T1", "task"):
            seen.now += 1
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert seen.run == 1000


def test_what_was_counted_is_not_counted_again() -> None:
    seen = Counted()
    with seen.meter.running("T1", "task"):
        seen.now += 1
        seen.meter.count()
        assert seen.run == 1000
        seen.now += 1
    assert seen.run == 2000


@pytest.mark.anyio
async def test_a_long_phase_is_counted_as_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    import anyio

    monkeypatch.setattr(meters, "BEAT_S", 0.01)
    seen = Counted()
    with anyio.fail_after(30), seen.meter.running("T1", "task"):
        async with anyio.create_task_group() as group:
            group.start_soon(seen.meter.beat)
            seen.now += 1
            while not seen.run:
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
    assert seen.run == 1000


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


STEPS = st.lists(
    st.tuples(st.sampled_from(["work", "ask", "count"]), st.integers(0, 5_000_000)), max_size=20
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_counts_add_up_to_the_time_at_work_whatever_comes_between(
    steps: list[tuple[str, int]],
) -> None:
    seen, worked = Counted(), 0.0
    with seen.meter.running("T1", "task"):
        for what, microseconds in steps:
            if what == "ask":
                with seen.meter.paused():
                    seen.now += microseconds / 1e6
                continue
            seen.now += microseconds / 1e6
            worked += microseconds / 1e6
            if what == "count":
                seen.meter.count()
    assert seen.active["T1/task"] == seen.run or abs(seen.active["T1/task"] - seen.run) <= len(
        steps
    )
    assert 0 <= worked * 1000 - seen.active["T1/task"] <= 1 + len(steps)
