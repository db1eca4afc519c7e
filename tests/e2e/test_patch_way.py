"""The main way: a plan becomes a landed change, decided by a script between processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, spell

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def test_each_question_stops_the_run_until_it_is_decided(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        before = w.box.state()

        ended = w.mis("run", plan, "--json").expect(3)
        assert ended.lines[-1] == {
            "type": "run.ended",
            "run": w.run.id,
            "state": "waiting",
            "exit_code": 3,
        }
        events = [event.model_dump(mode="json") for event in w.events()]
        assert ended.lines[:-1] == events[: len(ended.lines) - 1], "not one journal event a line"
        assert len(events) - len(ended.lines) in (-1, 0), "all but the time the end may count"
        rows = w.mis("approve", "--list", "--json").expect(0).rows
        assert [row["kind"] for row in rows] == ["plan"]
        assert {"id", "kind", "subject", "digest", "state"} <= set(rows[0])
        assert not w.server.views, "a token was spent before the plan was approved"

        w.mis("approve", str(rows[0]["id"])).expect(0)
        w.mis("resume").expect(3, "mis approve")
        assert w.status()["state"] == "waiting"
        assert w.read("poem.txt") == FILES["poem.txt"], "the workspace changed before landing"

        w.mis("approve", w.pending("phase")).expect(0)
        w.mis("resume").expect(3, "mis review")
        hunks = w.hunks()
        keys = {"id", "run", "task", "path", "old_start", "old_lines", "new_start", "new_lines"}
        assert [set(hunk) >= {*keys, "diff", "state"} for hunk in hunks] == [True]
        assert (hunks[0]["path"], hunks[0]["state"]) == ("poem.txt", "pending")
        assert "+line two" in str(hunks[0]["diff"])
        assert w.read("poem.txt") == FILES["poem.txt"]

        w.mis("review", "accept", str(hunks[0]["id"])).expect(0)
        assert "line two\n" in w.read("poem.txt")
        w.mis("review", "land").expect(2, "nothing is accepted")

        status = w.status()
        assert status["state"] == "done", status
        task = w.task()
        assert task.ended == "landed"
        assert [p.state for p in task.phases.values()] == ["passed"] * 4
        found = {place: task.latest_check(CHECK, ".", place) for place in ("base", "landed")}
        assert {place: check and check.passed for place, check in found.items()} == {
            "base": False,
            "landed": True,
        }
        assert "- [x] **T1**" in w.read(plan)
        assert w.box.text("worktree", "list").count("\n") == 0, "a worktree is left"
        after = w.box.state()
        assert {k: after[k] for k in ("index", "head", "refs")} == {
            k: before[k] for k in ("index", "head", "refs")
        }
        assert w.box.text("diff", "--stat", "--", "poem.txt").endswith("1 deletion(-)")
        w.mis("resume").expect(2, "no run is open")
