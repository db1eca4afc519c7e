"""What the detectors count, with time handed in."""

from __future__ import annotations

from makeitso.monitor.detectors import FLOOD_S, MOST_COMPARED, Flood, Loop, Stall


def test_silence_is_counted_from_the_last_progress() -> None:
    stall = Stall(100.0)
    assert stall.silent_s(130.0) == 30.0
    stall.progress(140.0)
    assert stall.silent_s(150.0) == 10.0
    assert stall.silent_s(139.0) == 0.0


def test_silence_while_a_person_is_asked_is_none() -> None:
    stall = Stall(0.0)
    stall.asks()
    stall.asks()
    assert stall.silent_s(1e6) == 0.0
    stall.answered(1e6)
    assert stall.silent_s(2e6) == 0.0, "one question is still open"
    stall.answered(2e6)
    assert stall.silent_s(2e6 + 5) == 5.0


def _run(loop: Loop, output: bytes, call: str = "make", outcome: str = "exit 1") -> int:
    loop.output("i", output)
    return loop.ended("i", call, outcome)


def test_the_same_call_with_the_same_outcome_is_counted() -> None:
    loop = Loop()
    assert [_run(loop, b"failed in 0.03s") for _ in range(3)] == [1, 2, 3]
    assert _run(loop, b"failed in 12.9s") == 4, "a time is no difference"


def test_another_call_outcome_output_or_a_change_breaks_the_row() -> None:
    loop = Loop()
    _run(loop, b"x")
    assert _run(loop, b"x", call="ls") == 1
    assert _run(loop, b"x", call="ls", outcome="exit 0") == 1
    assert _run(loop, b"y", call="ls", outcome="exit 0") == 1
    assert _run(loop, b"y", call="ls", outcome="exit 0") == 2
    loop.progress()
    assert _run(loop, b"y", call="ls", outcome="exit 0") == 1


def test_output_of_other_calls_is_not_mixed_in() -> None:
    loop = Loop()
    for number in range(3):
        loop.output("other", b"tick " * (number + 1))
        assert _run(loop, b"same") == number + 1


def test_what_is_compared_is_bounded() -> None:
    loop = Loop()
    for number in range(2):
        for _ in range(5):
            loop.output("i", b"a" * MOST_COMPARED)
        loop.output("i", b"b" * number)
        assert loop.ended("i", "cat", "exit 0") == number + 1


def test_a_flood_lasts() -> None:
    flood = Flood(10.0)
    flood.output(10_000, 10.5)
    assert not flood.sustained(1_000, 10.9), "a burst"
    for second in range(FLOOD_S):
        flood.output(2_000, 11.5 + second)
    assert flood.sustained(1_000, 14.6)
    assert not flood.sustained(2_000, 14.6)
    assert not flood.sustained(1_000, 16.0), "it has stopped"
    assert flood.total == 10_000 + FLOOD_S * 2_000


def test_a_flood_needs_few_counters() -> None:
    flood = Flood(0.0)
    for second in range(1_000):
        flood.output(1, float(second))
    assert flood.counters <= FLOOD_S + 1
