"""The scheduler's table: from a state, what may be done next and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.played import Played
from journal.tape import Tape, options, plan_of, task_of
from makeitso.journal import steps as todo
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.words import ApprovalPolicy, PhaseName

RULES = Rules(max_concurrency=5)


def steps(tape: Tape, rules: Rules = RULES, **how: object) -> list[todo.Step]:
    return next_steps(tape.state, rules, **how)  # pyright: ignore[reportArgumentType]


def begun(*tasks: object, policy: ApprovalPolicy = "delegate", **over: object) -> Tape:
    tape = Tape().created(options(policy, **over))
    return tape.planned(plan_of(*tasks))  # pyright: ignore[reportArgumentType]


def first(*tasks: str) -> list[todo.Step]:
    return [todo.RunPhase(task, "bootstrap") for task in tasks]


def test_a_run_begins_with_a_plan_and_its_question() -> None:
    tape = Tape().created()
    assert steps(tape) == [todo.MakePlan()]
    tape.planned(plan_of("T1"), granted=False)
    assert steps(tape) == [todo.AskPlan()]
    name = tape.ask("plan", digest="plan-1")
    assert steps(tape) == []
    tape.decide(name)
    assert steps(tape) == first("T1")


def test_an_edited_plan_is_asked_again_and_its_old_answer_holds_for_the_old_text() -> None:
    tape = begun("T1")
    assert steps(tape) == first("T1")
    tape.planned(plan_of(task_of("T1", title="other"), "T2"), "plan-2", granted=False)
    assert tape.state.plan_accepted is False
    assert steps(tape) == [todo.AskPlan()]
    assert tape.state.tasks["T1"].spec.title == "other", "what has not begun follows the text"
    stale = tape.ask("plan", digest="plan-1")
    tape.decide(stale)
    assert steps(tape) == [todo.AskPlan()], "an answer to the old text is none to the new"
    tape.decide(tape.ask("plan", digest="plan-2"))
    assert steps(tape) == first("T1", "T2")
    tape.planned(plan_of("T1"), "plan-1", granted=False)
    assert steps(tape) == first("T1"), "put back, the text is the one that was approved"


def test_a_task_that_began_keeps_the_text_it_began_with() -> None:
    tape = begun("T1", "T2")
    tape.phase("T1", "bootstrap", effects=False)
    tape.planned(plan_of(task_of("T2", title="other")), "plan-2")
    assert list(tape.state.tasks) == ["T2", "T1"], "its worktree and hunks are not forgotten"
    assert tape.state.tasks["T1"].spec.title == "do T1"


def test_an_edited_plan_that_is_denied_ends_what_is_under_way() -> None:
    tape = begun("T1", "T2")
    tape.phase("T1", "bootstrap", effects=False)
    tape.planned(plan_of("T1", "T2", "T3"), "plan-2", granted=False)
    tape.decide(tape.ask("plan", digest="plan-2"), grant=False, because="no T3")
    why = "the plan was denied: no T3"
    assert steps(tape) == [todo.EndTask("T1", "stopped", why)]
    working = todo.RunPhase("T1", "task")
    assert steps(tape, busy=[working]) == [], "not under the hands of a worker"
    tape.add(ev.TaskEnded(state="stopped", reason=why), "T1")
    assert steps(tape, busy=[working]) == []
    assert steps(tape) == [todo.Finish("stopped", why)]


def test_phases_follow_each_other() -> None:
    tape = begun("T1")
    phases: tuple[PhaseName, ...] = ("bootstrap", "task", "verify", "summarize")
    for phase in phases:
        assert steps(tape) == [todo.RunPhase("T1", phase)]
        tape.phase("T1", phase, None)
        assert steps(tape) == [todo.RunPhase("T1", phase)], "taken up again after a crash"
        if phase == "task":
            tape.propose("T1", "h1")
        tape.add(ev.PhaseEnded(state="passed"), "T1", phase)
    assert steps(tape) == [todo.OpenReview("T1")]


def test_a_skipped_phase_is_behind_us_and_a_failed_one_ends_the_task() -> None:
    tape = begun("T1", "T2")
    for task in ("T1", "T2"):
        tape.phase(task, "bootstrap")
        tape.phase(task, "task")
    tape.phase("T1", "verify", "skipped", effects=False)
    tape.phase("T2", "verify", "failed", reason="red: make")
    assert steps(tape) == [
        todo.RunPhase("T1", "summarize"),
        todo.EndTask("T2", "failed", "red: make"),
    ]


def test_a_task_that_changed_nothing_has_landed() -> None:
    tape = begun("T1")
    for phase in ("bootstrap", "task", "verify", "summarize"):
        tape.phase("T1", phase)
    assert steps(tape) == [todo.EndTask("T1", "landed", "there was nothing to change")]


def test_a_task_waits_for_those_before_it_to_land() -> None:
    after = (task_of("T2", after=["T1"]), task_of("T3", after=["T2"]))
    tape = begun("T1", *after, policy="confirm-phase")
    assert steps(tape) == first("T1")
    tape.reviewing("T1", "h1")
    tape.ask("change", "T1", digest="T1 h1")
    assert steps(tape) == [], "proposed is not landed"
    tape.add(ev.TaskEnded(state="landed"), "T1")
    assert first("T2")[0] in steps(tape)


@pytest.mark.parametrize("how", ["failed", "stopped"])
def test_a_task_whose_predecessor_did_not_land_stops(how: str) -> None:
    tape = begun("T1", task_of("T2", after=["T1"]), task_of("T3", after=["T2"]), "T4")
    tape.add(ev.TaskEnded.model_validate({"state": how}), "T1")
    why = "T1, which comes before, did not land"
    assert steps(tape) == [todo.EndTask("T2", "stopped", why), *first("T4")]
    tape.add(ev.TaskEnded(state="stopped", reason=why), "T2")
    assert todo.EndTask("T3", "stopped", "T2, which comes before, did not land") in steps(tape)


def test_a_predecessor_done_in_an_earlier_run_holds_nothing_up() -> None:
    tape = begun(task_of("T1", done=True), task_of("T2", after=["T1"]))
    assert steps(tape) == first("T2")


@pytest.mark.parametrize(
    ("config", "asked", "plan", "expected"),
    [(2, 5, None, 2), (5, 1, None, 1), (5, 5, 3, 3), (2, 5, 4, 2), (9, 9, None, 4)],
)
def test_no_more_tasks_at_once_than_anybody_allows(
    config: int, asked: int, plan: int | None, expected: int
) -> None:
    tape = Tape().created(options("delegate", max_concurrency=asked))
    tape.planned(plan_of("T1", "T2", "T3", "T4", max_concurrency=plan))
    names = ["T1", "T2", "T3", "T4"][:expected]
    assert steps(tape, Rules(max_concurrency=config)) == first(*names)


def test_a_task_in_review_leaves_its_place_to_the_next() -> None:
    tape = begun("T1", "T2")
    one = Rules(max_concurrency=1)
    tape.phase("T1", "bootstrap", None)
    assert steps(tape, one) == first("T1")
    tape.reviewing("T1", "h1")
    tape.ask("change", "T1")
    assert steps(tape, one) == first("T2")


def test_one_step_a_task_at_a_time() -> None:
    tape = begun("T1", "T2")
    tape.reviewing("T1", "h1")
    tape.mark("T1", "h1")
    tape.land("T1", "h1")
    checking = todo.CheckLanded("T1")
    assert checking in steps(tape)
    tape.check("T1", "landed")
    assert steps(tape, busy=[checking]) == first("T2"), "the check still has the worktree"
    assert todo.EndTask("T1", "landed", "") in steps(tape)


def test_a_task_that_comes_to_a_boundary_under_a_question_has_one_of_its_own() -> None:
    tape = begun("T1", "T2", policy="confirm-phase")
    for task in ("T1", "T2"):
        tape.phase(task, "bootstrap", effects=False)
    tape.phase("T1", "task")
    asking = todo.AskPhase(("T1",), "verify")
    assert asking in steps(tape)
    tape.phase("T2", "task")
    assert steps(tape) == [todo.AskPhase(("T1", "T2"), "verify")]
    assert steps(tape, busy=[asking]) == [], "T1 is being asked about already"
    tape.ask("phase", "T1", enters="verify")
    assert steps(tape) == [todo.AskPhase(("T2",), "verify")]


# -- review and landing ---------------------------------------------------------------------------


def test_hunks_land_together_once_all_are_marked() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    assert steps(tape) == [todo.AskReview("T1")], "something waits for a person, nothing says so"
    tape.ask("change", "T1", digest="T1 h1 h2")
    assert steps(tape) == []
    tape.mark("T1", "h1")
    assert steps(tape) == []
    tape.mark("T1", "h2", to="rejected")
    assert steps(tape) == [todo.Land("T1")]
    tape.land("T1", "h1")
    assert steps(tape) == [todo.CloseReview("T1")]
    tape.add(ev.ApprovalVoided(id="a2", reason="decided hunk by hunk"), "T1")
    assert steps(tape) == [todo.CheckLanded("T1")]
    tape.check("T1", "landed")
    assert steps(tape) == [todo.EndTask("T1", "landed", "1 hunk rejected")]
    tape.add(ev.TaskEnded(state="landed"), "T1")
    assert steps(tape) == [todo.Cleanup("T1")]
    tape.add(ev.WorktreeRemoved(path="/trees/T1"), "T1")
    assert steps(tape) == [todo.Finish("done")]
    tape.add(ev.RunFinished(state="done"))
    assert steps(tape) == []


@pytest.mark.parametrize(
    ("land", "one", "asked"),
    [("when-settled", False, True), ("on-accept", True, True), ("manual", False, True)],
)
def test_when_an_accepted_hunk_lands(land: str, one: bool, asked: bool) -> None:
    rules = Rules(land=land, max_concurrency=5)  # pyright: ignore[reportArgumentType]
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    tape.ask("change", "T1", digest="T1 h1 h2")
    tape.mark("T1", "h1")
    assert (steps(tape, rules) == [todo.Land("T1")]) is one
    tape.add(ev.LandRequested(), "T1", actor="person")
    assert (steps(tape, rules) == [todo.Land("T1")]) is asked
    tape.land("T1", "h1")
    assert steps(tape, rules) == [], "the other hunk is not marked, and the wish is fulfilled"
    tape.mark("T1", "h2")
    assert (steps(tape, rules) == [todo.Land("T1")]) is (land != "manual")


@pytest.mark.parametrize("land", ["on-accept", "manual"])
def test_nothing_lands_while_a_protected_path_is_undecided(land: str) -> None:
    rules = Rules(land=land, max_concurrency=5)  # pyright: ignore[reportArgumentType]
    tape = begun("T1")
    lock = ev.HunkRef(id="lock", path="uv.lock", must_ask=True, protected=True)
    tape.reviewing("T1", "h1", lock, held=True)
    tape.ask("change", "T1", digest="T1 h1 lock")
    tape.mark("T1", "h1")
    tape.add(ev.LandRequested(), "T1", actor="person")
    assert steps(tape, rules) == []
    tape.mark("T1", "lock", to="rejected")
    assert steps(tape, rules) == [todo.Land("T1")]


@pytest.mark.parametrize("land", ["when-settled", "on-accept", "manual"])
def test_no_land_proposes_and_lands_only_when_told(land: str) -> None:
    rules = Rules(land=land, max_concurrency=5)  # pyright: ignore[reportArgumentType]
    tape = begun("T1", land=False)
    tape.reviewing("T1", "h1")
    tape.mark("T1", "h1")
    assert steps(tape, rules) == []
    tape.add(ev.LandRequested(), "T1", actor="person")
    assert steps(tape, rules) == [todo.Land("T1")]


def test_an_answer_about_the_change_as_a_whole_is_taken_once() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    name = tape.ask("change", "T1", digest="T1 h1 h2")
    tape.decide(name)
    assert steps(tape) == [todo.TakeAnswer("T1")]
    tape.add(ev.ApprovalUsed(id=name), "T1")
    tape.mark("T1", "h1", "h2")
    assert steps(tape) == [todo.Land("T1")]


def test_an_answer_about_what_was_there_before_an_edit_is_not_taken() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    name = tape.ask("change", "T1", digest="T1 h1 h2")
    tape.propose("T1", "h1", "h3")
    tape.decide(name)
    assert steps(tape) == [todo.AskReview("T1")]


def test_all_rejected_is_stopped_and_nothing_is_written() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2", to="rejected")
    assert steps(tape) == [todo.EndTask("T1", "stopped", "every hunk was rejected")]


def test_what_can_never_land_is_said_so() -> None:
    tape = begun("T1")
    tape.reviewing("T1", ev.HunkRef(id="h1", path=".git/config", refused="inside .git"))
    assert steps(tape) == [todo.EndTask("T1", "stopped", "nothing of it may land")]


def test_a_conflict_waits_for_a_person_and_may_be_tried_again() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2")
    tape.land("T1", "h1", conflicts=("h2",))
    assert tape.state.tasks["T1"].hunks == {"h1": "landed", "h2": "conflict"}
    assert steps(tape) == [todo.AskReview("T1")]
    tape.ask("change", "T1", digest="T1 h1 h2")
    assert steps(tape) == []
    tape.mark("T1", "h2")
    assert steps(tape) == [todo.Land("T1")]
    tape.land("T1", conflicts=("h2",), error="no room")
    tape.mark("T1", "h2", to="rejected")
    assert tape.state.tasks["T1"].landings[0].landed == ("h1",)
    assert len(tape.state.tasks["T1"].landings) == 1, "the second wrote nothing"


def test_an_interrupted_landing_is_looked_after_before_anything_else() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2", to="rejected")
    tape.add(ev.LandingStarted(id="l1", hunks=("h1",), files=("a.py",)), "T1")
    assert steps(tape) == [todo.Land("T1")]
    tape.add(ev.TaskEnded(state="failed"), "T1")
    assert steps(tape) == [todo.Land("T1")]


def test_after_a_landing_every_check_runs_again() -> None:
    checks = [{"command": "one"}, {"command": "two"}]
    tape = begun(task_of("T1", checks=checks))
    tape.reviewing("T1", "h1")
    tape.mark("T1", "h1")
    tape.land("T1", "h1")
    tape.check("T1", "landed", command="one")
    assert steps(tape) == [todo.CheckLanded("T1")], "the process died between the two"
    tape.check("T1", "landed", command="two", code=1)
    assert steps(tape) == [todo.EndTask("T1", "landed", "")]


def test_a_second_landing_is_checked_again() -> None:
    tape = begun("T1")
    tape.reviewing("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2")
    tape.land("T1", "h1", conflicts=("h2",))
    tape.check("T1", "landed")
    tape.mark("T1", "h2")
    tape.land("T1", "h2")
    assert steps(tape) == [todo.CheckLanded("T1")]


# -- ends -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["pending", "accepted", "conflict"])
def test_a_worktree_stays_until_its_change_is_settled(left: str) -> None:
    tape = begun("T1", "T2")
    tape.worktree("T1")
    tape.propose("T1", "h1")
    if left == "conflict":
        tape.mark("T1", "h1")
        tape.land("T1", conflicts=("h1",), error="moved on")
    elif left == "accepted":
        tape.mark("T1", "h1")
    tape.add(ev.TaskEnded(state="failed", reason="red"), "T1")
    assert steps(tape) == first("T2")
    tape.mark("T1", "h1", to="rejected")
    assert steps(tape) == [todo.Cleanup("T1"), *first("T2")]


def test_a_failed_task_can_still_land_what_a_person_accepts() -> None:
    tape = begun("T1")
    tape.worktree("T1")
    tape.propose("T1", "h1")
    tape.add(ev.TaskEnded(state="failed", reason="red"), "T1")
    tape.add(ev.RunFinished(state="failed", reason="T1: red"))
    tape.mark("T1", "h1")
    assert steps(tape) == []
    tape.add(ev.LandRequested(), "T1", actor="person")
    assert steps(tape) == [todo.Land("T1")]
    tape.land("T1", "h1")
    assert steps(tape) == [todo.CheckLanded("T1")]
    tape.check("T1", "landed")
    assert steps(tape) == [todo.Cleanup("T1")]
    tape.add(ev.WorktreeRemoved(path="/trees/T1"), "T1")
    assert steps(tape) == []


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ({"T1": "landed", "T2": "landed"}, todo.Finish("done")),
        ({"T1": "landed", "T2": "stopped"}, todo.Finish("stopped", "T2: why T2")),
        ({"T1": "failed", "T2": "stopped"}, todo.Finish("failed", "T1: why T1; T2: why T2")),
    ],
)
def test_how_a_run_ends(ends: dict[str, str], expected: todo.Finish) -> None:
    tape = begun("T1", "T2")
    for task, how in ends.items():
        fields = {"state": how, "reason": "" if how == "landed" else f"why {task}"}
        tape.add(ev.TaskEnded.model_validate(fields), task)
    assert steps(tape) == [expected]
    assert steps(tape, busy=[todo.Cleanup("T1")]) == [], "not before everything is put away"


def test_settling_lands_and_ends_and_starts_nothing() -> None:
    tape = begun("T1", "T2", policy="confirm-phase")
    tape.reviewing("T1", "h1")
    tape.mark("T1", "h1")
    assert steps(tape) == [todo.Land("T1"), *first("T2")]
    assert steps(tape, settle_only=True) == [todo.Land("T1")]
    assert steps(Tape().created(), settle_only=True) == []
    tape.mark("T1", "h1", to="pending")
    assert steps(tape) == [todo.AskReview("T1"), *first("T2")]
    assert steps(tape, settle_only=True) == [], "it does not ask either"


def test_a_run_played_with_every_kind_of_landing_comes_to_its_end() -> None:
    for land in ("when-settled", "on-accept"):
        tape = Tape().created(options("confirm-phase"))
        done = Played(tape, plan_of("T1", "T2"), rules=Rules(land=land)).play()
        assert done.tape.state.finished == ev.RunFinished(state="done")
        assert [s for s in done.order if isinstance(s, todo.Cleanup)] == [
            todo.Cleanup("T1"),
            todo.Cleanup("T2"),
        ]
