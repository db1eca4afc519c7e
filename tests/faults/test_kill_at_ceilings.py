"""kill -9 around ceilings: what was used is known afterwards, and no more than once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from faults.killing import killed
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, Rule, Say, Script, Tokens, always, rules

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]
CHEAP = Tokens(input=10, cached=0, output=1, reasoning=0)


def script(dear: int) -> Script:
    """The first call costs `dear` tokens, every other one next to nothing."""
    return rules(
        Rule(
            when=lambda view: bool(view.calls) or "+line two" in view.last_user_text,
            answer=Answer(
                items=(Say("Line 2 is spelled out.", phase="final_answer"),), usage=CHEAP
            ),
        ),
        Rule(
            when=always,
            answer=Answer(
                items=(change("line 2", "line two", call="first"),),
                usage=Tokens(input=dear, cached=0, output=0, reasoning=0),
            ),
        ),
    )


@pytest.mark.parametrize("where", ["recording.budget.neared", "recorded.budget.neared"])
def test_killed_as_a_ceiling_comes_near(tmp_path: Path, where: str) -> None:
    with world(tmp_path, script(8_500), files=FILES) as w:
        path = w.plan("spell", PLAN)
        killed(w, where, "run", path, "--yes", "--budget-tokens", "10k")
        w.mis("resume", "--yes").expect(0)
        assert "line two\n" in w.read("poem.txt")
        assert len(w.of(ev.BudgetNeared)) == 1, "it is said once"
        assert 8_500 <= w.run.tokens < 10_000


@pytest.mark.parametrize(
    "where", ["recorded.turn.ended", "recorded.snapshot.taken:2", "recorded.approval.asked:2"]
)
def test_killed_at_a_ceiling_it_still_holds(tmp_path: Path, where: str) -> None:
    slow = Answer(items=(Say("Line 2 is spelled out."),), usage=CHEAP, delay_s=4.0)
    dear = rules(
        Rule(when=lambda view: bool(view.calls), answer=slow),
        Rule(when=always, answer=script(3_500)),
    )
    with world(tmp_path, dear, files=FILES) as w:
        path = w.plan("spell", PLAN)
        killed(w, where, "run", path, "--yes", "--approval", "delegate", "--budget-tokens", "3k")
        used, asked = w.run.tokens, len(w.server.views)
        w.mis("resume", "--yes").expect(4, "3,500 of 3,000 tokens")
        assert (w.run.tokens, len(w.server.views)) == (used, asked), "nothing was spent past it"
        assert [d.kind for d in w.of(ev.ApprovalAsked)].count("budget") == 1
        w.mis("approve", w.pending("budget")).expect(0)
        w.mis("resume", "--yes").expect(0)
        assert "line two\n" in w.read("poem.txt")
