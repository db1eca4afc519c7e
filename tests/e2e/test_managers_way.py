"""A goal in words: models plan and judge, over Codex, over the API, and over `codex exec`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, spell, work
from makeitso.protocol.events import ManagerJudged, PlanMade, UsageCounted
from makeitso.scripted import Answer, RequestView, Rule, Say, Script, always, rules

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

GOAL = "Make the build green"
BUILD = {
    "Makefile": "all:\n\t@sh build.sh\n",
    "build.sh": '. ./settings.sh\ntest "$STEPS" = 3 || { echo "error: $STEPS steps"; exit 1; }\n',
    "settings.sh": "STEPS=2\n",
}


def managed(worker: Script, *, check: str = "make") -> Script:
    """Answers as manager when a schema is asked for: a plan of one task, then done."""
    plan = {
        "title": GOAL,
        "goal": "The build passes.",
        "tasks": [
            {
                "id": "T1",
                "title": "Mend the build",
                "goal": "Set the steps that the build wants.",
                "files": ["settings.sh"],
                "checks": [check],
                "after": [],
            }
        ],
    }
    done = {"verdict": "done", "instructions": "", "note": "The build is green.", "wait_s": 0}

    def manager(view: RequestView) -> Answer:
        wanted = done if "verdict" in json.dumps(view.schema) else plan
        return Answer(items=(Say(json.dumps(wanted), phase="final_answer"),))

    return rules(
        Rule(when=lambda view: view.schema_name is not None, answer=manager),
        Rule(when=always, answer=worker),
    )


def mending() -> Script:
    return work(change("STEPS=2", "STEPS=3", path="settings.sh"), last="Three steps now.")


def test_a_goal_turns_a_red_build_green(tmp_path: Path) -> None:
    with world(tmp_path, managed(mending()), files=BUILD, manager="codex") as w:
        ended = w.mis("run", GOAL, "--yes").expect(0, "check on base: red", "done")
        assert "The build is green." in ended.err
        assert w.read("settings.sh") == "STEPS=3\n"
        place = {c.where: c.passed for c in w.task().checks}
        assert place == {"base": False, "round": True, "proposal": True, "landed": True}
        (made,) = w.of(PlanMade)
        assert made.prompt_digest
        assert [j.verdict for j in w.of(ManagerJudged)] == ["done"]
        assert {u.source for u in w.of(UsageCounted)} == {"manager", "worker"}
        assert w.run.plan_path
        first = w.read(w.run.plan_path)

        # The same script writes the same plan, byte for byte.
        w.mis("plan", GOAL, "--json").expect(0)
        w.mis("plan", GOAL).expect(0, "Mend the build", "mis run .makeitso/plans/")
        written = sorted((w.root / ".makeitso/plans").glob("*.plan.md"))
        texts = {path.read_text() for path in written if path.name not in w.run.plan_path}
        assert len(written) == 3
        assert texts == {first.replace("- [x] **T1**", "- [ ] **T1**")}


def test_an_api_model_manages(tmp_path: Path) -> None:
    with world(tmp_path, managed(mending()), files=BUILD, manager="api:gpt-5.5") as w:
        w.mis("run", GOAL, "--yes").expect(0, "The build is green.")
        assert w.read("settings.sh") == "STEPS=3\n"
        assert [j.verdict for j in w.of(ManagerJudged)] == ["done"]


def test_a_worker_over_codex_exec_does_the_same(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis(
            "run",
            w.plan("spell", PLAN),
            "--yes",
            "-c",
            'workers.codex.transport="exec"',
        ).expect(0, "done")
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"
