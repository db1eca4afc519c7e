"""Whether a change may go back to its worker, and what is so when it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journal.event_strategies import any_events, played_runs
from journal.tape import Tape, plan_of
from makeitso.journal.conversation import may_go_back
from makeitso.journal.fold import fold_all
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.journal.state import TaskState
    from makeitso.protocol.events import Event


def begun() -> Tape:
    return Tape().created().planned(plan_of("T1"))


def in_review() -> Tape:
    tape = begun()
    tape.add(ev.SnapshotTaken(name="base", tree="t0", commit="c0", ref="r"), "T1")
    tape.reviewing("T1", "h1", "h2")
    return tape


def sent(**over: object) -> ev.TaskSentBack:
    fields = {"tree": "t", "commit": "c", "ref": "r", "comments": (), "accepted": ("h1",),
              "rejected": ("h2",), "open": (), "instructions": "again"}  # fmt: skip
    return ev.TaskSentBack.model_validate({**fields, **over})


def why(tape: Tape) -> str:
    return may_go_back(tape.state.tasks["T1"])


def asked_for(tape: Tape) -> None:
    tape.add(ev.LandRequested(), "T1")


def landing(tape: Tape) -> None:
    tape.add(ev.LandingStarted(id="l1", hunks=("h1",), files=("a.py",)), "T1")


def landed(tape: Tape) -> None:
    tape.land("T1", "h1", "h2")
    tape.add(ev.TaskEnded(state="landed"), "T1")


def stale(tape: Tape) -> None:
    tape.add(ev.TaskStale(reason="what it was built on is gone", question=""), "T1")


def again(tape: Tape) -> None:
    tape.add(sent(), "T1", actor="person")


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        (asked_for, "it is landing"),
        (landing, "it is landing"),
        (landed, "it has landed"),
        (stale, "it has lost its ground"),
        (again, "its worker is at work"),
    ],
)
def test_what_is_reviewed_may_go_back_until(then: Callable[[Tape], None], expected: str) -> None:
    tape = in_review()
    assert why(tape) == ""
    then(tape)
    assert why(tape) == expected


def test_before_there_is_anything() -> None:
    tape = begun()
    assert why(tape) == "it has proposed nothing"
    tape.add(ev.SnapshotTaken(name="base", tree="t0", commit="c0", ref="r"), "T1")
    tape.phase("T1", "task", None)
    assert why(tape) == "it has proposed nothing"
    tape.propose("T1", "h1")
    assert why(tape) == "its worker is at work"


def test_a_stopped_task_may_go_back() -> None:
    tape = in_review()
    tape.add(ev.TaskEnded(state="stopped", reason="enough"), "T1")
    assert why(tape) == ""
    again(tape)
    task = tape.state.tasks["T1"]
    assert (task.ended, task.reviewing) == (None, False)


def test_what_no_worker_made_has_nobody_to_go_back_to() -> None:
    tape = Tape()
    tape.created()
    created = tape.events.pop().data
    assert isinstance(created, ev.RunCreated)
    base = ev.SnapshotTaken(name="base", tree="t", commit="c", ref="r")
    change = ev.ChangeProposed(
        base_tree="t", tree="u", commit="c", files=1, hunks=(ev.HunkRef(id="h1", path="a"),),
        digest="d",
    )  # fmt: skip
    opened = ev.ReviewOpened(
        source=ev.ReviewSource(kind="branch", name="b", key="b"), title="theirs", name="T1",
        base=base, change=change, options=created.options, policies=created.policies, version="0",
    )  # fmt: skip
    tape.add(opened, "T1", actor="person")
    assert why(tape) == "no worker of a run here made it"


def test_comments_go_with_it_once() -> None:
    tape = in_review()
    one, two = (f"c{tape.add(ev.CommentAdded(text=text), 'T1').seq}" for text in ("so", "or so"))
    tape.add(sent(comments=(one,)), "T1", actor="person")
    assert {known.id: known.sent for known in tape.state.tasks["T1"].comments} == {one: 1, two: 0}


def judged(task: TaskState) -> tuple[int, bool]:
    return len(task.sent_back), may_go_back(task) == ""


@settings(max_examples=60, deadline=None)
@given(events=st.one_of(any_events(), played_runs()))
def test_it_goes_back_just_when_it_may(events: list[Event]) -> None:
    """However a journal came to be: what may not go back stays as it is."""
    for run in fold_all(events).values():
        for name, task in run.tasks.items():
            times, may = judged(task)
            tape = [e for e in events if e.run == run.id]
            seq = max(e.seq for e in events) + 1
            event = ev.Event(
                seq=seq, at=seq, run=run.id, task=name, actor="person", client="c", data=sent(),
                prev="", hash="",
            )  # fmt: skip
            then = fold_all([*tape, event])[run.id].tasks[name]
            assert len(then.sent_back) == times + may
            if may:
                assert may_go_back(then) != "", "twice at once"
