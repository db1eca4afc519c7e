"""Judgements are held to the checks, to the number of rounds, and to sane waits."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manager_samples import FAILED, HUNG, PASSED, judge_request

from makeitso.managers.bounds import Limits, hold
from makeitso.protocol.plan import Judgement

if TYPE_CHECKING:
    from makeitso.protocol.words import Verdict

LIMITS = Limits(max_no_progress=2, least_wait_s=1.0, longest_wait_s=60.0)


def judged(
    verdict: Verdict, *, instructions: str = "", wait_s: float = 0.0, **wait: str
) -> Judgement:
    return Judgement(
        verdict=verdict, instructions=instructions, note="Model says.", wait_s=wait_s, **wait
    )


def test_going_on_within_the_limits_is_left_alone() -> None:
    judgement = judged("continue", instructions="mend it")
    request = judge_request(round=2, max_rounds=3, no_progress=1)
    assert hold(judgement, request, limits=LIMITS) == judgement


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"round": 3}, "Stopped after round 3 of at most 3. Model says."),
        ({"round": 9}, "Stopped after round 9 of at most 3. Model says."),
        ({"no_progress": 2}, "Stopped after 2 rounds without a new difference. Model says."),
    ],
)
def test_going_on_beyond_a_limit_ends_with_the_reason(
    changes: dict[str, object], says: str
) -> None:
    request = judge_request(**changes)
    held = hold(judged("continue", instructions="mend it"), request, limits=LIMITS)
    assert (held.verdict, held.instructions, held.note) == ("abort", "", says)


def test_done_at_the_last_round_is_done() -> None:
    assert hold(judged("done"), judge_request(round=3), limits=LIMITS) == judged("done")


def test_done_with_a_failed_check_goes_back_with_its_output() -> None:
    held = hold(judged("done"), judge_request(checks=(PASSED, FAILED)), limits=LIMITS)
    assert held.verdict == "continue"
    assert "$ make lint\nfailed with exit code 2\nboom at line 3" in held.instructions
    assert "make test" not in held.instructions
    assert held.note == "Called done, but one check failed."


def test_a_check_that_did_not_end_is_not_passed() -> None:
    held = hold(judged("done"), judge_request(checks=(HUNG,)), limits=LIMITS)
    assert held.verdict == "continue"
    assert "$ make slow\ndid not end by itself" in held.instructions


def test_done_with_a_failed_check_in_the_last_round_ends() -> None:
    held = hold(judged("done"), judge_request(round=3, checks=(FAILED,)), limits=LIMITS)
    assert held.verdict == "abort"
    assert held.note == "Stopped after round 3 of at most 3. Called done, but one check failed."


@pytest.mark.parametrize(
    ("asked", "given"),
    [(0.0, 0.0), (-5.0, 0.0), (0.1, 1.0), (30.0, 30.0), (1e9, 60.0), (math.inf, 60.0),
     (math.nan, 0.0)],
)  # fmt: skip
def test_a_wait_is_clamped(asked: float, given: float) -> None:
    assert hold(judged("wait", wait_s=asked), judge_request(), limits=LIMITS).wait_s == given


def test_a_wait_without_waiting_is_none() -> None:
    said = judged("done", wait_s=30.0, wait_until="18:00", wait_command="make ready")
    held = hold(said, judge_request(), limits=LIMITS)
    assert (held.wait_s, held.wait_until, held.wait_command) == (0.0, "", "")


def test_a_time_or_a_command_stands_instead_of_seconds() -> None:
    for wait in ({"wait_until": "18:00"}, {"wait_command": "make ready"}):
        held = hold(judged("wait", wait_s=30.0, **wait), judge_request(), limits=LIMITS)
        assert held.wait_s == 0.0
        assert (held.wait_until, held.wait_command) == (
            wait.get("wait_until", ""),
            wait.get("wait_command", ""),
        )


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["done", "continue", "need_input", "wait", "abort"]),
    st.floats(),
    st.sampled_from(["", " ", "18:00"]),
    st.integers(1, 5),
    st.integers(0, 4),
    st.lists(st.sampled_from([PASSED, FAILED, HUNG]), max_size=2).map(tuple),
)
def test_holding_twice_is_holding_once_and_rounds_end(
    verdict: Verdict,
    wait_s: float,
    until: str,
    number: int,
    no_progress: int,
    checks: tuple[object, ...],
) -> None:
    request = judge_request(round=number, no_progress=no_progress, checks=checks)
    once = hold(
        judged(verdict, instructions="i", wait_s=wait_s, wait_until=until), request, limits=LIMITS
    )
    assert hold(once, request, limits=LIMITS) == once
    if number >= request.max_rounds or no_progress >= LIMITS.max_no_progress:
        assert once.verdict != "continue"
