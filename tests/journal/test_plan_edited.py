"""While an edited plan waits for its approval, what has begun goes on and nothing new starts."""

from __future__ import annotations

import pytest

from journal.tape import Tape, options, plan_of
from makeitso.journal import steps as todo
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev

RULES = Rules(max_concurrency=3)


def edited(answer: str) -> Tape:
    """T1 stands for review, T2 is at work, T3 has not begun; then the plan gets a fourth task."""
    tape = Tape().created(options("delegate")).planned(plan_of("T1", "T2", "T3"))
    tape.reviewing("T1", "h1", "h2")
    tape.ask("change", "T1", digest="T1 h1 h2")
    tape.phase("T2", "bootstrap", effects=False)
    tape.planned(plan_of("T1", "T2", "T3", "T4"), "plan-2", granted=False)
    if answer != "not asked":
        name = tape.ask("plan", digest="plan-2")
        if answer == "denied":
            tape.decide(name, grant=False, because="no T4")
    return tape


@pytest.mark.parametrize("answer", ["not asked", "open", "denied"])
def test_what_is_accepted_lands(answer: str) -> None:
    tape = edited(answer)
    assert todo.Land("T1") not in next_steps(tape.state, RULES)
    tape.mark("T1", "h1")
    tape.mark("T1", "h2", to="rejected")
    assert todo.Land("T1") in next_steps(tape.state, RULES)
    assert next_steps(tape.state, RULES, settle_only=True)[0] == todo.Land("T1")
    tape.land("T1", "h1")
    tape.check("T1", "landed")
    ended = todo.EndTask("T1", "landed", "1 hunk rejected")
    closed = todo.CloseReview("T1")
    assert {ended, closed} & set(next_steps(tape.state, RULES))


@pytest.mark.parametrize("answer", ["not asked", "open"])
def test_only_what_has_not_begun_waits(answer: str) -> None:
    found = next_steps(edited(answer).state, RULES)
    assert todo.RunPhase("T2", "task") in found
    assert (todo.AskPlan() in found) == (answer == "not asked")
    assert not [s for s in found if {"T3", "T4"} & set(todo.tasks_of(s))]


def test_denied_what_is_at_work_stops_and_what_is_proposed_stands() -> None:
    tape = edited("denied")
    why = "the plan was denied: no T4"
    assert next_steps(tape.state, RULES) == [todo.EndTask("T2", "stopped", why)]
    tape.add(ev.TaskEnded(state="stopped", reason=why), "T2")
    assert next_steps(tape.state, RULES) == [], "the run is over before its change is decided"
    tape.mark("T1", "h1", "h2", to="rejected")
    assert todo.Finish("stopped", why) not in next_steps(tape.state, RULES)


def test_without_a_change_under_review_a_denied_plan_ends_the_run() -> None:
    tape = Tape().created(options("delegate")).planned(plan_of("T1"), granted=False)
    tape.decide(tape.ask("plan", digest="plan-1"), grant=False, because="no")
    assert next_steps(tape.state, RULES) == [todo.Finish("stopped", "the plan was denied: no")]
