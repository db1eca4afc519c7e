from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from journal.drawn_events import DRAWN
from journal.event_strategies import any_events, played_runs
from makeitso.journal.fold import UNFOLDED, apply, fold_all
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.journal.steps import AskPhase, AskPlan, AskReview, MakePlan, RunPhase
from makeitso.journal.view import run_view
from makeitso.protocol import events as ev
from makeitso.protocol.words import PHASES
from makeitso.wiring.faults import event_types

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.events import Event

BUDGET = settings(max_examples=40, deadline=None)
RULES = Rules(max_concurrency=2)
EVENTS = st.one_of(played_runs(), any_events())


def onto(runs: dict[str, RunState], events: list[Event]) -> dict[str, RunState]:
    """The same states with more events in them; what was handed in stays as it is."""
    states = copy.deepcopy(runs)
    for event in events:
        apply(states, event)
    return states


@BUDGET
@given(events=EVENTS, data=st.data())
def test_folding_in_two_goes_is_folding_at_once(events: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    first = fold_all(events[:cut])
    assert onto(first, events[cut:]) == fold_all(events)
    assert first == fold_all(events[:cut]), "the fold shares nothing between states"


@BUDGET
@given(events=EVENTS)
def test_any_order_of_events_can_be_folded_shown_and_scheduled(events: list[Event]) -> None:
    for run in fold_all(reversed(events)).values():
        next_steps(run, RULES)
    for run in fold_all(events).values():
        next_steps(run, RULES)
        for alive in (True, False):
            view = run_view(run, alive=alive)
            assert [task.id for task in view.tasks] == list(run.tasks)
            assert all(tuple(p.name for p in task.phases) == PHASES for task in view.tasks)


@BUDGET
@given(events=any_events())
def test_the_first_decision_holds(events: list[Event]) -> None:
    states: dict[str, RunState] = {}
    held: dict[tuple[str, str], object] = {}
    for event in events:
        apply(states, event)
        if isinstance(event.data, ev.RunCreated) and event.run:
            held = {key: value for key, value in held.items() if key[0] != event.run}
        for run in states.values():
            for approval in run.approvals.values():
                if approval.state == "pending":
                    continue
                key = (run.id, approval.id)
                answer = (approval.state, approval.scope, approval.who, approval.decided_at)
                assert held.setdefault(key, answer) == answer


@BUDGET
@given(events=EVENTS)
def test_only_what_settles_is_left_when_nobody_may_spend_or_ask(events: list[Event]) -> None:
    for run in fold_all(events).values():
        everything = next_steps(run, RULES)
        settled = next_steps(run, RULES, settle_only=True)
        asks_or_spends = MakePlan | AskPlan | AskPhase | AskReview | RunPhase
        assert settled == [s for s in everything if not isinstance(s, asks_or_spends)]


@BUDGET
@given(events=EVENTS)
def test_what_is_under_way_is_not_begun_again(events: list[Event]) -> None:
    for run in fold_all(events).values():
        steps = next_steps(run, RULES)
        assert len(set(steps)) == len(steps)
        assert next_steps(run, RULES, busy=steps) == []
        assert next_steps(run, RULES) == steps, "looking changes nothing"


@BUDGET
@given(events=played_runs())
def test_tokens_and_marks_of_a_played_run_add_up(events: list[Event]) -> None:
    (run,) = fold_all(events).values()
    for task in run.tasks.values():
        landed = {h for landing in task.landings for h in landing.landed}
        assert landed == {h for h, state in task.hunks.items() if state == "landed"}
        if task.ended == "landed":
            assert task.settled
            assert "accepted" not in task.hunks.values()
    if run.finished is not None:
        assert all(task.ended for task in run.tasks.values() if task.started)


@BUDGET
@given(events=EVENTS)
def test_what_is_not_read_changes_no_state(events: list[Event]) -> None:
    assert fold_all(e for e in events if e.type not in UNFOLDED) == fold_all(events)


def test_the_types_that_are_not_read_are_types_of_events() -> None:
    assert set(event_types()) > UNFOLDED


@settings(max_examples=1)
@given(data=st.data())
def test_events_of_every_type_are_drawn(data: st.DataObject) -> None:
    assert {data.draw(one).type for one in DRAWN} == set(event_types())
