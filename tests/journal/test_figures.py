from __future__ import annotations

import json

import pytest

from journal import audit_tape as on
from journal.audit_tape import CHECK, Tape
from makeitso.errors import NotFoundError
from makeitso.journal.figures import figures
from makeitso.journal.sums import spread
from makeitso.plans.globs import matches
from makeitso.protocol import audit
from makeitso.protocol import events as ev
from makeitso.protocol.budget import Ceiling
from makeitso.protocol.plan import CodexManager


def of(tape: Tape, *runs: str, until: int | None = None) -> audit.AuditFigures:
    return figures(tape.events, covers=matches, runs=runs or None, until=until)


def total(tape: Tape, *runs: str, until: int | None = None) -> audit.Figures:
    return of(tape, *runs, until=until).total


def one_task(name: str = "T1", **spec: object) -> Tape:
    """A run whose plan has one task."""
    tape = Tape()
    tape.created(0)
    tape.planned(100, on.task(name, **spec))  # pyright: ignore[reportArgumentType]
    return tape


def test_nothing_is_no_division_by_zero() -> None:
    found = of(Tape())
    assert (found.events, found.first_at, found.last_at, found.by_run) == (0, None, None, ())
    assert found.total.parse.success is None
    assert found.total.parse.coverage is None
    assert found.total.adherence.score is None
    assert found.total.tokens.per_landed_hunk is None
    assert found.total.hunks.acceptance is None
    assert found.total.budget.share is None
    assert found.total.latency.turn == audit.Spread(
        count=0, median_ms=None, p90_ms=None, max_ms=None
    )


def test_parse_success_is_of_commands_output_and_coverage_of_its_lines() -> None:
    tape = one_task()
    for data in (
        on.record("stdout"), on.record("stderr"), on.record("stdout"),
        on.miss("stdout"), on.miss("stderr", count=4),
        on.record("message", "frame"), on.record("message", "frame"), on.record("message"),
        on.miss("message", "spoofed_frame"),
        ev.OutputParsed(channel="stdout", lines=30, explained_lines=24, size_bytes=900,
                        explained_bytes=300, unlisted_records=5, unlisted_misses=2),
        ev.OutputParsed(channel="stderr", lines=10, explained_lines=1, size_bytes=100,
                        explained_bytes=20),
        ev.OutputParsed(channel="message", lines=99, explained_lines=0, size_bytes=9,
                        explained_bytes=0, unlisted_records=7, unlisted_misses=1),
    ):  # fmt: skip
        tape.at(200, data, task="T1", phase="task", actor="worker")
    assert total(tape).parse == audit.ParseFigures(
        records=8, misses=7, success=round(8 / 15, 6),
        lines=40, explained_lines=25, coverage=0.625,
        size_bytes=1000, explained_bytes=320, byte_coverage=0.32,
        frames=9, frame_faults=2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("files", "paths", "expected"),
    [
        ((), ["a.py", "b.py"], (0, 0)),
        (("src/**",), ["src/a.py", "src/b/c.py", "docs/x.md"], (3, 2)),
        (("src/*.py", "docs"), ["src/a.py", "docs/x.md", "src/b/c.py"], (3, 2)),
        (("src/**",), ["src/a.py", "src/a.py"], (1, 1)),
    ],
)
def test_files_inside_the_declared_globs(
    files: tuple[str, ...], paths: list[str], expected: tuple[int, int]
) -> None:
    tape = one_task(files=files)
    tape.at(300, on.proposed(*((f"h{n}", path) for n, path in enumerate(paths))), task="T1")
    found = total(tape).adherence
    assert (found.declared_files, found.files_inside) == expected
    assert found.score == (round(expected[1] / expected[0], 6) if expected[0] else None)


def test_the_last_proposal_is_what_counts() -> None:
    tape = one_task(files=("src/**",))
    tape.at(300, on.proposed(("h1", "elsewhere")), task="T1")
    tape.at(400, on.proposed(("h2", "src/a")), task="T1")
    assert total(tape).adherence.score == 1.0


def test_landed_in_order_and_with_evidence() -> None:
    tape = Tape()
    tape.created(0)
    tape.planned(
        10,
        on.task("T0", done=True),
        on.task("T1", checks=(CHECK,)),
        on.task("T2", after=("T0", "T1"), checks=(CHECK,)),
        on.task("T3", after=("T4",)),
        on.task("T4", after=("T1",)),
        on.task("T5", after=("T1",), checks=(CHECK,)),
    )
    tape.at(20, on.check("round", 1), task="T1")
    tape.at(21, on.check("proposal", 0), task="T1")
    tape.at(22, on.check("proposal", 0), task="T2")
    tape.at(23, on.check("landed", 1), task="T2")  # its proof is gone
    for at, name in ((30, "T1"), (31, "T2"), (32, "T3"), (33, "T4")):
        tape.at(at, ev.TaskEnded(state="landed"), task=name)
    tape.at(34, ev.TaskEnded(state="failed"), task="T5")  # promised nothing that came true
    found = total(tape)
    assert found.tasks == {"failed": 1, "landed": 4}
    assert found.adherence == audit.AdherenceFigures(
        declared_files=0, files_inside=0,
        dependent_tasks=3, tasks_in_order=2,
        checked_tasks=2, tasks_proved=1,
        score=round((2 / 3 + 1 / 2) / 2, 6),
    )  # fmt: skip


def test_a_check_that_never_ran_on_the_work_proves_nothing() -> None:
    tape = one_task(checks=(CHECK,))
    tape.at(20, on.check("base", 0), task="T1")
    tape.at(30, ev.TaskEnded(state="landed"), task="T1")
    assert total(tape).adherence.tasks_proved == 0


def test_tokens_by_source_and_by_what_came_of_them() -> None:
    tape = one_task()
    tape.at(10, on.usage("manager", 100, 10))
    tape.at(20, on.usage("worker", 200, 30), task="T1")
    tape.at(30, on.usage("worker", 60, 0), task="T1")
    tape.at(40, on.proposed(("h1", "a"), ("h2", "a")), task="T1")
    tape.at(50, on.landed("h1", "h2"), task="T1")
    assert total(tape).tokens.per_task is None  # nothing has ended
    tape.at(60, ev.TaskEnded(state="landed"), task="T1")
    assert total(tape).tokens == audit.TokenFigures(
        manager_input=100, manager_output=10, worker_input=260, worker_output=30,
        total=400, per_landed_hunk=200.0, per_task=400.0,
    )  # fmt: skip


def test_a_task_taken_up_after_the_end_of_its_run_counts_as_it_ended_then() -> None:
    tape = one_task()
    tape.at(10, ev.TaskEnded(state="failed"), task="T1")
    tape.at(11, ev.RunFinished(state="failed"))
    assert total(tape).tasks["failed"] == 1
    tape.at(12, ev.TaskTakenUp(how="retry"), task="T1")
    tape.at(13, ev.RunResumed())
    assert of(tape).by_run[0].ended_at is None
    tape.at(14, ev.TaskEnded(state="landed"), task="T1")
    tape.at(15, ev.RunFinished(state="done"))
    found = total(tape).tasks
    assert (found.get("landed"), found.get("failed", 0)) == (1, 0)


def test_hunks_by_their_last_mark() -> None:
    tape = one_task()
    hunks = [(f"h{n}", "a") for n in range(1, 8)]
    tape.at(10, on.proposed(*hunks, refused=("h7",)), task="T1")
    tape.at(20, ev.HunkMarked(hunks=("h1", "h2", "h3", "h7"), mark="accepted"), task="T1")
    tape.at(21, ev.HunkMarked(hunks=("h3", "h4"), mark="rejected"), task="T1")
    tape.at(22, ev.HunkMarked(hunks=("h5",), mark="accepted"), task="T1")
    tape.at(23, ev.HunkMarked(hunks=("h5",), mark="pending"), task="T1")
    tape.at(24, ev.HunkSplit(hunk="h2", parts=("h2.1", "h2.2")), task="T1")
    tape.at(25, on.landed("h1", error="no room"), task="T1")
    tape.at(26, on.landed("h1", "h2.1", conflicts=("h2.2",)), task="T1")
    tape.at(27, ev.HunkMarked(hunks=("h1",), mark="rejected"), task="T1")  # too late
    expected = audit.HunkFigures(
        proposed=8, accepted=3, rejected=2, pending=2, refused=1, landed=2, conflicts=1,
        acceptance=0.6,
    )  # fmt: skip
    assert total(tape).hunks == expected
    tape.at(28, on.proposed(*hunks, refused=("h7",)), task="T1")  # computed again
    assert total(tape).hunks == expected
    tape.at(29, ev.TaskEnded(state="landed"), task="T1")
    tape.at(30, ev.RunFinished(state="done"))
    assert total(tape).hunks == expected


@pytest.mark.parametrize(
    ("questions", "until", "expected_ms"),
    [
        ([("+a", 100), ("-a", 350)], None, 250),
        ([("+a", 100), ("+b", 200), ("-a", 300), ("-b", 450)], None, 350),
        ([("+a", 100), ("-a", 200), ("+b", 900), ("-b", 950)], None, 150),
        ([("+a", 100), ("+a", 150), ("-a", 200), ("-a", 900)], None, 100),
        ([("+a", 100), ("-x", 400)], None, 300),
        ([("+a", 100)], 5000, 4900),
        ([("+a", 100), ("-a", 40)], None, 0),
        ([("+a", 100), ("end", 400), ("-a", 900)], 5000, 300),
    ],
)
def test_waiting_for_a_person_is_a_union(
    questions: list[tuple[str, int]], until: int | None, expected_ms: int
) -> None:
    tape = Tape()
    tape.created(0)
    for what, at in questions:
        if what == "end":
            tape.at(at, ev.RunFinished(state="stopped"))
        elif what[0] == "+":
            tape.asked(at, what[1:], "command")
        else:
            tape.decided(at, what[1:])
    found = of(tape, until=until)
    assert found.total.waits.person_ms == expected_ms
    assert found.by_run[0].figures.waits.person_ms == expected_ms


def test_two_runs_that_wait_at_once_keep_a_person_waiting_once() -> None:
    tape = Tape()
    for run, name, begin, end in (("r1", "a", 100, 300), ("r2", "b", 200, 500)):
        tape.created(0, run=run)
        tape.asked(begin, name, "phase", run=run)
        tape.events.sort(key=lambda event: event.at)
        tape.decided(end, name, run=run)
    tape.events.sort(key=lambda event: event.at)
    found = of(tape)
    assert found.total.waits.person_ms == 400
    assert [run.figures.waits.person_ms for run in found.by_run] == [200, 300]
    assert total(tape, "r2").waits.person_ms == 300


def test_questions_by_kind_outcome_and_who_answered() -> None:
    tape = Tape()
    tape.created(0)
    for at, name, kind in (
        (1, "a1", "plan"), (2, "a2", "command"), (3, "a3", "command"), (4, "a4", "change"),
        (5, "a5", "phase"), (6, "a6", "question"),
    ):  # fmt: skip
        tape.asked(at, name, kind)  # pyright: ignore[reportArgumentType]
    tape.decided(11, "a1", who="--yes")
    tape.decided(102, "a2", grant=False)
    tape.decided(103, "a2", grant=True, who="bob")  # the first answer holds
    tape.decided(203, "a3", who="bob")
    tape.at(300, ev.ApprovalVoided(id="a4", reason="decided hunk by hunk"))
    found = total(tape)
    assert {a.kind: (a.asked, a.granted, a.denied, a.void, a.pending) for a in found.approvals} == {
        "plan": (1, 1, 0, 0, 0),
        "phase": (1, 0, 0, 0, 1),
        "command": (2, 1, 1, 0, 0),
        "change": (1, 0, 0, 1, 0),
        "question": (1, 0, 0, 0, 1),
    }
    assert found.deciders == {"--yes": 1, "ada": 1, "bob": 1}
    assert found.doors == {"cli": 3}
    assert found.latency.answer == audit.Spread(count=2, median_ms=100, p90_ms=200, max_ms=200)
    tape.at(400, ev.RunFinished(state="stopped"))
    assert {a.kind: a.void for a in total(tape).approvals if a.void} == {
        "phase": 1, "change": 1, "question": 1,
    }  # fmt: skip


def test_waits_interrupts_retries() -> None:
    tape = Tape()
    tape.created(0)
    tape.planned(50, on.task("T1"), attempts=3)  # two answers were asked for again
    begin = ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d")
    tape.at(100, begin, task="T1")
    tape.at(400, ev.TurnEnded(status="failed", outputs=(on.ref(7), on.ref(3))), task="T1")
    tape.at(500, begin, task="T1")
    tape.at(600, begin, task="T1")  # the process died and took the turn up again
    tape.at(700, ev.TurnEnded(status="interrupted"), task="T1")
    tape.at(710, ev.StopRequested(reason="enough"))
    tape.at(720, ev.RunPaused(state="stopped", reason="enough", exit_code=130))
    assert of(tape).by_run[0].state == "stopped"
    tape.at(800, ev.RunResumed())
    begun = tape.at(805, on.wait("plan"), task="T1")
    tape.at(806, on.looked(begun.seq), task="T1")
    tape.at(807, on.looked(999), task="T1")
    tape.at(809, ev.WaitEnded(wait=begun.seq, reason="skipped"), task="T1")
    tape.at(810, ev.WaitEnded(wait=begun.seq, reason="elapsed"), task="T1")  # the first end holds
    tape.at(810, ev.ManagerJudged(verdict="wait", round=1, wait_s=1.5), task="T1")
    begun = tape.at(811, on.wait("manager"), task="T1")
    tape.at(819, ev.WaitEnded(wait=begun.seq, reason="elapsed"), task="T1")
    tape.at(820, ev.ManagerJudged(verdict="continue", round=1, wait_s=9), task="T1")
    tape.at(821, on.wait("manager"), task="T1")  # it is open still
    tape.at(900, begin.model_copy(update={"round": 2}), task="T1")
    tape.at(2900, ev.TurnEnded(status="completed", outputs=(on.ref(90),)), task="T1")
    found = total(tape)
    assert found.waits == audit.WaitFigures(
        person_ms=0, waits=3, waited_ms=12, looks=1, skipped=1, manager_waits=2, manager_ms=8,
        interrupts=1, manager_interrupts=0,
        failed_turns=1,
        retries=4, stops=1, resumes=1,
    )  # fmt: skip
    assert found.latency.turn == audit.Spread(count=3, median_ms=300, p90_ms=2000, max_ms=2000)
    assert found.latency.plan.median_ms == 50
    assert found.output.worker_bytes == 100
    assert found.runs == {"running": 1}
    assert found.exit_codes == {"130": 1}


def test_an_interrupted_manager_counts_from_when_it_was_asked_again() -> None:
    tape = one_task()
    begun = on.created()
    options = begun.options.model_copy(update={"manager": CodexManager(kind="codex")})
    begun = begun.model_copy(update={"options": options})
    unmanaged = tape.events[0]
    tape.events[0] = unmanaged.model_copy(update={"data": begun})
    tape.at(100, ev.ManagerAsked(intent="EVAL", round=1), task="T1")
    alarm = ev.MonitorInterrupted(who="manager", cause="stall", detail="silence")
    tape.at(1100, alarm, task="T1")
    tape.at(1200, ev.ManagerAsked(intent="EVAL", round=1), task="T1")
    tape.at(1500, ev.ManagerJudged(verdict="done", round=1), task="T1")
    tape.at(1600, alarm.model_copy(update={"who": "worker"}), task="T1")
    found = total(tape)
    assert found.latency.judge == audit.Spread(count=1, median_ms=300, p90_ms=300, max_ms=300)
    assert found.waits.manager_interrupts == 1
    assert found.waits.interrupts == 0
    tape.events[0] = unmanaged
    assert total(tape).latency.judge.count == 0, "nobody manages, and no model was asked"


def test_a_plan_of_a_person_is_no_latency_of_the_manager() -> None:
    tape = Tape()
    tape.created(0)
    tape.planned(50, on.task("T1"), attempts=0)
    found = total(tape)
    assert found.latency.plan.count == 0
    assert found.waits.retries == 0


def test_checks_and_first_change_and_bytes() -> None:
    tape = one_task()
    tape.at(200, on.check("base", 1, ms=10, size=5), task="T1")
    tape.at(300, on.check("round", None, ms=900, size=1), task="T1")
    tape.at(400, on.check("proposal", 0, ms=20, size=2), task="T1")
    tape.at(500, on.check("landed", 0, ms=20, size=2, reused=True), task="T1")
    tape.at(600, on.proposed(("h", "a")), task="T1")
    tape.at(700, on.proposed(("h", "a")), task="T1")
    kept = ev.ArtifactCaptured(kind="patch", path="p", size_bytes=41, digest="d")
    tape.at(800, kept, task="T1")
    found = total(tape)
    assert found.checks == audit.CheckFigures(passed=1, failed=2, timed_out=1, reused=1)
    assert found.latency.check == audit.Spread(count=3, median_ms=20, p90_ms=900, max_ms=900)
    assert found.latency.first_change == audit.Spread(
        count=1, median_ms=600, p90_ms=600, max_ms=600
    )
    assert found.output == audit.ByteFigures(worker_bytes=0, check_bytes=8, artifact_bytes=41)


def test_a_ceiling_is_as_high_as_people_raised_it_beyond_what_was_used() -> None:
    tape = Tape()
    tape.created(0, budget=1000)
    tape.at(1, on.planned(on.task("T1", budget=150)))
    tape.at(2, on.usage("worker", 1000, 100), task="T1")
    whole = Ceiling(scope="run", measure="tokens", limit=1000, used=1100, grant=1000)
    tape.asked(3, "a1", "budget", ceiling=whole)
    tape.decided(4, "a1", extend=50)
    own = Ceiling(scope="task", measure="tokens", task="T1", limit=150, used=1100, grant=150)
    tape.asked(5, "a2", "budget", ceiling=own)
    tape.decided(6, "a2")
    budget = total(tape).budget
    assert (budget.ceiling_tokens, budget.overrun_tokens, budget.tasks_over) == (1150, 0, 0)
    assert budget.raised == 2
    tape.asked(7, "a3", "budget", ceiling=whole)
    tape.decided(8, "a3", grant=False)
    assert total(tape).budget.raised == 2


def test_time_at_work_is_added_up_and_held_against_its_ceilings() -> None:
    tape = Tape()
    tape.created(0)
    timed = on.planned(on.task("T1")).plan.model_copy(update={"budget_s": 10})
    tape.at(1, on.planned(on.task("T1")).model_copy(update={"plan": timed}))
    tape.at(2, ev.TimeCounted(active_ms=3000, run_ms=3000), task="T1")
    tape.at(3, ev.TimeCounted(active_ms=3000, run_ms=1000), task="T1")
    at = Ceiling(scope="plan", measure="time", limit=10_000, used=10_000, grant=10_000)
    tape.asked(4, "a1", "budget", ceiling=at)
    tape.decided(5, "a1", extend=6000)
    tape.created(6, run="r2")
    tape.at(7, ev.TimeCounted(active_ms=500, run_ms=500), run="r2")
    budget = total(tape).budget
    assert (budget.worked_ms, budget.timed_ms, budget.ceiling_ms) == (4500, 4000, 16_000)
    assert budget.time_share == 0.25


@pytest.mark.parametrize(
    ("run", "plan", "grants", "spent", "expected"),
    [
        (1000, None, 0, 400, (400, 1000, 0.4, 0, 0)),
        (1000, 300, 0, 400, (400, 300, 1.333333, 100, 1)),
        (0, 300, 1, 400, (400, 600, 0.666667, 0, 0)),
        (0, None, 0, 400, (0, 0, None, 0, 0)),
    ],
)
def test_budgets(
    run: int, plan: int | None, grants: int, spent: int, expected: tuple[object, ...]
) -> None:
    tape = Tape()
    tape.created(0, budget=run)
    tape.at(1, on.planned(on.task("T1", budget=150), budget=plan))
    for grant in range(grants):
        at = Ceiling(scope="plan", measure="tokens", limit=300, used=300, grant=300)
        tape.asked(2, f"a{grant}", "budget", ceiling=at)
        tape.decided(3, f"a{grant}")
    tape.at(4, on.usage("manager", spent - 200, 0))
    tape.at(5, on.usage("worker", 100, 100), task="T1")

    def found() -> tuple[object, ...]:
        budget = total(tape).budget
        assert budget.tasks_over == 1
        return (
            budget.used_tokens, budget.ceiling_tokens, budget.share, budget.overrun_tokens,
            budget.runs_over,
        )  # fmt: skip

    assert found() == expected
    tape.at(6, ev.RunFinished(state="done"))
    assert found() == expected


def test_one_run_among_others() -> None:
    tape = Tape()
    for number, run in enumerate(("r1", "r2", "r3"), 1):
        tape.created(1000 * number, run=run)
        tape.at(1000 * number + 1, on.usage("manager", number, 0), run=run)
    found = of(tape, "r2", "r3")
    assert [run.id for run in found.by_run] == ["r2", "r3"]
    assert (found.events, found.first_at, found.last_at) == (4, 2000, 3001)
    assert found.total.tokens.total == 5
    assert [run.figures.tokens.total for run in of(tape).by_run] == [1, 2, 3]
    with pytest.raises(NotFoundError, match="no run r9"):
        of(tape, "r9")


def test_an_edited_plan_keeps_what_has_begun() -> None:
    tape = Tape()
    tape.created(0)
    tape.planned(1, on.task("T1", files=("a",)), on.task("T2"), on.task("T3"))
    tape.at(2, on.proposed(("h", "b")), task="T1")
    tape.at(3, on.usage("worker", 1, 1), task="T3")
    tape.planned(4, on.task("T1", files=("b",)), on.task("T4"))
    found = total(tape)
    assert found.tasks == {"open": 3}  # T1, T3 and T4; T2 never began
    assert found.adherence.files_inside == 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7], (1, 7, 7, 7)),
        ([4, 1], (2, 1, 4, 4)),
        ([3, 1, 2], (3, 2, 3, 3)),
        (list(range(100, 0, -1)), (100, 50, 90, 100)),
    ],
)
def test_spread_is_of_values_that_were_measured(
    values: list[int], expected: tuple[int, ...]
) -> None:
    found = spread(values)
    assert (found.count, found.median_ms, found.p90_ms, found.max_ms) == expected


def test_the_model_is_json_and_back() -> None:
    tape = one_task()
    tape.asked(1, "a", "plan")
    found = of(tape)
    assert audit.AuditFigures.model_validate_json(found.model_dump_json()) == found
    assert "perLandedHunk" in json.dumps(found.model_dump(mode="json", by_alias=True))
