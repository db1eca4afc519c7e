"""What happened while a person was away: five lines at most, the urgent ones first."""

from __future__ import annotations

from journal.tape import RUN, Tape, plan_of
from makeitso.journal.away import MOST_LINES, while_away
from makeitso.protocol import events as ev


def test_nothing_happened_nothing_is_said() -> None:
    tape = Tape().created().planned(plan_of("T1"))
    assert while_away([], {RUN: tape.state}) == ()
    before = len(tape.events)
    tape.phase("T1", "bootstrap")
    assert while_away(tape.events[before:], {RUN: tape.state}) == ()


def test_what_waits_comes_first_then_what_ended_then_what_went_wrong() -> None:
    tape = Tape().created().planned(plan_of("T1", "T2"))
    before = len(tape.events)
    tape.add(ev.NoteAdded(text="said in passing"), "T1")
    tape.add(ev.NoteAdded(text="something\nodd", level="warning"), "T1")
    tape.add(ev.TaskEnded(state="failed", reason="red"), "T1")
    tape.add(ev.UsageCounted(source="worker", input_tokens=1_000, output_tokens=234), "T2")
    tape.ask("command", "T2", name="a7")
    assert while_away(tape.events[before:], {RUN: tape.state}) == (
        "while you were away (under a minute, 5 events):",
        "  a7 waits for you: command: command",
        f"  {RUN} T1 failed: red",
        "  warning: something odd",
        "  1,234 tokens were spent",
    )


def test_there_are_never_more_than_five_lines_and_none_is_long() -> None:
    tape = Tape().created().planned(plan_of(*(f"T{n}" for n in range(9))))
    before = len(tape.events)
    for n in range(9):
        tape.add(ev.TaskEnded(state="failed", reason="x" * 500), f"T{n}")
    lines = while_away(tape.events[before:], {RUN: tape.state})
    assert len(lines) == MOST_LINES
    assert lines[-1] == "  … and 6 more; `mis status`"
    assert max(map(len, lines)) <= 110


def test_questions_of_a_run_that_is_over_wait_for_nobody() -> None:
    tape = Tape().created().planned(plan_of("T1"))
    before = len(tape.events)
    tape.ask("change", "T1")
    tape.add(ev.RunFinished(state="done"))
    assert while_away(tape.events[before:], {RUN: tape.state})[1:] == (f"  {RUN} done",)
