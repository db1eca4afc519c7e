"""Tokens, time and ceilings as people read them."""

from __future__ import annotations

import pytest

from journal.tape import Phase, Tape, options, plan_of, task_of
from makeitso.journal.costs import bar, lasted, nearest_shown, progress_line, run_costs
from makeitso.journal.view import run_view


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0s"),
        (59_999, "59s"),
        (60_000, "1m"),
        (192_900, "3m12s"),
        (3_600_000, "1h"),
        (3_599_000, "59m59s"),
        (3_840_000, "1h04m"),
        (360_000_000, "100h"),
    ],
)
def test_a_time_has_its_two_largest_units(ms: int, shown: str) -> None:
    assert lasted(ms) == shown


@pytest.mark.parametrize(
    ("used", "budget", "shown"),
    [(0, 0, ""), (5, 0, ""), (0, 9, "░" * 10), (99, 100, "█" * 9 + "░"), (300, 100, "█" * 10)],
)
def test_a_bar_is_full_only_when_nothing_is_left(used: int, budget: int, shown: str) -> None:
    assert bar(used, budget) == shown


def running() -> Tape:
    tape = Tape().created(options(budget_tokens=500_000, budget_s=3600))
    first = task_of("T1", budget_tokens=120_000, phases=(Phase(name="task", budget_tokens=60_000),))
    tape.planned(plan_of(first, "T2", "T3"))
    for task in ("T1", "T2"):
        tape.phase(task, "task", None)
    tape.spend(48_000, "T1", "task")
    tape.spend(13_000, "T2", "task")
    tape.work(192_000, "T1", "task")
    tape.work(30_000, "T2", "task", of_run=0)
    return tape


def test_the_line_of_progress_says_each_task_at_work_and_the_run() -> None:
    assert progress_line(run_view(running().state)) == (
        "T1 task 3m12s · 48k/120k tokens · T2 task 30s · 13k tokens"
        " · run 3m12s/1h · 61k/500k tokens"
    )


def test_a_task_that_waits_for_a_person_is_not_at_work() -> None:
    tape = running()
    tape.ask("command", "T1")
    assert progress_line(run_view(tape.state)).startswith("T2 task 30s")


def test_without_a_ceiling_on_time_the_run_says_tokens_only() -> None:
    tape = Tape().created(options(budget_tokens=0)).planned(plan_of("T1"))
    assert progress_line(run_view(tape.state)) == "run 0 tokens"
    assert run_costs(run_view(tape.state)) == "0s · 0 tokens"


def test_the_nearest_ceiling_is_named_with_its_height() -> None:
    view = run_view(running().state)
    assert view.nearest is not None
    assert nearest_shown(view.nearest) == "phase task of T1: 80 % of 60k tokens"
    tape = Tape().created(options(budget_tokens=0, budget_s=90)).planned(plan_of("T1"))
    tape.work(45_000, "T1", "task")
    view = run_view(tape.state)
    assert view.nearest is not None
    assert nearest_shown(view.nearest) == "run: 50 % of 1m30s"
