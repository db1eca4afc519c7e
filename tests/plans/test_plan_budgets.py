"""Budgets in a plan: tokens and time of plan, task and phase, and what is said of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.plans.amounts import budget_text, format_span, readings
from makeitso.plans.check import check_plan
from makeitso.plans.digest import plan_digest
from makeitso.plans.facts import PlanFacts
from makeitso.plans.read import ReadPlan, read_text


def plan(keys: str = "", settings: str = "") -> ReadPlan:
    block = f"\n```toml\n{settings}\n```\n" if settings else ""
    return read_text(f"# x\n\ny\n\n- [ ] **T1** z\n{keys}{block}", plan_id="2026-01-01-x")


def budget(said: str) -> tuple[int | None, int | None, list[str]]:
    read = plan(f"  - budget: {said}\n")
    task = read.plan.tasks[0]
    return task.budget_tokens, task.budget_s, [p.code for p in read.problems]


@pytest.mark.parametrize(
    ("said", "tokens", "seconds"),
    [
        ("120k tokens, 30 min", 120_000, 1800),
        ("30 min, 120k", 120_000, 1800),
        ("1h30m", None, 5400),
        ("90 s", None, 90),
        ("90s; 1.5M", 1_500_000, 90),
        ("2 hours", None, 7200),
        ("5 minutes", None, 300),
        ("`250_000`", 250_000, None),
        ("250,000", 250_000, None),
        ("250000 tokens", 250_000, None),
        ("5M", 5_000_000, None),
        ("5m tokens", 5_000_000, None),
        ("0", 0, None),
        ("0 min", None, 0),
    ],
)
def test_tokens_and_time(said: str, tokens: int | None, seconds: int | None) -> None:
    assert budget(said) == (tokens, seconds, [])


@pytest.mark.parametrize("said", ["many", "12 apples", "-5 min", "1k2", "٣ min", "1d"])
def test_what_is_neither_is_an_error_and_sets_nothing(said: str) -> None:
    assert budget(said) == (None, None, ["value-invalid"])


def test_minutes_or_millions_is_asked_about_with_a_fix_for_each() -> None:
    read = plan("  - budget: 5m\n")
    (problem,) = read.problems
    assert problem.code == "value-invalid"
    assert [fix.new_text for fix in problem.fixes] == ["5 min", "5M tokens"]
    assert (read.plan.tasks[0].budget_tokens, read.plan.tasks[0].budget_s) == (None, None)


def test_a_number_cut_by_its_comma_is_not_taken_for_two() -> None:
    tokens, seconds, problems = budget("250,000 tokens, 30 min")
    assert (tokens, seconds, problems) == (250, 1800, ["value-invalid"])


def test_a_phase_takes_policy_tokens_and_time_in_any_order() -> None:
    read = plan("  - task: 20 min, manual, 120k tokens\n  - verify: 5 min\n")
    task, verify = read.plan.tasks[0].phases
    assert (task.approval, task.budget_tokens, task.budget_s) == ("manual", 120_000, 1200)
    assert (verify.approval, verify.budget_tokens, verify.budget_s) == (None, None, 300)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("30", 1800), ("0.5", 30), ("0", 0), ('"1h30m"', 5400), ('"90 s"', 90), ("0.001", 1)],
)
def test_minutes_of_the_whole_plan(value: str, seconds: int) -> None:
    read = plan(settings=f"budget_minutes = {value}")
    assert (read.plan.budget_s, read.problems) == (seconds, ())


@pytest.mark.parametrize("value", ["-1", "true", '"soon"', '"30"', "nan", "inf", "1e300", "[1]"])
def test_other_values_are_errors(value: str) -> None:
    read = plan(settings=f"budget_minutes = {value}")
    assert read.plan.budget_s is None
    assert [p.code for p in read.problems] == ["settings-value-invalid"]


def test_a_misspelt_setting_is_offered_as_a_fix() -> None:
    (problem,) = plan(settings="budget_minute = 3").problems
    assert [fix.new_text for fix in problem.fixes] == ["budget_minutes"]


@pytest.mark.parametrize(
    ("keys", "settings", "said"),
    [
        ("", "budget_minutes = 61", "The plan's budget, 61 min, is over the config's 1 h."),
        ("  - budget: 2 h\n", "", "The budget of `T1`, 2 h, is over the plan's 1 h."),
        (
            "  - budget: 10 min\n  - verify: 11 min\n",
            "",
            "The budget of the phase verify, 11 min, is over the task's 10 min.",
        ),
        (
            "  - task: 31 min\n",
            "budget_minutes = 30",
            "The budget of the phase task, 31 min, is over the plan's 30 min.",
        ),
        ("  - budget: 0 min\n", "", "The budget of `T1` sets no ceiling; the plan's 1 h hold."),
        ("  - budget: 10 min\n", "budget_minutes = 10", None),
    ],
)
def test_a_ceiling_on_time_above_the_one_it_lies_under(
    keys: str, settings: str, said: str | None
) -> None:
    keys = f"  - done when: `true`\n  - files: a\n{keys}"
    found = check_plan(plan(keys, settings), facts=PlanFacts(budget_s=3600))
    assert [p.message for p in found] == ([said] if said else [])
    assert all(p.code == "budget-over" and p.severity == "warning" for p in found)


def test_time_is_part_of_what_is_approved() -> None:
    digests = {
        plan_digest(plan(keys, setting).plan)
        for keys, setting in [
            ("", ""),
            ("  - budget: 5 min\n", ""),
            ("  - budget: 6 min\n", ""),
            ("  - task: 5 min\n", ""),
            ("", "budget_minutes = 5"),
        ]
    }
    assert len(digests) == 5


@given(st.none() | st.integers(0, 10**12), st.none() | st.integers(0, 10**7))
@settings(max_examples=100, deadline=None)
def test_budgets_written_read_back(tokens: int | None, seconds: int | None) -> None:
    said = budget_text(tokens, seconds)
    if said:
        assert budget(said) == (tokens, seconds, [])


@given(st.integers(1, 10**7))
@settings(max_examples=50, deadline=None)
def test_a_span_written_means_itself_alone(seconds: int) -> None:
    assert readings(format_span(seconds)) == (("time", seconds),)
