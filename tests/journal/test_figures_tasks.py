"""What each task and phase cost, from a journal whose figures are reckoned by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from journal import audit_tape as on
from journal.audit_tape import Tape
from makeitso.journal.figures import figures
from makeitso.plans.globs import matches
from makeitso.protocol import audit
from makeitso.protocol import events as ev
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.plan import Phase

if TYPE_CHECKING:
    from makeitso.protocol.words import ApprovalKind, PhaseName


def run_of(tape: Tape, *, until: int | None = None) -> audit.RunFigures:
    (run,) = figures(tape.events, covers=matches, until=until).by_run
    return run


def ask(
    tape: Tape,
    ms: int,
    name: str,
    *tasks: str,
    kind: ApprovalKind = "command",
    enters: PhaseName | None = None,
    ceiling: Ceiling | None = None,
) -> None:
    tape.at(
        ms,
        ev.ApprovalAsked(
            id=name, kind=kind, subject="s", digest="d", tasks=tasks, enters=enters, ceiling=ceiling
        ),
    )


def turn(number: int) -> ev.TurnStarted:
    return ev.TurnStarted(intent="EXEC", round=number, prompt_digest="d")


def two_tasks(*, budget: int = 10_000) -> Tape:
    """T1 has 500 tokens, its phase task 200 of them and ten seconds; T2 nothing of its own."""
    own = Phase(name="task", budget_tokens=200, budget_s=10)
    tape = Tape()
    tape.created(0, budget=budget)
    tape.planned(
        100, on.task("T1", budget=500).model_copy(update={"phases": (own,)}), on.task("T2")
    )
    return tape


def test_a_journal_reckoned_by_hand() -> None:
    tape = two_tasks()
    tape.at(110, on.usage("manager", 30, 10))  # of the plan: of no task
    tape.at(200, ev.TaskStarted(), task="T1")
    tape.at(210, ev.PhaseStarted(), task="T1", phase="bootstrap")
    tape.at(300, ev.TimeCounted(active_ms=2500, run_ms=2500), task="T1", phase="bootstrap")
    tape.at(310, ev.PhaseEnded(state="passed"), task="T1", phase="bootstrap")
    ask(tape, 400, "a1", "T1", kind="phase", enters="task")
    tape.decided(1400, "a1")  # 1000 before the phase task
    tape.at(1500, ev.PhaseStarted(), task="T1", phase="task")
    tape.at(1510, turn(1), task="T1", phase="task")
    ask(tape, 2000, "a2", "T1")
    ask(tape, 2200, "a3", "T1")
    tape.decided(2500, "a2")
    tape.decided(2900, "a3", grant=False)  # 900 in the phase task, two questions at once
    tape.at(3000, on.usage("worker", 100, 20), task="T1", phase="task")
    tape.at(3010, on.usage("manager", 25, 5), task="T1", phase="task")
    tape.at(3020, ev.TimeCounted(active_ms=4000, run_ms=3000), task="T1", phase="task")
    tape.at(3100, turn(2), task="T1", phase="task")
    tape.at(3200, turn(2), task="T1", phase="task")  # begun again after a crash
    tape.at(3300, ev.PhaseEnded(state="passed"), task="T1", phase="task")
    tape.at(3400, ev.TaskReviewing(), task="T1")
    tape.at(3500, ev.TimeCounted(active_ms=700, run_ms=700), task="T1")  # a check of what is kept
    ask(tape, 3600, "a4", "T1", kind="change")  # and nobody answers
    run = run_of(tape, until=4000)
    phase_tokens = Ceiling(
        scope="phase", measure="tokens", task="T1", phase="task", limit=200, used=150, grant=200
    )
    task_tokens = Ceiling(scope="task", measure="tokens", task="T1", limit=500, used=150, grant=500)
    whole = Ceiling(scope="run", measure="tokens", limit=10_000, used=190, grant=10_000)
    first, second = run.tasks
    assert first == audit.TaskFigures(
        task="T1", title="T1", state="open",
        tokens=150, active_ms=7200, rounds=2, approvals=4, person_ms=1000 + 900 + 400,
        nearest=phase_tokens, share=0.75,
        phases=(
            audit.PhaseFigures(
                phase="bootstrap", tokens=0, active_ms=2500, rounds=0, approvals=0, person_ms=0,
                nearest=task_tokens, share=0.3,
            ),
            audit.PhaseFigures(
                phase="task", tokens=150, active_ms=4000, rounds=2, approvals=3,
                person_ms=1900, nearest=phase_tokens, share=0.75,
            ),
        ),
    )  # fmt: skip
    assert second == audit.TaskFigures(
        task="T2", title="T2", state="open", tokens=0, active_ms=0, rounds=0, approvals=0,
        person_ms=0, nearest=whole, share=0.019, phases=(),
    )  # fmt: skip
    assert (run.nearest, run.share) == (phase_tokens, 0.75)


def test_the_nearest_is_the_one_most_used_up_of_either_measure() -> None:
    tape = two_tasks()
    tape.at(200, ev.PhaseStarted(), task="T1", phase="task")
    tape.at(210, on.usage("worker", 100, 0), task="T1", phase="task")  # 100 of 200
    tape.at(220, ev.TimeCounted(active_ms=6000, run_ms=6000), task="T1", phase="task")  # 6 of 10 s
    task = run_of(tape).tasks[0]
    assert task.nearest is not None
    assert (task.nearest.scope, task.nearest.measure, task.share) == ("phase", "time", 0.6)


def test_a_raise_counts_for_exactly_the_ceiling_it_was_of() -> None:
    tape = two_tasks()
    tape.at(200, ev.PhaseStarted(), task="T1", phase="task")
    tape.at(210, on.usage("worker", 200, 60), task="T1", phase="task")  # 60 past the phase's 200
    at = Ceiling(
        scope="phase", measure="tokens", task="T1", phase="task", limit=200, used=260, grant=200
    )
    ask(tape, 300, "a1", "T1", kind="budget", ceiling=at)
    assert run_of(tape).tasks[0].share == 1.3
    tape.decided(400, "a1", extend=140)  # 200, the 60 beyond it, and 140 more
    task = run_of(tape).tasks[0]
    assert task.nearest is not None
    assert (task.nearest.scope, task.nearest.limit, task.share) == ("phase", 400, 0.65)
    assert task.phases[0].approvals == 1
    tape.at(500, on.usage("worker", 200, 0))  # of the run alone
    assert run_of(tape).tasks[0].share == 0.65


def test_a_question_of_two_tasks_keeps_each_waiting_from_when_it_had_it() -> None:
    tape = two_tasks()
    tape.at(200, ev.PhaseStarted(), task="T2", phase="verify")
    ask(tape, 1000, "a1", "T1")
    ask(tape, 1300, "a1", "T2")  # the same question, once more
    tape.at(1350, ev.TaskTakenUp(how="redo"), task="T2")
    tape.at(1360, ev.PhaseStarted(), task="T2", phase="bootstrap")
    ask(tape, 1400, "a1", "T1", "T2")  # that they ask again is no second question
    tape.at(1600, ev.ApprovalVoided(id="a1", reason="nothing waits for it"))
    first, second = run_of(tape, until=9000).tasks
    assert (first.approvals, first.person_ms, first.phases) == (1, 600, ())
    assert (second.approvals, second.person_ms) == (1, 300)
    assert [(p.phase, p.approvals, p.person_ms) for p in second.phases] == [
        ("bootstrap", 0, 0),
        ("verify", 1, 300),
    ]


def test_a_question_that_is_open_when_its_run_ends_ends_with_it() -> None:
    tape = two_tasks()
    ask(tape, 1000, "a1", "T1")
    tape.at(1500, ev.RunFinished(state="stopped"))
    assert run_of(tape, until=9000).tasks[0].person_ms == 500


def test_a_task_begun_anew_costs_what_both_attempts_cost() -> None:
    tape = two_tasks()
    for ms in (1000, 2000):
        tape.at(ms, ev.PhaseStarted(), task="T1", phase="task")
        tape.at(ms + 1, turn(1), task="T1", phase="task")
        tape.at(ms + 2, on.usage("worker", 90, 0), task="T1", phase="task")
        tape.at(ms + 3, ev.PhaseEnded(state="passed"), task="T1", phase="task")
        if ms == 1000:
            tape.at(1500, ev.TaskTakenUp(how="redo"), task="T1")
    task = run_of(tape).tasks[0]
    assert (task.tokens, task.rounds) == (180, 2)
    assert (task.phases[0].tokens, task.phases[0].rounds) == (180, 2)
    # The phase may use its 200 in each attempt; the task has its 500 once.
    near = task.nearest
    assert near is not None
    assert (near.scope, near.used, near.limit) == ("phase", 90, 200)


def test_without_any_ceiling_none_is_near() -> None:
    tape = Tape()
    tape.created(0, budget=0)
    tape.planned(100, on.task("T1"))
    tape.at(210, on.usage("worker", 100, 0), task="T1", phase="task")
    run = run_of(tape)
    assert (run.nearest, run.share) == (None, None)
    assert (run.tasks[0].nearest, run.tasks[0].share) == (None, None)
