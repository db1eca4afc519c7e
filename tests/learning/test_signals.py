"""What a run says about its prompts."""

from __future__ import annotations

from journal.tape import Tape, plan_of
from makeitso.learning.signals import PROMPT_OF, Signal, SignalKind, signals
from makeitso.prompts.catalog import CATALOG
from makeitso.protocol import events as ev


def judged(verdict: str, text: str = "") -> ev.ManagerJudged:
    return ev.ManagerJudged.model_validate({"verdict": verdict, "instructions": text, "round": 1})


def turn(tape: Tape, number: int) -> None:
    tape.add(ev.TurnStarted(intent="EXEC", round=number, prompt_digest=""), "T1", "task")


def sent_back(*rejected: str) -> ev.TaskSentBack:
    return ev.TaskSentBack(
        tree="t", commit="c", ref="r", comments=("c1",), accepted=(), rejected=rejected, open=(),
        instructions="once more",
    )  # fmt: skip


def found(tape: Tape) -> list[tuple[SignalKind, str, int]]:
    return [(one.kind, one.text, one.count) for one in signals(tape.events).signals]


def test_every_signal_is_for_a_prompt_there_is() -> None:
    assert set(PROMPT_OF.values()) <= set(CATALOG)


def test_a_run_that_went_well_says_nothing() -> None:
    tape = Tape().created().planned(plan_of("T1"))
    turn(tape, 1)
    tape.check("T1", "base", code=1)
    tape.check("T1", "round")
    tape.add(judged("done"), "T1")
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2")
    told = signals(tape.events)
    assert (told.signals, told.tasks, told.turns, told.hunks, told.rejected) == ((), 1, 1, 2, 0)
    assert told.run == tape.run


def test_rounds_and_red_checks_speak_of_the_workers_prompt() -> None:
    tape = Tape().created()
    for number in (1, 2, 3):
        turn(tape, number)
        tape.check("T1", "round", code=1, command="make test")
        tape.add(judged("continue", "run the tests first" if number < 3 else "other"), "T1")
    assert found(tape) == [
        ("red-check", "make test", 3),
        ("fix", "run the tests first", 2),
        ("fix", "other", 1),
    ]
    assert {one.prompt for one in signals(tape.events).signals} == {"worker-exec"}
    assert signals(tape.events).of("manager-judge") == ()


def test_what_a_person_rejects_after_done_speaks_of_the_judge_too() -> None:
    tape = Tape().created()
    tape.add(judged("done"), "T1")
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1", to="rejected", because="not asked for")
    tape.mark("T1", "h2", to="rejected")
    tape.mark("T1", "h2")
    assert found(tape) == [("rejected", "not asked for", 1), ("missed", "", 1)]
    told = signals(tape.events)
    assert told.rejected == 1
    assert told.of("manager-judge") == (
        Signal(kind="missed", prompt="manager-judge", task="T1", text=""),
    )


def test_a_mark_of_a_policy_is_nobodys_word() -> None:
    tape = Tape().created()
    tape.propose("T1", "h1")
    tape.add(ev.HunkMarked(hunks=("h1",), mark="rejected"), "T1", actor="policy")
    assert found(tape) == []


def test_what_was_rejected_before_it_was_sent_back_still_counts() -> None:
    tape = Tape().created()
    tape.add(judged("done"), "T1")
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1", to="rejected", because="wrong file")
    tape.add(sent_back("h1"), "T1", actor="person")
    tape.propose("T1", "h2")
    tape.mark("T1", "h2")
    assert found(tape) == [
        ("sent-back", "once more", 1), ("rejected", "wrong file", 1), ("missed", "", 1),
    ]  # fmt: skip
    assert (signals(tape.events).hunks, signals(tape.events).rejected) == (1, 1)


def test_comments_count_unless_taken_back() -> None:
    tape = Tape().created()
    kept = tape.add(ev.CommentAdded(text="name it better", path="a.py"), "T1", actor="person")
    gone = tape.add(ev.CommentAdded(text="never mind"), "T1", actor="person")
    tape.add(ev.CommentWithdrawn(id=f"c{gone.seq}"), "T1", actor="person")
    assert kept.seq != gone.seq
    assert found(tape) == [("comment", "name it better", 1)]


def test_a_plan_that_a_person_changed_speaks_of_the_planners_prompt() -> None:
    tape = Tape().created()
    drafted = plan_of("T1")
    tape.add(ev.PlanMade(path="p", plan=drafted, digest="d1", task_digests={}, attempts=2))
    tape.add(ev.PlanMade(path="p", plan=drafted, digest="d1", task_digests={}))
    assert found(tape) == [("plan-tries", "2 answers were needed", 1)]
    tape.add(ev.PlanMade(path="p", plan=plan_of("T1", "T2"), digest="d2", task_digests={}))
    tape.add(ev.PlanMade(path="p", plan=plan_of("T2"), digest="d3", task_digests={}))
    assert [kind for kind, _, _ in found(tape)] == ["plan-tries", "plan-edited"]


def test_interrupts_and_failures_are_told_with_their_reason() -> None:
    tape = Tape().created()
    tape.add(ev.MonitorInterrupted(cause="loop", detail="same call"), "T1", actor="monitor")
    tape.add(ev.MonitorInterrupted(who="manager", cause="stall", detail="x"), "T1")
    tape.add(ev.TaskEnded(state="failed", reason="r" * 5000), "T1")
    told = found(tape)
    assert told[0] == ("interrupted", "loop: same call", 1)
    assert (told[1][0], len(told[1][1])) == ("gave-up", 2000)
