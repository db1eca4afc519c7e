"""Ceilings: of tokens and of time, of run, plan, task and phase; what is under way is ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, spell
from makeitso.protocol.events import (
    ApprovalAsked,
    BudgetNeared,
    ChangeProposed,
    CheckRan,
    SnapshotTaken,
    TimeCounted,
    TurnEnded,
)
from makeitso.scripted import Answer, Rule, Run, Say, Tokens, always, rules

if TYPE_CHECKING:
    from makeitso.scripted import Script

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

SLOW_S = 3600
"""Longer than any test: what sleeps so long was ended."""


def dear_then_cheap() -> Script:
    """The first call costs much; the second is late, so that the turn is ended before it."""
    dear = Tokens(input=3000, cached=0, output=500)
    cheap = Answer(items=(Say("Line 2 is spelled out."),), usage=Tokens(input=10), delay_s=4.0)
    return rules(
        Rule(when=lambda view: view.answered("cheap"), answer=cheap),
        Rule(
            when=always,
            answer=Answer(items=(change("line 2", "line two", call="cheap"),), usage=dear),
        ),
    )


def slow_command() -> Script:
    """The worker changes the file and then runs something that never ends; later it is done."""
    return rules(
        Rule(
            when=lambda view: any("interrupted" in text for text in view.user_texts),
            answer=Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),)),
        ),
        Rule(
            when=lambda view: view.answered("first"),
            answer=Answer(items=(Run(f"sleep {SLOW_S}", "slow"),)),
        ),
        Rule(when=always, answer=Answer(items=(change("line 2", "line two", call="first"),))),
    )


@pytest.mark.parametrize(
    ("keys", "options", "whose"),
    [
        ("  - task: 3k tokens\n", (), "the phase task of T1"),
        ("", ("--budget-tokens", "3k"), "the run"),
    ],
    ids=["phase", "run"],
)
def test_tokens_of_phase_and_run(
    tmp_path: Path, keys: str, options: tuple[str, ...], whose: str
) -> None:
    said = f"the budget of {whose} is used up: 3,500 of 3,000 tokens"
    with world(tmp_path, dear_then_cheap(), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN + keys), "--yes", *options).expect(4, said)
        spent = len(w.server.views)
        assert w.of(TurnEnded)[0].status == "interrupted"
        assert any(data.name == "round-1" for data in w.of(SnapshotTaken)), "the work is kept"
        assert w.of(ChangeProposed)[-1].hunks
        near = [data.ceiling for data in w.of(BudgetNeared)]
        assert [(c.used, c.limit) for c in near] == [(3500, 3000)]
        w.mis("resume", "--yes").expect(4, said)
        assert len(w.server.views) == spent, "tokens were spent past the ceiling"
        refused = w.mis("approve", "--answer", "10 min", w.pending("budget"))
        refused.expect(2, "is no amount")
        w.mis("approve", "--answer", "50k", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(0)
        assert "line two\n" in w.read("poem.txt")
        (asked,) = [data for data in w.of(ApprovalAsked) if data.kind == "budget"]
        assert asked.ceiling is not None
        assert w.run.raised[asked.ceiling.key] == 50_500, "what is granted is there to be spent"


def test_time_of_a_task_ends_what_its_worker_runs(tmp_path: Path) -> None:
    plan = PLAN + "  - task: 4 s\n"
    with world(tmp_path, slow_command(), files=FILES) as w:
        before = time.monotonic()
        ended = w.mis("run", w.plan("spell", plan), "--yes")
        ended.expect(4, "the budget of the phase task of T1 is used up", "of 4 s")
        assert time.monotonic() - before < SLOW_S / 10
        assert not w.strays(), "the command was ended"
        used = w.task().phases["task"].active_ms
        assert 3_500 <= used < 60_000
        assert w.of(ChangeProposed)[-1].hunks
        stopped = w.run.active_ms
        w.mis("approve", "--answer", "30 min", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(0)
        assert "line two\n" in w.read("poem.txt")
        assert w.run.active_ms >= stopped
        counted = w.of(TimeCounted)
        assert sum(data.run_ms for data in counted) == w.run.active_ms
        shown = w.status()
        assert shown["time"] == {"used_ms": w.run.active_ms, "budget_ms": 0}


def test_time_of_a_check_is_bounded_and_its_traces_are_taken_out(tmp_path: Path) -> None:
    files = {**FILES, "check.sh": f"echo junk > left.txt; test -e go.txt || sleep {SLOW_S}\n"}
    with world(tmp_path, spell(), files=files) as w:
        path = w.plan("spell", PLAN + "  - bootstrap: 3 s\n")
        w.mis("run", path, "--yes").expect(4, "the phase bootstrap of T1", "3 s")
        assert not w.strays(), "the check was ended"
        assert not w.of(CheckRan), "a check that was ended proves nothing"
        worktree = w.task().worktree
        assert worktree is not None
        assert not (Path(worktree) / "left.txt").exists()
        assert w.task().tokens == 0
        w.mis("approve", "--deny", "--because", "too slow", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(1, "not raised: too slow")
        assert w.task().ended == "failed"


def test_a_refusal_keeps_the_work_for_review_and_is_not_asked_again(tmp_path: Path) -> None:
    with world(tmp_path, dear_then_cheap(), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--budget-tokens", "3k").expect(3)
        w.mis("approve", w.pending("plan")).expect(0)
        w.mis("resume", "--yes").expect(4)
        w.mis("approve", "--deny", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(1, "it is not raised")
        assert len([d for d in w.of(ApprovalAsked) if d.kind == "budget"]) == 1
        assert w.task().ended == "failed"
        assert [hunk["state"] for hunk in w.hunks()] == ["pending"], "it can still be reviewed"


def test_minutes_of_the_run_hold_for_the_manager_too(tmp_path: Path) -> None:
    late = Answer(items=(Say("{}"),), delay_s=120.0)
    script = rules(Rule(when=always, answer=late))
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        ended = w.mis("run", "spell the second line", "--yes", "--budget-minutes", "0.1")
        ended.expect(4, "the budget of the run is used up", "of 6 s")
        assert not w.strays(), "the manager's program is gone"
        assert w.run.plan is None
        w.mis("approve", "--deny", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(1, "it is not raised")
        assert w.status()["state"] == "failed"
