"""kill -9 of those who do not drive the run: who stops it, who splits a hunk, who writes a plan."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import long_sleep
from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, change, spell
from faults.killing import killed
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Rule, Run, Say, always, rules
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from e2e.harness import World
    from makeitso.scripted import Script

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

CLOSE = FILES["poem.txt"].replace("line 2\n", "line two\n").replace("line 4\n", "line four\n")


@pytest.fixture(autouse=True)
def _only_in_the_lane(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("faults"):
        pytest.skip("tried by `make faults`")


def done(w: World, text: str) -> None:
    assert w.run.finished is not None
    assert w.run.finished.state == "done"
    assert w.read("poem.txt") == text
    assert len([e for e in w.of(ev.LandingEnded) if not e.error]) == 1


@pytest.mark.parametrize("at", ["recording", "recorded"])
def test_who_stops_a_run_is_killed(tmp_path: Path, at: str) -> None:
    nap = long_sleep()

    def script(view: RequestView) -> Answer:
        if "was interrupted" not in view.last_user_text:
            return Answer(items=(Run(nap, f"nap-{len(view.calls)}"),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    with world(tmp_path, script, files=FILES) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_command(nap, running)
        killed(w, f"{at}.run.stop_requested", "stop")
        if at == "recording":
            assert running.alive, "a wish that was never recorded stops nothing"
            w.mis("stop").expect(0)
        running.wait().expect(130)
        w.mis("resume", "--yes").expect(0, "done")
        done(w, FILES["poem.txt"].replace("line 2\n", "line two\n"))


@pytest.mark.parametrize("at", ["recording", "recorded"])
def test_who_splits_a_hunk_is_killed(tmp_path: Path, at: str) -> None:
    def script(view: RequestView) -> Answer:
        for old, new in (("line 2", "line two"), ("line 4", "line four")):
            if not view.answered(new):
                return Answer(items=(change(old, new, call=new),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        splitter = Path(__file__).with_name("splitter.py")
        ended = subprocess.run(
            [sys.executable, str(splitter)],
            cwd=w.root,
            env={**w.env, FAULT_VARIABLE: f"{at}.hunk.split"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL, ended
        assert len(w.hunks()) == (1 if at == "recording" else 2)
        w.mis("review", "accept", "--all").expect(0)
        if w.run.finished is None:
            w.mis("resume", "--yes").expect(0)
        done(w, CLOSE)


@pytest.mark.parametrize("at", ["recording.plan.made", "recorded.plan.made", "plan.written"])
def test_killed_around_the_managers_plan_there_is_one_document(tmp_path: Path, at: str) -> None:
    plan = {
        "title": "Spell it",
        "goal": "Line 2 is spelled out.",
        "tasks": [
            {
                "id": "T1",
                "title": "Spell the second line",
                "goal": "Line two.",
                "files": ["poem.txt"],
                "checks": [CHECK],
                "after": [],
            }
        ],
    }
    verdict = {"verdict": "done", "instructions": "", "note": "Good.", "wait_s": 0}

    def manager(view: RequestView) -> Answer:
        wanted = verdict if "verdict" in json.dumps(view.schema) else plan
        return Answer(items=(Say(json.dumps(wanted), phase="final_answer"),))

    def asked(view: RequestView) -> bool:
        return view.schema_name is not None

    script: Script = rules(Rule(when=asked, answer=manager), Rule(when=always, answer=spell()))
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        killed(w, at, "run", "Spell the second line", "--yes")
        left = list((w.root / ".makeitso/plans").glob("*.plan.md"))
        assert len(left) == (1 if at == "plan.written" else 0)
        w.mis("resume", "--yes").expect(0, "done")
        done(w, FILES["poem.txt"].replace("line 2\n", "line two\n"))
        (one,) = (w.root / ".makeitso/plans").iterdir()
        assert w.run.plan_path == one.relative_to(w.root).as_posix()
        assert "- [x] **T1**" in one.read_text()
        assert len(w.of(ev.PlanMade)) == 1


@pytest.mark.parametrize("at", ["recording", "recorded"])
def test_killed_when_the_monitor_interrupts(tmp_path: Path, at: str) -> None:
    def script(view: RequestView) -> Answer:
        calls = len(view.calls)
        if "interrupted" not in view.last_user_text and calls < 6:
            return Answer(items=(Run("cat poem.txt", f"again-{calls}"),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    with world(tmp_path, script, files=FILES) as w:
        killed(w, f"{at}.monitor.interrupted", "run", w.plan("spell", PLAN), "--yes")
        ended = w.mis("resume", "--yes")
        if ended.code == 3:  # the alarm is on record, so a person says how it goes on
            w.mis("approve", "--answer", "go on", w.pending("question")).expect(0)
            ended = w.mis("resume", "--yes")
        ended.expect(0, "done")
        done(w, FILES["poem.txt"].replace("line 2\n", "line two\n"))
