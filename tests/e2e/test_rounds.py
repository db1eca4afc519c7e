"""Rounds: a judgement that sends work back, a question of the manager, a ceiling of tokens."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, change, work
from makeitso.protocol.events import ManagerJudged, TurnStarted
from makeitso.scripted import Answer, RequestView, Rule, Say, Script, Tokens, always, rules

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

WRONG, RIGHT = change("line 2", "line 2nd"), change("line 2nd", "line two")


def in_round_two(view: RequestView) -> bool:
    return any("This is round 2" in text for text in view.user_texts)


def two_rounds() -> Script:
    return rules(
        Rule(when=in_round_two, answer=work(RIGHT, last="Now it says line two.")),
        Rule(when=always, answer=work(WRONG, last="Done, I believe.")),
    )


def judgement(verdict: str, instructions: str = "", note: str = "Seen.") -> Answer:
    text = json.dumps({"verdict": verdict, "instructions": instructions, "note": note, "wait_s": 0})
    return Answer(items=(Say(text, phase="final_answer"),))


def test_a_red_check_sends_the_work_back_without_a_manager(tmp_path: Path) -> None:
    with world(tmp_path, two_rounds(), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "manager: continue", "done")
        assert "line two\n" in w.read("poem.txt")
        assert [data.intent for data in w.of(TurnStarted)] == ["EXEC", "FIX"]
        fix = next(view for view in w.server.views if in_round_two(view))
        assert CHECK in fix.last_user_text
        assert "line 2nd" in fix.last_user_text, "the difference so far is not told"
        rounds = [c.passed for c in w.task().checks if c.where == "round"]
        assert rounds == [False, True]


def test_a_manager_sends_green_work_back_and_asks_a_person(tmp_path: Path) -> None:
    def judge(view: RequestView) -> Answer:
        text = view.last_user_text
        if "Ada's rule" in text:
            return judgement("done", note="As Ada wants it.")
        if "line two" in text:
            return judgement("need_input", "May the second line be spelled?", "Only Ada knows.")
        return judgement("continue", "Spell it `line two`, not `2nd`.")

    def answered(view: RequestView) -> bool:
        return "Ada's rule" in view.last_user_text

    script = rules(
        Rule(when=lambda view: view.schema_name is not None, answer=judge),
        Rule(when=answered, answer=Answer(items=(Say("Kept as it is.", phase="final_answer"),))),
        Rule(when=always, answer=two_rounds()),
    )
    plan = PLAN.replace(CHECK, "true").replace(" (was: failing)", "")
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        w.mis("run", w.plan("spell", plan), "--yes").expect(3, "May the second line be spelled?")
        question = w.pending("question")
        w.mis("approve", question).expect(2, "--answer")
        w.mis("approve", "--answer", "Ada's rule: spell it", question).expect(0)
        w.mis("resume").expect(0, "As Ada wants it.")
        assert "line two\n" in w.read("poem.txt")
        assert [data.verdict for data in w.of(ManagerJudged)] == [
            "continue",
            "need_input",
            "done",
        ]
        assert w.status()["state"] == "done"


def test_a_ceiling_of_tokens_ends_with_exit_4_and_is_raised_by_a_person(tmp_path: Path) -> None:
    dear = Tokens(input=3000, cached=0, output=500)
    script = rules(
        Rule(
            when=lambda view: view.answered("cheap"),
            # Late, as models are: the turn is interrupted before this is counted.
            answer=Answer(
                items=(Say("Line 2 is spelled out."),), usage=Tokens(input=10), delay_s=4.0
            ),
        ),
        Rule(
            when=always,
            answer=Answer(items=(change("line 2", "line two", call="cheap"),), usage=dear),
        ),
    )
    plan = PLAN + "\n```toml\nbudget_tokens = 3000\n```\n"
    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", plan), "--yes").expect(
            4, "3,500 of 3,000 tokens", "mis approve"
        )
        spent = len(w.server.views)
        status = w.status()
        assert status["state"] == "waiting"
        assert status["tokens"] == {"used": w.run.tokens, "budget": 3000}
        assert w.read("poem.txt") == FILES["poem.txt"]
        w.mis("resume", "--yes").expect(4, "3,500 of 3,000 tokens")
        assert len(w.server.views) == spent, "tokens were spent past the ceiling"
        w.mis("approve", w.pending("budget")).expect(0)
        w.mis("resume").expect(0)
        assert "line two\n" in w.read("poem.txt")
