"""Ceilings of run, plan, task and phase: what is used, what is near, what a person adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.tape import Phase, Tape, options, plan_of, task_of
from makeitso.journal.ceilings import (
    Uncounted,
    all_ceilings,
    ceilings,
    nearest,
    refusal,
    to_be_said,
)
from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.words import PhaseName

LIMITS = {"run": (1000, 100), "plan": (800, 90), "task": (300, 60), "phase": (200, 30)}
"""Tokens and seconds of each."""


def tape_with_all() -> Tape:
    tape = Tape().created(options(budget_tokens=1000, budget_s=100))
    phases = (Phase(name="task", budget_tokens=200, budget_s=30),)
    first = task_of("T1", budget_tokens=300, budget_s=60, phases=phases)
    tape.planned(plan_of(first, "T2", budget_tokens=800, budget_s=90))
    return tape


def of(tape: Tape, scope: str, measure: str, task: str = "T1", phase: str = "task") -> Ceiling:
    found = ceilings(tape.state, task=task, phase=cast("PhaseName", phase))
    return next(c for c in found if (c.scope, c.measure) == (scope, measure))


def test_every_ceiling_from_the_run_down_to_the_phase_is_listed_with_its_height() -> None:
    found = ceilings(tape_with_all().state, task="T1", phase="task")
    assert [(c.scope, c.measure, c.limit) for c in found] == [
        (scope, measure, height)
        for scope, (tokens, seconds) in LIMITS.items()
        for measure, height in (("tokens", tokens), ("time", seconds * 1000))
    ]
    assert all(c.grant == c.limit for c in found)
    assert [(c.task, c.phase) for c in found[-4:]] == [("T1", None)] * 2 + [("T1", "task")] * 2


@pytest.mark.parametrize(
    ("task", "phase", "scopes"),
    [
        (None, None, {"run", "plan"}),
        ("T1", None, {"run", "plan", "task"}),
        ("T1", "verify", {"run", "plan", "task"}),
        ("T2", "task", {"run", "plan"}),
        ("gone", "task", {"run", "plan"}),
    ],
)
def test_only_what_holds_for_the_task_and_phase_is_listed(
    task: str | None, phase: str | None, scopes: set[str]
) -> None:
    found = ceilings(tape_with_all().state, task=task, phase=cast("PhaseName | None", phase))
    assert {c.scope for c in found} == scopes


def test_before_there_is_a_plan_the_run_has_its_own() -> None:
    tape = Tape().created(options(budget_tokens=100))
    tape.spend(30)
    tape.work(2_000)
    found = ceilings(tape.state)
    assert [(c.scope, c.used) for c in found] == [("run", 30)]
    assert tape.state.active_ms == 2_000


def test_tokens_count_for_run_plan_task_and_phase_those_of_the_plan_for_the_run() -> None:
    tape = tape_with_all()
    tape.spend(10)
    tape.spend(20, "T1", "task")
    tape.spend(40, "T1", "verify")
    tape.spend(80, "T2", "task")
    used = {scope: of(tape, scope, "tokens").used for scope in LIMITS}
    assert used == {"run": 150, "plan": 150, "task": 60, "phase": 20}


def test_time_of_tasks_at_once_counts_once_for_the_run() -> None:
    tape = tape_with_all()
    tape.work(5_000, "T1", "task", of_run=5_000)
    tape.work(5_000, "T2", "task", of_run=0)
    tape.work(3_000, "T1", "bootstrap")
    used = {scope: of(tape, scope, "time").used for scope in LIMITS}
    assert used == {"run": 8_000, "plan": 8_000, "task": 8_000, "phase": 5_000}


def test_time_that_is_not_counted_yet_is_added() -> None:
    tape = tape_with_all()
    tape.work(1_000, "T1", "task")
    more = Uncounted(run_ms=200, task_ms=500)
    found = ceilings(tape.state, task="T1", phase="task", more=more)
    used = {c.scope: c.used for c in found if c.measure == "time"}
    assert used == {"run": 1_200, "plan": 1_200, "task": 1_500, "phase": 1_500}


@pytest.mark.parametrize(("spent", "near", "reached"), [(159, 0, 0), (160, 1, 0), (200, 1, 1)])
def test_near_is_from_four_fifths_and_reached_is_all(spent: int, near: int, reached: int) -> None:
    tape = tape_with_all()
    tape.spend(spent, "T1", "task")
    found = ceilings(tape.state, task="T1", phase="task")
    assert len(to_be_said(tape.state, found)) == near
    assert sum(c.reached for c in found) == reached
    assert of(tape, "phase", "tokens").left == 200 - spent


def test_what_came_near_is_said_once_and_again_when_it_was_raised() -> None:
    tape = tape_with_all()
    tape.spend(190, "T1", "task")
    one = of(tape, "phase", "tokens")
    tape.add(ev.BudgetNeared(ceiling=one), "T1", "task")
    tape.spend(5, "T1", "task")
    assert to_be_said(tape.state, ceilings(tape.state, task="T1", phase="task")) == []
    tape.decide(tape.ask_budget(one), extend=10)
    again = to_be_said(tape.state, ceilings(tape.state, task="T1", phase="task"))
    assert [(c.scope, c.limit) for c in again] == [("phase", 210)]


def test_the_nearest_is_the_one_most_used_up_of_equals_the_narrowest() -> None:
    tape = tape_with_all()
    assert (best := nearest(ceilings(tape.state, task="T1", phase="task"))) is not None
    assert best.scope == "phase"
    tape.work(50_000, "T2", "task")
    assert (best := nearest(ceilings(tape.state, task="T1", phase="task"))) is not None
    assert (best.scope, best.measure) == ("plan", "time")
    assert nearest(()) is None


def test_all_ceilings_has_each_once() -> None:
    found = [c.key for c in all_ceilings(tape_with_all().state)]
    assert len(found) == len(set(found)) == 8


@pytest.mark.parametrize(
    ("used", "extend", "limit"),
    [
        (200, 0, 400),  # as much again
        (200, 50, 250),
        (260, 0, 460),  # overshot: what is granted is there to be used
        (260, 50, 310),
    ],
)
def test_a_grant_gives_what_it_says_beyond_what_is_used(used: int, extend: int, limit: int) -> None:
    tape = tape_with_all()
    tape.spend(used, "T1", "task")
    tape.decide(tape.ask_budget(of(tape, "phase", "tokens")), extend=extend)
    found = of(tape, "phase", "tokens")
    assert (found.limit, found.reached) == (limit, False)
    assert found.grant == 200
    assert of(tape, "task", "tokens").limit == 300, "only the ceiling asked about is raised"


def test_spending_between_question_and_grant_is_not_taken_from_the_grant() -> None:
    tape = tape_with_all()
    tape.spend(800, "T1", "task")
    asked = tape.ask_budget(of(tape, "plan", "tokens"))
    tape.spend(60, "T2", "task")
    tape.decide(asked, extend=100)
    assert of(tape, "plan", "tokens").left == 100


def test_time_is_granted_in_milliseconds() -> None:
    tape = tape_with_all()
    tape.work(30_500, "T1", "task")
    tape.decide(tape.ask_budget(of(tape, "phase", "time")), extend=60_000)
    found = of(tape, "phase", "time")
    assert (found.limit, found.left) == (90_500, 60_000)


def test_two_grants_add_up_and_the_first_answer_holds() -> None:
    tape = tape_with_all()
    tape.spend(200, "T1", "task")
    first = tape.ask_budget(of(tape, "phase", "tokens"))
    tape.decide(first, extend=10)
    tape.decide(first, extend=500)
    tape.spend(10, "T1", "task")
    tape.decide(tape.ask_budget(of(tape, "phase", "tokens")), extend=5)
    assert of(tape, "phase", "tokens").limit == 215


def test_an_edited_ceiling_keeps_what_was_added() -> None:
    tape = tape_with_all()
    tape.spend(800, "T1", "task")
    tape.decide(tape.ask_budget(of(tape, "plan", "tokens")), extend=100)
    tape.planned(plan_of("T1", "T2", budget_tokens=850), digest="plan-2")
    assert of(tape, "plan", "tokens").limit == 950


def test_a_refusal_holds_for_the_height_that_was_refused() -> None:
    tape = tape_with_all()
    tape.spend(200, "T1", "task")
    at = of(tape, "phase", "tokens")
    assert refusal(tape.state, at) is None
    tape.decide(tape.ask_budget(at), grant=False, because="too dear")
    assert (refused := refusal(tape.state, at)) is not None
    assert refused.because == "too dear"
    assert refusal(tape.state, of(tape, "task", "tokens")) is None
    assert refusal(tape.state, at.model_copy(update={"limit": 400})) is None
    assert at.limit == of(tape, "phase", "tokens").limit


SPENDING = st.lists(
    st.tuples(
        st.sampled_from(["tokens", "time", "grant"]),
        st.integers(0, 400),
        st.sampled_from(["T1", "T2"]),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(SPENDING, st.integers(0, 12))
def test_no_figure_is_ever_negative_and_a_fold_in_two_parts_is_the_fold(
    steps: list[tuple[str, int, str]], cut: int
) -> None:
    tape = tape_with_all()
    for what, number, task in steps:
        if what == "tokens":
            tape.spend(number, task, "task")
        elif what == "time":
            tape.work(number * 100, task, "task")
        else:
            at = nearest(ceilings(tape.state, task=task, phase="task"))
            assert at is not None
            before = tape.state.raised.get(at.key, 0)
            tape.decide(tape.ask_budget(at), extend=number)
            assert tape.state.raised[at.key] >= before + (number or at.grant)
    for ceiling in all_ceilings(tape.state):
        assert ceiling.used >= 0
        assert ceiling.left == max(0, ceiling.limit - ceiling.used)
        assert ceiling.reached == (ceiling.left == 0)
    from makeitso.journal.fold import apply

    states = fold_all(tape.events[: len(tape.events) - cut])
    for event in tape.events[len(tape.events) - cut :]:
        apply(states, event)
    if tape.run in states:
        assert states[tape.run] == tape.state
