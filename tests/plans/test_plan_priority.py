"""`- priority:` as people write it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.plans.digest import task_digest
from makeitso.plans.priority import priority_text
from makeitso.plans.read import ReadPlan, read_text


def _plan(line: str) -> ReadPlan:
    return read_text(f"# x\n\ny\n\n- [ ] **T1** z\n{line}", plan_id="2026-01-01-x")


def _read(said: str) -> tuple[int, list[tuple[str, str]]]:
    read = _plan(f"  - priority: {said}\n")
    problems = [(p.code, p.message) for p in read.problems]
    return read.plan.tasks[0].priority, problems


@pytest.mark.parametrize(
    ("said", "means"),
    [("high", 10), ("Normal", 0), ("`low`", -10), ("3", 3), ("-100", -100), ("+7", 7)],
)
def test_words_and_numbers(said: str, means: int) -> None:
    assert _read(said) == (means, [])


@pytest.mark.parametrize("said", ["urgent", "101", "1.5", "-1000000000", "--3", "٣"])
def test_anything_else_is_an_error_and_counts_as_normal(said: str) -> None:
    number, problems = _read(said)
    assert number == 0
    assert [code for code, _ in problems] == ["value-invalid"]


def test_a_slip_is_offered_as_a_fix() -> None:
    read = _plan("  - priority: hihg\n")
    (problem,) = read.problems
    assert [fix.title for fix in problem.fixes] == ["Replace by `high`"]


@given(st.integers(-100, 100))
@settings(max_examples=30, deadline=None)
def test_what_is_written_reads_back(number: int) -> None:
    assert _read(priority_text(number)) == (number, [])


def test_a_priority_is_intent_and_normal_is_as_if_none_was_given() -> None:
    def digest(line: str) -> str:
        return task_digest(_plan(line).plan.tasks[0])

    assert digest("  - priority: normal\n") == digest("")
    assert digest("  - priority: high\n") != digest("")


def test_a_slip_of_the_key_is_offered_too() -> None:
    read = _plan("  - prioritty: 3\n")
    assert [(p.code, p.fixes[0].title) for p in read.problems] == [
        ("key-misspelt", "Replace by `priority`")
    ]
