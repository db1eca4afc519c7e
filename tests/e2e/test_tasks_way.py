"""Several tasks, and a person who says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, by_task, change, spell, work

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

TWO = f"""# Two lines

Lines 2 and 39 are spelled out, one after the other.

- [ ] **first** Spell the second line
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)

- [ ] **then** Spell the line near the end
  - after: first
  - files: `poem.txt`
  - done when: `{CHECK}`
"""


def test_a_task_after_another_starts_from_what_was_accepted_of_it(tmp_path: Path) -> None:
    script = by_task(
        second=work(change("line 2", "line two"), change("line 20", "line twenty")),
        end=work(change("line 39", "line thirty-nine"), last="Spelled."),
    )
    with world(tmp_path, script, files=FILES) as w:
        plan = w.plan("two", TWO)
        w.mis("run", plan, "--yes", "--halt-on", "write_files").expect(3)
        assert {t.id: t.started for t in w.run.tasks.values()} == {"first": True, "then": False}
        one, other = w.hunks()
        w.mis("review", "accept", str(one["id"])).expect(0)
        w.mis("review", "reject", str(other["id"])).expect(0, "mis resume")
        assert w.status()["state"] != "done"
        assert "- [x] **first**" in w.read(plan)
        w.mis("resume").expect(3)
        rows = w.mis("approve", "--list", "--json").rows
        assert [row["kind"] for row in rows] == ["change"], "the ticked box asked for a new plan"
        base = w.task("then").base
        assert base is not None
        text = w.box.text("show", f"{base.tree}:poem.txt")
        assert "line two" in text
        assert "line twenty" not in text
        w.mis("approve", w.pending("change")).expect(0)
        assert "line thirty-nine\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


def test_a_denied_phase_stops_the_task_and_keeps_its_work(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        w.mis("run", plan).expect(3)
        w.mis("approve", w.pending("plan")).expect(0)
        w.mis("resume").expect(3)
        question = w.pending("phase")
        w.mis("approve", "--deny", question, "--because", "not this way").expect(0)
        w.mis("approve", question).expect(2, "already denied")
        w.mis("resume").expect(1, "not this way")
        status = w.status()
        assert (status["state"], w.task().ended) == ("stopped", "stopped")
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert "- [ ] **T1**" in w.read(plan)
        assert "+line two" in str(w.hunks()[0]["diff"]), "the work is lost"
        # Another run of the same plan begins afresh.
        w.mis("run", plan, "--yes").expect(0)
        assert "line two\n" in w.read("poem.txt")


def test_an_edited_plan_is_approved_anew(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        w.mis("run", plan).expect(3)
        first = w.pending("plan")
        w.plan("spell", PLAN.replace("Spell the second line", "Spell line number two"))
        w.mis("approve", first).expect(0)
        w.mis("resume").expect(3, "plan")
        second = w.pending("plan")
        assert second != first, "an approval held for a text nobody approved"
        assert not w.server.views
        w.plan("spell", PLAN.replace("Spell the second line", "Spell what is second"))
        w.mis("resume").expect(3, "plan")
        w.mis("approve", second).expect(2, "void")
        w.mis("approve", w.pending("plan")).expect(0)
        w.mis("resume", "--yes").expect(0)
        assert "Spell what is second" in w.server.views[0].user_texts[-1]


def test_a_task_whose_text_is_edited_under_way_stops(tmp_path: Path) -> None:
    script = by_task(
        second=work(change("line 2", "line two")), end=work(change("line 39", "line 39th"))
    )
    with world(tmp_path, script, files=FILES) as w:
        plan = w.plan("two", TWO)
        w.mis("run", plan, "--yes", "--halt-on", "write_files").expect(3)
        w.plan("two", TWO.replace("Spell the second line", "Spell the second line twice"))
        w.mis("resume").expect(1, "was edited after work on it began")
        assert {t.id: t.ended for t in w.run.tasks.values()} == {
            "first": "stopped",
            "then": "stopped",
        }
        # What it made is still there to be reviewed, and lands if a person says so.
        w.mis("review", "accept", "--all").expect(0)
        w.mis("review", "land").expect(0)
        assert "line two\n" in w.read("poem.txt")
