"""The order of tasks: priorities, what a task is built on, what happens when that goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.played import Played
from journal.tape import Tape, options, plan_of, task_of
from makeitso.journal import steps as todo
from makeitso.journal.building import foundations, layers
from makeitso.journal.next import next_steps
from makeitso.journal.ready import occupies
from makeitso.journal.rules import Rules
from makeitso.journal.view import run_view, task_state
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event
    from makeitso.protocol.plan import Plan, Task
    from makeitso.protocol.words import ApprovalPolicy

BY_HAND = Rules(max_concurrency=5, land="manual")


def steps(tape: Tape, rules: Rules | None = None) -> list[todo.Step]:
    return next_steps(tape.state, rules or Rules(max_concurrency=5))


def starts(tape: Tape, rules: Rules | None = None) -> list[str]:
    return [s.task for s in steps(tape, rules) if isinstance(s, todo.RunPhase)]


def begun(*tasks: Task | str, policy: ApprovalPolicy = "delegate", **over: object) -> Tape:
    return Tape().created(options(policy, **over)).planned(plan_of(*tasks))


def built(tape: Tape, task: str) -> None:
    """The task starts on what there is now."""
    run = tape.state
    on = layers(run, run.tasks[task])
    tape.add(ev.SnapshotTaken(name="base", tree="t0", commit="c0", ref="r", on=on), task)
    tape.add(ev.TaskStarted(), task)


# Order


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([task_of("A"), task_of("B", priority=10), task_of("C", priority=-10)], "B"),
        ([task_of("A"), task_of("B"), task_of("C", after=["B"])], "B"),
        (
            [task_of("A"), task_of("B", after=["A"]), task_of("C"), task_of("D", after=["C"]),
             task_of("E", after=["D"])],
            "C",
        ),
        ([task_of("A", priority=1), task_of("B"), task_of("C", after=["B"])], "A"),
        ([task_of("A"), task_of("B")], "A"),
        (
            [task_of("A"), task_of("B"), task_of("C", after=["A", "B"]),
             task_of("D", after=["A"]), task_of("E", after=["D", "C"])],
            "A",
        ),
    ],
)  # fmt: skip
def test_urgent_first_then_the_longest_way_then_as_written(
    tasks: list[Task], expected: str
) -> None:
    assert starts(begun(*tasks), Rules(max_concurrency=1)) == [expected]


def test_a_task_being_started_counts_before_it_is_on_record() -> None:
    tape = begun("A", "B", "C")
    busy = [todo.RunPhase("A", "bootstrap")]
    found = next_steps(tape.state, Rules(max_concurrency=2), busy=busy)
    assert found == [todo.RunPhase("B", "bootstrap")]


# What a task may start from


def test_under_delegate_a_task_starts_from_what_is_proposed() -> None:
    tape = begun("A", task_of("B", after=["A"]), task_of("C", after=["B"]))
    tape.reviewing("A", "h1", "h2")
    assert "B" in starts(tape)
    assert "C" not in starts(tape)
    assert layers(tape.state, tape.state.tasks["B"]) == (ev.BuiltOn(task="A", hunks=("h1", "h2")),)


def test_what_has_landed_or_was_rejected_is_not_built_on() -> None:
    tape = begun("A", task_of("B", after=["A"]))
    tape.reviewing("A", "h1", "h2", "h3")
    tape.mark("A", "h2", to="rejected")
    tape.mark("A", "h3")
    tape.land("A", "h3")
    assert layers(tape.state, tape.state.tasks["B"]) == (ev.BuiltOn(task="A", hunks=("h1",)),)


def test_what_a_task_below_was_built_on_comes_first() -> None:
    tape = begun("A", task_of("B", after=["A"]), task_of("C", after=["B"]))
    tape.reviewing("A", "a1")
    built(tape, "B")
    tape.reviewing("B", "b1")
    found = layers(tape.state, tape.state.tasks["C"])
    assert [(layer.task, layer.hunks) for layer in found] == [("A", ("a1",)), ("B", ("b1",))]


@pytest.mark.parametrize("policy", ["manual", "confirm-phase"])
def test_otherwise_it_waits_for_the_landing(policy: ApprovalPolicy) -> None:
    tape = begun("A", task_of("B", after=["A"]), policy=policy)
    tape.reviewing("A", "h1")
    tape.mark("A", "h1")
    assert starts(tape) == []
    tape.land("A", "h1")
    tape.add(ev.TaskEnded(state="landed"), "A")
    assert starts(tape) == ["B"]
    assert layers(tape.state, tape.state.tasks["B"]) == ()


@pytest.mark.parametrize("how", ["--no-land", "by hand"])
def test_where_a_person_lands_it_starts_from_what_is_accepted(how: str) -> None:
    tape = begun("A", task_of("B", after=["A"]), policy="confirm-phase", land=how != "--no-land")
    rules = BY_HAND if how == "by hand" else Rules(max_concurrency=5)
    tape.reviewing("A", "h1", "h2")
    tape.mark("A", "h1")
    assert starts(tape, rules) == [], "h2 has no answer yet"
    tape.mark("A", "h2", to="rejected")
    assert starts(tape, rules) == ["B"]
    assert layers(tape.state, tape.state.tasks["B"]) == (ev.BuiltOn(task="A", hunks=("h1",)),)


def test_a_task_that_does_not_fit_waits_until_all_below_it_has_landed() -> None:
    tape = begun("A", "B", task_of("C", after=["A", "B"]))
    tape.reviewing("A", "a1")
    tape.reviewing("B", "b1")
    assert starts(tape) == ["C"]
    tape.add(ev.TaskHeld(until=("A", "B"), reason="x.py"), "C")
    assert starts(tape) == []
    tape.add(ev.TaskEnded(state="landed"), "A")
    assert starts(tape) == []
    tape.add(ev.TaskEnded(state="landed"), "B")
    assert starts(tape) == ["C"]


def test_its_hunks_land_after_those_it_is_built_on() -> None:
    tape = begun("A", task_of("B", after=["A"]))
    tape.reviewing("A", "a1")
    built(tape, "B")
    tape.reviewing("B", "b1")
    tape.mark("B", "b1")
    assert todo.Land("B") not in steps(tape)
    tape.mark("A", "a1")
    assert todo.Land("A") in steps(tape)
    assert todo.Land("B") not in steps(tape)
    tape.land("A", "a1")
    assert todo.Land("B") in steps(tape)


# Stale


def stale_tape(*, at: str = "reviewing") -> Tape:
    """B stands on h1 and h2 of A, of which h2 is rejected."""
    tape = begun("A", task_of("B", after=["A"]))
    tape.reviewing("A", "h1", "h2")
    built(tape, "B")
    if at == "reviewing":
        tape.reviewing("B", "b1")
    else:
        tape.phase("B", "bootstrap")
        tape.phase("B", "task", None)
    tape.mark("A", "h2", to="rejected")
    return tape


def the_mark(tape: Tape) -> todo.MarkStale:
    (found,) = [s for s in steps(tape) if isinstance(s, todo.MarkStale)]
    return found


@pytest.mark.parametrize("at", ["reviewing", "at work"])
def test_a_rejected_hunk_below_makes_it_stale(at: str) -> None:
    tape = stale_tape(at=at)
    mark = the_mark(tape)
    assert mark.task == "B"
    assert "h2" in mark.reason
    assert not any(s for s in steps(tape) if "B" in todo.tasks_of(s) and s != mark)
    tape.add(ev.TaskStale(reason=mark.reason, question="q1"), "B")
    view = {task.id: task for task in run_view(tape.state).tasks}["B"]
    assert (view.state, view.reason) == ("stale", mark.reason)
    assert not occupies(tape.state.tasks["B"])


@pytest.mark.parametrize(
    ("event", "word"),
    [
        (ev.TaskEnded(state="failed"), "failed"),
        (ev.TaskEnded(state="stopped"), "stopped"),
        (ev.TaskTakenUp(how="redo"), "anew"),
        (ev.ChangeProposed(base_tree="t", tree="u", commit="c", files=1, digest="e",
                           hunks=(ev.HunkRef(id="h9", path="a"),)), "edited"),
        (ev.TaskStale(reason="x", question="q"), "stale"),
    ],
)  # fmt: skip
def test_whatever_takes_the_ground_away_makes_it_stale(event: ev.EventData, word: str) -> None:
    tape = begun("A", task_of("B", after=["A"]))
    tape.reviewing("A", "h1")
    built(tape, "B")
    assert not [s for s in steps(tape) if isinstance(s, todo.MarkStale)]
    tape.add(event, "A")
    found = [s for s in steps(tape) if isinstance(s, todo.MarkStale) and s.task == "B"]
    assert len(found) == 1
    assert word in found[0].reason


def test_a_split_hunk_below_is_still_the_same_ground_until_a_part_is_rejected() -> None:
    tape = begun("A", task_of("B", after=["A"]))
    tape.reviewing("A", "h1")
    built(tape, "B")
    tape.add(ev.HunkSplit(hunk="h1", parts=("h1.1", "h1.2")), "A")
    assert not [s for s in steps(tape) if isinstance(s, todo.MarkStale)]
    tape.mark("A", "h1.2", to="rejected")
    assert "h1.2" in the_mark(tape).reason


def test_stale_it_asks_and_does_not_land_and_a_policys_marks_are_gone() -> None:
    tape = stale_tape()
    tape.add(ev.HunkMarked(hunks=("b1",), mark="accepted"), "B", actor="policy")
    tape.add(ev.TaskStale(reason=the_mark(tape).reason, question="q1"), "B")
    assert tape.state.tasks["B"].hunks == {"b1": "pending"}
    tape.mark("B", "b1")
    tape.mark("A", "h1")
    tape.land("A", "h1")
    tape.add(ev.TaskEnded(state="landed"), "A")
    assert todo.AskStale("B") in steps(tape)
    assert todo.Land("B") not in steps(tape)
    name = tape.ask("question", "B", digest="q1")
    assert not [s for s in steps(tape) if "B" in todo.tasks_of(s)]
    tape.decide(name)
    assert todo.TakeStale("B") in steps(tape)


def test_taken_back_in_time_it_stands_again() -> None:
    tape = stale_tape()
    tape.add(ev.TaskStale(reason="gone", question="q1"), "B")
    tape.mark("A", "h2", to="pending")
    assert todo.MarkStale("B", "") in steps(tape)
    tape.add(ev.TaskStale(reason=""), "B")
    assert task_state(tape.state, tape.state.tasks["B"]) == "reviewing"


def test_nobody_is_asked_while_the_ground_itself_is_in_question() -> None:
    tape = begun("A", task_of("B", after=["A"]), task_of("C", after=["B"]))
    tape.reviewing("A", "a1")
    built(tape, "B")
    tape.reviewing("B", "b1")
    built(tape, "C")
    tape.mark("A", "a1", to="rejected")
    tape.add(ev.TaskStale(reason="a1", question="qb"), "B")
    tape.add(ev.TaskStale(reason="a1", question="qc"), "C")
    assert todo.AskStale("B") in steps(tape)
    assert todo.AskStale("C") not in steps(tape)
    tape.add(ev.TaskTakenUp(how="redo"), "B")
    assert todo.AskStale("C") not in steps(tape)
    tape.add(ev.TaskEnded(state="landed"), "B")
    assert todo.AskStale("C") in steps(tape)


def test_done_again_it_starts_from_nothing_and_keeps_what_it_cost() -> None:
    tape = stale_tape()
    tape.spend(7, "B", "task")
    tape.work(9, "B", "task")
    tape.add(ev.TaskStale(reason="gone", question="q1"), "B")
    tape.add(ev.TaskTakenUp(how="redo"), "B")
    task = tape.state.tasks["B"]
    assert (task.started, task.change, task.hunks, task.attempt) == (False, None, {}, 2)
    assert (task.tokens, task.active_ms) == (7, 9)
    assert "B" in starts(tape)


def test_kept_it_is_proved_and_reviewed_again_on_its_new_base() -> None:
    tape = stale_tape()
    tape.mark("B", "b1")
    tape.add(ev.TaskStale(reason="gone", question="q1"), "B")
    change = tape.state.tasks["B"].change
    base = ev.SnapshotTaken(name="base", tree="n", commit="n", ref="r")
    tape.add(ev.TaskTakenUp(how="keep", base=base, change=change), "B")
    task = tape.state.tasks["B"]
    assert task.hunks == {"b1": "accepted"}, "a person's mark stays"
    assert task.base == base
    assert not task.reviewing
    assert todo.RunPhase("B", "verify") in steps(tape)


# One task stopped, taken up again


def test_one_task_stops_alone() -> None:
    tape = begun("A", "B")
    for name in "AB":
        tape.add(ev.TaskStarted(), name)
    tape.add(ev.StopRequested(reason="enough"), "A")
    assert tape.state.stop_requested is None
    assert steps(tape) == [
        todo.EndTask("A", "stopped", "enough"), todo.RunPhase("B", "bootstrap"),
    ]  # fmt: skip


def test_a_failed_task_taken_up_again_opens_the_run_and_goes_on_where_it_was() -> None:
    tape = begun("A", policy="manual")
    tape.phase("A", "bootstrap")
    tape.decide(tape.ask("phase", "A", enters="task"))
    tape.phase("A", "task", "failed", reason="no")
    tape.add(ev.TaskEnded(state="failed", reason="no"), "A")
    tape.add(ev.RunFinished(state="failed"))
    tape.add(ev.TaskTakenUp(how="retry"), "A")
    run = tape.state
    assert run.finished is None
    assert task_state(run, run.tasks["A"]) == "running"
    assert steps(tape) == [todo.AskPhase(("A",), "task")], "the yes of before was for before"


# Any plan, any answers


@st.composite
def dags(draw: st.DrawFn) -> Plan:
    count = draw(st.integers(1, 7))
    made: list[Task] = []
    for number in range(count):
        earlier = [task.id for task in made]
        after = draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)) if made else []
        made.append(
            task_of(f"T{number}", after=after, priority=draw(st.sampled_from([0, 0, 10, -10])))
        )
    return plan_of(*draw(st.permutations(made)))


class Watched(Played):
    """A run in which each start is held against the rules as it happens."""

    def _start(self, task: str) -> None:
        run = self.tape.state
        mine = run.tasks[task]
        for name in mine.spec.after:
            below = run.tasks[name]
            assert below.ended == "landed" or (below.reviewing and not below.stale), name
        super()._start(task)
        ahead = [s.task for s in next_steps(run, self.rules) if isinstance(s, todo.RunPhase)]
        assert task in ahead, "started although others come first"


@given(
    dags(),
    st.integers(1, 3),
    st.sampled_from(["delegate", "confirm-phase"]),
    st.booleans(),
    st.data(),
)
@settings(max_examples=40, deadline=None)
def test_any_plan_keeps_the_rules_and_ends(
    plan: Plan,
    most: int,
    policy: ApprovalPolicy,
    apart: bool,
    data: st.DataObject,
) -> None:
    def answer(approval: Approval) -> bool:
        if approval.kind == "change" and data.draw(st.integers(0, 3)) == 0:
            hunks = tape.state.tasks[approval.tasks[0]].hunks
            hunk = data.draw(st.sampled_from(sorted(hunks)))
            if hunks[hunk] == "pending":
                tape.mark(approval.tasks[0], hunk, to="rejected")
        return approval.kind != "change" or data.draw(st.integers(0, 4)) > 0

    tape = Tape().created(options(policy, max_concurrency=most))
    tape.planned(plan, granted=False)
    run = Watched(
        tape,
        plan,
        rules=Rules(max_concurrency=most),
        apart=apart,
        answer=answer,
        stale=lambda: data.draw(st.sampled_from(["redo", "keep", "drop"])),
    ).play()
    assert run.tape.state.finished is not None
    assert all(task.ended for task in run.tape.state.tasks.values())
    _held(run.tape.events, most)


def _held(events: list[Event], most: int) -> None:
    """At each moment: not too many at once, nothing landed on ground that is not there."""
    tape = Tape()
    for event in events:
        if isinstance(event.data, ev.LandingStarted) and event.task is not None:
            task = tape.state.tasks[event.task]
            assert not task.stale
            assert all(state == "landed" for _, state in foundations(tape.state, task))
        tape.events.append(event)
        if isinstance(event.data, ev.TaskStarted):
            assert _at_once(tape.state) <= most


def _at_once(run: RunState) -> int:
    return sum(1 for task in run.tasks.values() if occupies(task))
