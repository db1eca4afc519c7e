from __future__ import annotations

from journal.tape import Tape, options, plan_of, task_of
from makeitso.protocol import events as ev


def running() -> Tape:
    return Tape().created(options()).planned(plan_of("T1", "T2"))


def test_the_same_question_of_another_task_joins_it_and_keeps_its_answer() -> None:
    tape = running()
    name = tape.ask("command", "T1")
    tape.ask("command", "T2", name=name)
    (approval,) = [a for a in tape.state.approvals.values() if a.kind == "command"]
    assert (approval.tasks, approval.state) == (("T1", "T2"), "pending")
    tape.decide(name, grant=False, because="no")
    tape.ask("command", "T2", name=name)
    approval = tape.state.approvals[name]
    assert (approval.tasks, approval.state, approval.because) == (("T1", "T2"), "denied", "no")


def test_each_task_uses_an_answer_for_itself() -> None:
    tape = running()
    name = tape.ask("command", "T1")
    tape.decide(name)
    tape.add(ev.ApprovalUsed(id=name), "T1")
    assert tape.state.used == {(name, "T1")}


def test_the_first_decision_holds_and_a_void_question_cannot_be_decided() -> None:
    tape = running()
    first, second = tape.ask("command", "T1"), tape.ask("question", "T1")
    tape.decide(first, grant=False, because="too early")
    tape.decide(first, grant=True, scope="run")
    tape.add(ev.ApprovalVoided(id=first, reason="late"))
    tape.add(ev.ApprovalVoided(id=second, reason="fell away"))
    tape.decide(second)
    state = tape.state
    assert (state.approvals[first].state, state.approvals[first].because) == ("denied", "too early")
    assert (state.approvals[second].state, state.approvals[second].who) == ("void", None)
    assert state.pending == []


def test_hunks_that_stay_the_same_keep_their_marks_when_the_change_is_edited() -> None:
    tape = running()
    tape.propose("T1", "h1", "h2", "h3")
    tape.mark("T1", "h1")
    tape.mark("T1", "h2", to="rejected", because="ugly")
    tape.add(ev.HunkSplit(hunk="h3", parts=("h3.1", "h3.2")), "T1")
    tape.mark("T1", "h3.2", to="rejected")
    tape.propose("T1", "h1", "h4", "h3")
    task = tape.state.tasks["T1"]
    assert task.hunks == {
        "h1": "accepted", "h4": "pending", "h3.1": "pending", "h3.2": "rejected",
    }  # fmt: skip
    assert task.settled is False


def test_a_hunk_that_may_never_land_takes_no_mark() -> None:
    tape = running()
    tape.propose("T1", ev.HunkRef(id="h1", path="l", refused="a link"), "h2")
    tape.mark("T1", "h1", "h2")
    assert tape.state.tasks["T1"].hunks == {"h1": "refused", "h2": "accepted"}
    tape.land("T1", "h2")
    tape.mark("T1", "h2", to="rejected")
    assert tape.state.tasks["T1"].hunks == {"h1": "refused", "h2": "landed"}


def test_only_marks_of_a_person_count_as_explicit() -> None:
    tape = running()
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1")
    tape.add(ev.HunkMarked(hunks=("h2",), mark="accepted"), "T1", actor="policy")
    assert tape.state.tasks["T1"].explicit == {"h1"}


def test_a_landing_that_failed_leaves_what_was_accepted() -> None:
    tape = running()
    tape.propose("T1", "h1", "h2")
    tape.mark("T1", "h1", "h2")
    tape.land("T1", error="interrupted")
    task = tape.state.tasks["T1"]
    assert task.hunks == {"h1": "accepted", "h2": "accepted"}
    assert (task.landings, task.landing) == ([], None)


def test_a_new_thread_counts_its_tokens_from_nothing() -> None:
    tape = running()

    def thread(name: str) -> ev.WorkerStarted:
        return ev.WorkerStarted(worker="codex", pid=1, start_time=1, thread=name, program="p")

    def usage(source: str, spent: int, cumulative: int) -> ev.UsageCounted:
        return ev.UsageCounted.model_validate(
            {
                "source": source,
                "input_tokens": spent,
                "output_tokens": 0,
                "thread_input": cumulative,
            }
        )

    tape.add(thread("x"), "T1")
    tape.add(usage("worker", 30, 30), "T1")
    tape.add(usage("manager", 5, 0), "T1")
    tape.add(thread("x"), "T1")
    assert tape.state.tasks["T1"].thread_input == 30, "the same thread goes on counting"
    tape.add(thread("y"), "T1")
    assert tape.state.tasks["T1"].thread_input == 0
    assert (tape.state.tokens, tape.state.tasks["T1"].tokens) == (35, 35)


def test_a_task_done_earlier_is_no_task_of_the_run() -> None:
    tape = Tape().created(options()).planned(plan_of(task_of("T1", done=True), "T2"))
    assert list(tape.state.tasks) == ["T2"]


def test_a_run_taken_up_again_is_neither_paused_nor_to_be_stopped() -> None:
    tape = running()
    tape.add(ev.StopRequested(reason="enough"))
    tape.add(ev.RunPaused(state="stopped", reason="enough", exit_code=130))
    assert tape.state.active is False
    tape.add(ev.RunResumed(yes=True))
    state = tape.state
    assert (state.paused, state.stop_requested, state.active) == (None, None, True)
    assert state.options.yes is True


def test_a_resume_keeps_the_consent_a_run_was_started_with_unless_it_says_otherwise() -> None:
    tape = Tape().created(options(yes=True)).planned(plan_of("T1"))
    tape.add(ev.RunResumed())
    assert tape.state.options.yes is True
    tape.add(ev.RunResumed(asks=True))
    assert tape.state.options.yes is False
    tape.add(ev.RunResumed())
    assert tape.state.options.yes is False
    tape.add(ev.RunResumed(yes=True))
    assert tape.state.options.yes is True
