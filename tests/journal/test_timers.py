"""Waits in the journal: what they hold back, what ends them, how long they still take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journal.tape import Tape, options, plan_of, task_of
from journal.test_next_steps import begun, first, steps
from makeitso.journal import steps as todo
from makeitso.journal.rules import Rules
from makeitso.journal.state import TaskState
from makeitso.journal.timers import (
    WaitState,
    left_s,
    look_in_s,
    of_verdict,
    pause_s,
    wait_before,
)
from makeitso.journal.view import only_timers, run_view
from makeitso.protocol import events as ev
from makeitso.protocol.wait import Pace, WaitFor

PAUSE = WaitFor(seconds=60)
READY = WaitFor(command="make ready")
PACED = Rules(max_concurrency=1, pre_task_wait_s=60)


def ended(tape: Tape, wait: int, reason: str = "elapsed", task: str = "T1") -> None:
    tape.add(ev.WaitEnded.model_validate({"wait": wait, "reason": reason, "because": "no"}), task)


def test_a_task_waits_before_it_starts_and_once() -> None:
    tape = begun(task_of("T1", wait=PAUSE.model_dump()))
    assert steps(tape) == [todo.Wait("T1")]
    wait = tape.wait("T1", PAUSE)
    assert steps(tape) == [todo.Wait("T1")]
    assert steps(tape, settle_only=True) == []
    ended(tape, wait)
    assert steps(tape) == first("T1")


def test_the_wait_of_a_task_stands_for_that_of_the_config() -> None:
    tape = begun("T1", task_of("T2", wait={"seconds": 0}), task_of("T3", wait={"until": "18:00"}))
    tasks = tape.state.tasks
    assert wait_before(tasks["T1"], PACED) == PAUSE
    assert wait_before(tasks["T2"], PACED) is None
    assert wait_before(tasks["T3"], PACED) == WaitFor(until="18:00")
    assert wait_before(tasks["T1"], Rules()) is None


def test_who_waits_holds_no_place_and_pauses_stand_between_tasks() -> None:
    tape = begun(
        "T1", "T2", task_of("T3", wait={"command": "c"}), task_of("T4", wait={"seconds": 0})
    )
    assert steps(tape, PACED) == [todo.Wait("T1"), todo.Wait("T3"), *first("T4")]
    paused, outside = tape.wait("T1", PAUSE, "config"), tape.wait("T3", WaitFor(command="c"))
    assert steps(tape, PACED) == [todo.Wait("T1"), todo.Wait("T3"), *first("T4")]
    tape.add(ev.TaskStarted(), "T4")
    ended(tape, paused)
    ended(tape, outside, "succeeded", "T3")
    assert steps(tape, PACED) == first("T4"), "there is no place for more"
    tape.add(ev.TaskEnded(state="landed"), "T4")
    assert steps(tape, PACED) == first("T1"), "T2 pauses when there is a place for it"
    tape.add(ev.TaskStarted(), "T1")
    tape.add(ev.TaskEnded(state="landed"), "T1")
    assert steps(tape, PACED) == [todo.Wait("T2"), *first("T3")]


def test_a_wait_in_the_middle_stops_the_phase_and_nothing_else() -> None:
    tape = begun("T1", "T2")
    tape.add(ev.TaskStarted(), "T1")
    tape.add(ev.PhaseStarted(), "T1", "bootstrap")
    wait = tape.wait("T1", READY, "manager")
    assert steps(tape) == [todo.Wait("T1"), *first("T2")]
    assert steps(tape, busy={todo.Wait("T1")}) == first("T2")
    ended(tape, wait, "gave_up")
    assert steps(tape) == first("T1", "T2"), "the manager hears of it and judges"


@pytest.mark.parametrize(
    ("reason", "says"),
    [("gave_up", "it waited for it, in vain"), ("refused", "cannot wait for it: no")],
)
def test_a_task_whose_wait_was_in_vain_fails(reason: str, says: str) -> None:
    tape = begun(task_of("T1", wait=READY.model_dump()), task_of("T2", after=["T1"]))
    ended(tape, tape.wait("T1", READY), reason)
    (step,) = steps(tape)
    assert isinstance(step, todo.EndTask)
    assert (step.task, step.state) == ("T1", "failed")
    assert says in step.reason


def test_the_first_end_of_a_wait_holds_and_only_of_that_wait() -> None:
    tape = begun("T1")
    wait = tape.wait("T1", READY)
    ended(tape, wait + 7)
    tape.add(
        ev.WaitLooked(wait=wait + 7, exit_code=0, duration_ms=1, sandboxed=True, next_at=1), "T1"
    )
    task = tape.state.tasks["T1"]
    assert task.wait is not None
    assert task.wait.looks == 0
    ended(tape, wait, "skipped")
    ended(tape, wait, "gave_up")
    assert [w.ended.reason for w in tape.state.tasks["T1"].waits if w.ended] == ["skipped"]


def test_a_task_that_ended_waits_no_more() -> None:
    tape = begun("T1")
    tape.wait("T1", READY)
    tape.add(ev.TaskEnded(state="stopped", reason="enough"), "T1")
    assert tape.state.tasks["T1"].wait is None
    assert steps(tape) == [todo.Finish("stopped", "T1: enough")]


def test_a_verdict_leads_to_one_wait() -> None:
    tape = begun("T1")
    judged = ev.ManagerJudged(verdict="wait", round=1)
    tape.add(judged, "T1")
    assert of_verdict(tape.state.tasks["T1"]) is None
    tape.wait("T1", PAUSE, "manager")
    assert of_verdict(tape.state.tasks["T1"]) is not None
    tape.add(judged, "T1")
    assert of_verdict(tape.state.tasks["T1"]) is None, "that was for the verdict before"


def test_what_is_waited_for_is_shown() -> None:
    tape = Tape().created(options("delegate")).planned(plan_of("T1", "T2"))
    wait = tape.wait("T1", READY, because="until `make ready` succeeds", until=9)
    tape.add(ev.WaitLooked(wait=wait, exit_code=3, duration_ms=1, sandboxed=True, next_at=5), "T1")
    view = run_view(tape.state)
    assert (view.state, view.reason) == ("waiting", "T1 waits until `make ready` succeeds")
    assert only_timers(view)
    shown = view.tasks[0]
    assert (shown.state, shown.reason) == ("waiting", "waits until `make ready` succeeds")
    assert shown.wait is not None
    assert (shown.wait.looks, shown.wait.exit_code, shown.wait.next_look) == (1, 3, 5)
    tape.ask("command", "T2")
    assert not only_timers(run_view(tape.state)), "a person is waited for, too"
    tape.add(ev.TaskStarted(), "T2")
    tape.decide("a2")
    assert run_view(tape.state).state == "running"
    ended(tape, wait)
    assert run_view(tape.state).tasks[0].wait is None


def state(*, at: int, until: int, length_ms: int | None, pace: Pace | None = None) -> WaitState:
    started = ev.WaitStarted(
        by="plan", wait=READY, because="", until=until, length_ms=length_ms,
        pace=pace or Pace(strategy="fixed", base_s=30, max_s=900),
    )  # fmt: skip
    return WaitState(id=1, at=at, started=started, judgements=0)


@given(st.integers(0, 10**13), st.integers(0, 10**9), st.integers(0, 10**13))
def test_no_clock_makes_a_wait_longer_than_it_was_meant_to_be(
    at: int, length: int, now: int
) -> None:
    left = left_s(state(at=at, until=at + length, length_ms=length), now_ms=now)
    assert 0 <= left <= length / 1000
    if at <= now <= at + length:
        assert left == (at + length - now) / 1000
    if now >= at + length:
        assert left == 0


def test_a_time_of_the_clock_is_waited_for_by_the_clock() -> None:
    until = state(at=1_000, until=61_000, length_ms=None)
    assert left_s(until, now_ms=-3_600_000) == 3661, "it was set back: that time is later"
    assert left_s(until, now_ms=61_001) == 0


def test_looks_go_on_where_they_were() -> None:
    wait = state(at=0, until=10**9, length_ms=10**9)
    assert look_in_s(wait, now_ms=5) == 0
    looked = ev.WaitLooked(wait=1, exit_code=1, duration_ms=1, sandboxed=True, next_at=30_000)
    wait.looks, wait.looked = 1, looked
    assert look_in_s(wait, now_ms=10_000) == 20
    assert look_in_s(wait, now_ms=40_000) == 0
    assert look_in_s(wait, now_ms=-(10**9)) == 30, "a clock that was set back makes no pause longer"


def test_pauses_are_the_same_or_double() -> None:
    fixed = Pace(strategy="fixed", base_s=30, max_s=900)
    assert [pause_s(fixed, number) for number in (0, 1, 9)] == [30, 30, 30]
    expo = Pace(strategy="expo", base_s=30, max_s=900)
    assert [pause_s(expo, n) for n in (0, 1, 2, 4, 5, 10**6)] == [30, 60, 120, 480, 900, 900]
    assert pause_s(Pace(strategy="fixed", base_s=30, max_s=5), 0) == 5


def test_nothing_waits_by_itself() -> None:
    task = TaskState(id="T1", spec=task_of("T1"), digest="d")
    assert task.wait is None
