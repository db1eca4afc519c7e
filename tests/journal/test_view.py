from __future__ import annotations

import pytest

from journal.tape import Phase, Tape, options, plan_of, task_of
from makeitso.journal.awaited import MARKS, awaited
from makeitso.journal.view import run_view, standing
from makeitso.protocol import events as ev


def running(*tasks: str) -> Tape:
    return Tape().created(options("manual")).planned(plan_of(*(tasks or ("T1",))))


def task(tape: Tape, name: str = "T1") -> tuple[str, list[str]]:
    (view,) = [t for t in run_view(tape.state).tasks if t.id == name]
    return view.state, [phase.state for phase in view.phases]


def run(tape: Tape, *, alive: bool = True) -> tuple[str, str]:
    view = run_view(tape.state, alive=alive)
    return view.state, view.reason


def test_states_of_a_task_and_its_phases_on_its_way() -> None:
    tape = running()
    assert task(tape) == ("pending", ["pending"] * 4)
    tape.phase("T1", "bootstrap", None)
    assert task(tape) == ("running", ["running", "pending", "pending", "pending"])
    tape.add(ev.PhaseEnded(state="passed"), "T1", "bootstrap")
    name = tape.ask("phase", "T1", enters="task")
    assert task(tape) == ("waiting", ["passed", "waiting", "pending", "pending"])
    tape.decide(name)
    tape.phase("T1", "task")
    tape.phase("T1", "verify", "skipped")
    tape.phase("T1", "summarize")
    assert task(tape) == ("running", ["passed", "passed", "skipped", "passed"])
    tape.add(ev.TaskReviewing(), "T1")
    tape.ask("change", "T1")
    assert task(tape)[0] == "reviewing"
    for end in ("landed", "failed", "stopped"):
        tape.add(ev.TaskEnded.model_validate({"state": end}), "T1")
        assert task(tape)[0] == end


def test_a_failed_phase_is_shown() -> None:
    tape = running()
    tape.phase("T1", "bootstrap", "failed", reason="make failed")
    assert task(tape) == ("running", ["failed", "pending", "pending", "pending"])


def test_a_run_waits_when_only_people_can_go_on() -> None:
    tape = running("T1", "T2")
    assert run(tape) == ("running", "")
    for name in ("T1", "T2"):
        tape.phase(name, "bootstrap")
    tape.ask("phase", "T1", enters="task")
    assert run(tape) == ("running", ""), "T2 goes on"
    tape.ask("phase", "T2", enters="task")
    assert run(tape) == ("waiting", "a2 (phase), a3 (phase) wait for answers")
    other = Tape().created(options()).planned(plan_of("T1"), granted=False)
    other.ask("plan", digest="plan-1")
    assert run(other) == ("waiting", "a1 (plan) waits for an answer")
    assert run(Tape().created()) == ("running", "")


def test_a_run_in_review_waits() -> None:
    tape = running()
    tape.reviewing("T1", "h1")
    tape.ask("change", "T1")
    tape.ask("question", "T1")
    assert run(tape) == ("waiting", "a2 (change), a3 (question) wait for answers")


@pytest.mark.parametrize("state", ["done", "failed", "stopped"])
def test_a_run_that_is_over_says_how_whatever_was_open(state: str) -> None:
    tape = running()
    tape.ask("question", "T1")
    tape.add(ev.RunFinished.model_validate({"state": state, "reason": "because"}))
    view = run_view(tape.state, alive=False)
    assert (view.state, view.reason) == (state, "because")
    assert view.ended_at == tape.events[-1].at


def test_a_run_that_was_put_down_or_whose_process_died_can_be_resumed() -> None:
    tape = running()
    assert run(tape, alive=False) == ("stopped", "its process ended; `mis resume` goes on")
    tape.add(ev.RunPaused(state="waiting", reason=MARKS, exit_code=3))
    assert run(tape, alive=False) == ("waiting", MARKS)
    tape.add(ev.RunResumed())
    tape.add(ev.RunPaused(state="stopped", reason="Ctrl-C", exit_code=130))
    assert run(tape) == ("stopped", "Ctrl-C")


def test_no_task_is_said_to_run_while_nothing_goes_on() -> None:
    tape = running()
    tape.phase("T1", "bootstrap", None)
    for alive, word in ((True, "running"), (False, "halted")):
        view = run_view(tape.state, alive=alive)
        assert [standing(view, task) for task in view.tasks if task.id == "T1"] == [word]
    tape.ask("question", "T1")
    view = run_view(tape.state, alive=False)
    assert [standing(view, task) for task in view.tasks if task.id == "T1"] == ["waiting"]


def test_evidence_is_the_newest_result_at_each_place() -> None:
    tape = running()
    tape.check("T1", "base", code=1)
    tape.check("T1", "round", code=1)
    tape.check("T1", "proposal", code=1)
    tape.check("T1", "proposal", code=0)
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2")
    tape.land("T1", "h1")
    tape.check("T1", "landed", code=None)
    (check,) = run_view(tape.state).tasks[0].checks
    assert (check.base, check.proposal, check.landed) == ("failed", "passed", "ended early")
    tape.land("T1", "h2")
    assert run_view(tape.state).tasks[0].checks[0].landed == "stale"
    tape.check("T1", "landed", code=0)
    assert run_view(tape.state).tasks[0].checks[0].landed == "passed"
    tape.add(ev.LandingUndone(id="u", landing="l", hunks=("h2",), files=("a.py",)), "T1")
    assert run_view(tape.state).tasks[0].checks[0].landed == "taken back"


def test_hunks_are_counted_by_state() -> None:
    tape = running()
    tape.propose("T1", "h1", "h2", "h3")
    tape.mark("T1", "h1", "h2")
    tape.land("T1", "h1", conflicts=("h2",))
    assert run_view(tape.state).tasks[0].hunks == {"landed": 1, "conflict": 1, "pending": 1}


@pytest.mark.parametrize(
    ("asked", "plan", "expected"),
    [
        (100, None, 100),
        (100, 40, 40),
        (100, 400, 100),
        (0, None, 0),
        (0, 40, 40),
        (100, 0, 100),
    ],
)
def test_the_budget_is_the_lower_one_of_run_and_plan(
    asked: int, plan: int | None, expected: int
) -> None:
    tape = Tape().created(options(budget_tokens=asked))
    tape.planned(plan_of("T1", budget_tokens=plan))
    view = run_view(tape.state)
    assert (view.tokens.used, view.tokens.budget) == (0, expected)


def test_what_tasks_and_phases_used_is_shown_with_the_ceiling_each_has_of_its_own() -> None:
    tape = Tape().created(options(budget_tokens=1000, budget_s=600))
    phases = (Phase(name="task", budget_tokens=50, budget_s=30),)
    tape.planned(plan_of(task_of("T1", budget_tokens=200, phases=phases), "T2", budget_s=120))
    tape.phase("T1", "task", None)
    tape.spend(45, "T1", "task")
    tape.work(12_000, "T1", "task", of_run=7_000)
    tape.work(1_000, "T2", "bootstrap")
    view = run_view(tape.state)
    assert (view.tokens.used, view.tokens.budget) == (45, 1000)
    assert (view.time.used_ms, view.time.budget_ms) == (8_000, 120_000)
    first, second = view.tasks
    assert (first.tokens.used, first.tokens.budget) == (45, 200)
    assert (first.time.used_ms, first.time.budget_ms) == (12_000, 0)
    assert (second.time.used_ms, second.tokens.budget) == (1_000, 0)
    shown = next(phase for phase in first.phases if phase.name == "task")
    assert (shown.tokens.used, shown.tokens.budget) == (45, 50)
    assert (shown.time.used_ms, shown.time.budget_ms) == (12_000, 30_000)
    assert first.nearest is not None
    assert (first.nearest.scope, first.nearest.used) == ("phase", 45)
    assert view.nearest == first.nearest
    assert second.nearest is not None
    assert (second.nearest.scope, second.nearest.measure) == ("plan", "time")


def test_without_a_ceiling_none_is_nearest() -> None:
    tape = Tape().created(options(budget_tokens=0)).planned(plan_of("T1"))
    view = run_view(tape.state)
    assert view.nearest is None
    assert view.tasks[0].nearest is None


def test_a_run_that_was_put_down_says_what_it_waits_for_now() -> None:
    tape = running("T1")
    first, second = tape.ask("phase", "T1", digest="1"), tape.ask("question", "T1", digest="2")
    both = awaited(tape.state.pending)
    tape.add(ev.RunPaused(state="waiting", reason=both, exit_code=3))
    assert run(tape) == ("waiting", both)
    tape.decide(first)
    assert run(tape) == ("waiting", f"{second} (question) waits for an answer")
    tape.decide(second)
    assert run(tape) == ("waiting", "decided; `mis resume` goes on")
