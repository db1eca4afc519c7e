"""A run in one line."""

from __future__ import annotations

import pytest

from journal.tape import Tape, plan_of
from makeitso.journal.costs import counted
from makeitso.journal.oneline import MOST_CHARS, one_line
from makeitso.protocol import events as ev


def test_the_line_says_state_question_place_and_tokens() -> None:
    tape = Tape().created().planned(plan_of("T1", "T2"))
    assert one_line(tape.state, alive=True) == "mis r20261122-1 running · 0/500k"
    for name in ("bootstrap", "task"):
        tape.phase("T1", name)
    tape.add(ev.UsageCounted(source="worker", input_tokens=12_300, output_tokens=400))
    tape.phase("T1", "verify", None)
    assert one_line(tape.state, alive=True) == "mis r20261122-1 running · T1 verify · 12k/500k"
    tape.ask("command", "T1", name="a3")
    assert one_line(tape.state, alive=True) == "mis r20261122-1 waiting a3 · T1 verify · 12k/500k"
    tape.ask("question", "T1", name="a4", digest="e")
    tape.phase("T2", "bootstrap", None)
    line = one_line(tape.state, alive=False)
    assert line == "mis r20261122-1 stopped a3 +1 · T1 verify +1 · 12k/500k"
    assert len(line) <= MOST_CHARS


def test_time_is_said_where_it_has_a_ceiling() -> None:
    tape = Tape().created(budget_tokens=0, budget_s=1800).planned(plan_of("T1"))
    tape.phase("T1", "task", None)
    tape.work(192_000, "T1", "task")
    assert (
        one_line(tape.state, alive=True) == "mis r20261122-1 running · T1 bootstrap · 0 · 3m12s/30m"
    )


def test_a_finished_run_is_nowhere() -> None:
    tape = Tape().created(budget_tokens=0).planned(plan_of("T1"))
    tape.phase("T1", "bootstrap")
    tape.add(ev.RunFinished(state="failed", reason="red"))
    assert one_line(tape.state, alive=True) == "mis r20261122-1 failed · 0"


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (999_999, "999k"),
        (1_000_000, "1M"),
        (2_540_000, "2.5M"),
    ],
)
def test_numbers_are_short(number: int, shown: str) -> None:
    assert counted(number) == shown
