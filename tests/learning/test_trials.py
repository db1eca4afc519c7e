from __future__ import annotations

import random

import pytest

from makeitso.learning.drift import SHIFTED, Cusum, drift_of, psi, value_types
from makeitso.learning.trials import control_rate, evidence, in_trial, verdict


def rolled_back(rate: float, *, control: float, runs: int, seed: int) -> bool:
    """Looked at after every run, as a canary is."""
    chance = random.Random(seed)
    seen: list[bool] = []
    for _ in range(runs):
        seen.append(chance.random() < rate)
        if evidence(seen, control=control) >= 20:
            return True
    return False


def test_false_alarms_stay_under_one_in_twenty() -> None:
    alarms = sum(rolled_back(0.03, control=0.03, runs=300, seed=n) for n in range(120))
    assert alarms <= 6


def test_a_pattern_that_is_five_times_worse_is_found() -> None:
    found = sum(rolled_back(0.15, control=0.03, runs=200, seed=n) for n in range(60))
    assert found >= 58


def test_a_trial_that_goes_well_is_promoted_and_one_that_does_not_is_rolled_back() -> None:
    control = control_rate(0, 40)
    assert verdict([], control=control) == "go-on"
    assert verdict([False] * 3, control=control) == "go-on"
    assert verdict([False] * 20, control=control) == "promote"
    assert verdict([True] * 3, control=control) == "roll-back"
    # Decided once: good runs that come later do not undo it.
    assert verdict([True] * 3 + [False] * 400, control=control) == "roll-back"


def test_without_control_runs_nothing_is_taken_for_granted() -> None:
    assert control_rate(0, 0) == 0.5
    assert control_rate(0, 10_000) == 0.01
    assert verdict([False] * 9, control=0.5) == "go-on"


def test_the_same_run_always_tries_the_same_and_the_share_holds() -> None:
    chosen = [in_trial(f"run-{n}", "p-one", share=0.1) for n in range(3000)]
    assert chosen == [in_trial(f"run-{n}", "p-one", share=0.1) for n in range(3000)]
    assert 220 < sum(chosen) < 380
    other = [in_trial(f"run-{n}", "p-two", share=0.1) for n in range(3000)]
    assert other != chosen
    assert not any(in_trial(f"run-{n}", "p-one", share=0) for n in range(300))
    assert all(in_trial(f"run-{n}", "p-one", share=1) for n in range(300))


def test_shares_that_shift_have_an_index() -> None:
    assert psi({"a": 50, "b": 50}, {"a": 500, "b": 500}) == pytest.approx(0)
    assert psi({"a": 90, "b": 10}, {"a": 10, "b": 90}) > SHIFTED
    assert psi({}, {"a": 1}) == 0
    drift = drift_of({"x": (50, 100), "y": (10, 100)}, {"x": (0, 100), "y": (11, 100)})
    assert drift["x"] > SHIFTED > drift["y"]


def test_the_types_of_values_are_counted_by_field() -> None:
    found = value_types([{"code": "12"}, {"code": "77"}, {"code": "E12"}, {"code": ""}])
    assert found == {"code=INT": 2, "code=ID": 1, "code=EMPTY": 1}


def test_a_miss_rate_that_stays_higher_raises_an_alarm() -> None:
    usual = Cusum(usual=0.1)
    for _ in range(50):
        usual = usual.seen(0.12)
    assert not usual.alarm()
    worse = Cusum(usual=0.1)
    for _ in range(3):
        worse = worse.seen(0.4)
    assert worse.alarm()
