"""`mis resume`: what a script hears of it, and which run it takes up."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, cast

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, spell
from makeitso.protocol.events import PlanMade, RunResumed

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Ended, World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def heard(ended: Ended) -> list[int]:
    """The numbers of the events a script read."""
    return [cast("int", line["seq"]) for line in ended.lines if "seq" in line]


def from_the_resume_on(w: World, seen: int) -> list[int]:
    return [event.seq for event in w.events() if event.seq > seen]


def test_a_script_hears_every_event_from_the_resume_on(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        w.mis("run", plan).expect(3)
        w.plan("spell", PLAN.replace("Spell the second", "Write out the second"))
        seen = w.events()[-1].seq
        ended = w.mis("resume", "--yes", "--json").expect(0)
        assert heard(ended) == from_the_resume_on(w, seen)
        types = [cast("dict[str, object]", row["data"])["type"] for row in ended.lines[:2]]
        assert types == ["plan.made", "run.resumed"]
        assert len(w.of(PlanMade)) == 2
        assert len(w.of(RunResumed)) == 1


def test_a_script_hears_why_a_run_that_is_interrupted_stands_still(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files={**FILES, "check.sh": "sleep 600\n"}) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes", "--json")
        w.until_command("sleep 600", running)
        running.ctrl_c()
        ended = running.wait().expect(130)
        assert heard(ended) == from_the_resume_on(w, 0)
        assert cast("dict[str, object]", ended.lines[-2]["data"])["type"] == "run.paused"


MORE = f"""
- [ ] **T2** Spell the line near the end
  - after: T1
  - done when: `{CHECK}`
"""


def test_while_an_edited_plan_waits_what_is_proposed_can_be_decided(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--approval", "delegate").expect(3)
        w.mis("approve", w.pending("plan")).expect(0)
        w.mis("resume").expect(3, "change")
        asked = len(w.server.views)
        w.plan("spell", PLAN + MORE)
        w.mis("resume").expect(3, "plan")
        assert w.pending("plan")
        w.mis("approve", w.pending("change")).expect(0)
        assert "line two\n" in w.read("poem.txt")
        assert w.task("T1").ended == "landed"
        assert w.run.finished is None
        assert not w.task("T2").started
        assert len(w.server.views) == asked, "something of the unapproved plan was begun"


def test_of_several_open_runs_the_newest_is_taken_up_and_it_says_so(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        one, other = w.plan("one", PLAN), w.plan("other", PLAN.replace("Spell", "Write"))
        w.mis("run", one).expect(3)
        w.mis("run", other).expect(3)
        first, second = w.runs()
        w.mis("resume", "r0").expect(2, "there is no run r0", f"open: {first}, {second}")
        w.mis("resume", "--all", first).expect(2, "--all")
        w.mis("resume", "--yes").expect(0, f"resuming {second}, the newest", f"open: {first}")
        states = {run.id: run.finished is not None for run in w.runs().values()}
        assert states == {first: False, second: True}
        w.mis("run", w.plan("third", PLAN)).expect(3)
        ended = w.mis("resume", "--all", "--json").expect(3)
        over = [line for line in ended.lines if line.get("type") == "run.ended"]
        assert [line["run"] for line in over] == [first, list(w.runs())[2]]
        w.mis("resume", "--all", "--yes").expect(0)
        assert all(run.finished is not None for run in w.runs().values())
        w.mis("resume", "--all").expect(2, "no run is open")


def test_killed_at_the_question_about_the_plan_it_goes_on_unattended(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        at = {"MAKEITSO_CRASH_AT": "recorded.approval.asked"}
        assert w.start("run", plan, env=at).wait().code == -signal.SIGKILL
        assert w.pending("plan")
        w.mis("resume", "--yes").expect(0, "done")
        assert "line two\n" in w.read("poem.txt")
        assert [a.kind for a in w.run.approvals.values()].count("plan") == 1
