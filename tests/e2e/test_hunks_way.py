"""What lands is what a person accepted, merged with what the person did meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, add, change, spell, work
from e2e.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def test_a_rejected_hunk_stays_out_and_the_check_runs_on_what_landed(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        args = ("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files")
        w.mis(*args).expect(3, "mis review")
        first, second = w.hunks()
        w.mis("review", "reject", str(second["id"]), "--because", "leave 39").expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"], "landed before all hunks were marked"
        w.mis("review", "accept", str(first["id"])).expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"].replace("line 2\n", "line two\n")
        landed = w.task().latest_check(w.task().spec.checks[0].command, ".", "landed")
        assert landed is not None
        assert landed.passed
        assert not landed.reused, "the tree after a partial landing is another one"
        assert [h["state"] for h in w.mis("review", "--run", w.run.id, "--json").rows] == [
            "landed",
            "rejected",
        ]
        assert w.status()["state"] == "done"
        # A second landing finds nothing, and what the person undoes stays undone.
        (w.root / "poem.txt").write_text(FILES["poem.txt"])
        w.mis("review", "land").expect(2)
        assert w.read("poem.txt") == FILES["poem.txt"]


def test_edits_of_a_person_meanwhile_are_merged_or_set_aside(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        args = ("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files")
        w.mis(*args).expect(3)
        mine = FILES["poem.txt"].replace("line 20\n", "line XX\n").replace("line 39", "my 39")
        (w.root / "poem.txt").write_text(mine)
        w.mis("review", "accept", "--all").expect(3, "set aside")
        assert w.read("poem.txt") == mine.replace("line 2\n", "line two\n")
        states = [h["state"] for h in w.hunks()]
        assert states == ["landed", "conflict"]
        assert "change" in [row["kind"] for row in w.mis("approve", "--list", "--json").rows]
        # The person gives way by hand and accepts again.
        (w.root / "poem.txt").write_text(w.read("poem.txt").replace("my 39", "line 39"))
        w.mis("review", "accept", str(w.hunks()[1]["id"])).expect(0)
        assert "line thirty-nine\n" in w.read("poem.txt")
        assert "line XX\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


def test_no_land_proposes_and_lands_on_demand(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        ended = w.mis("run", w.plan("spell", PLAN), "--yes", "--no-land", "--json").expect(0)
        assert ended.lines[-1]["exit_code"] == 0
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert (w.root / ".makeitso/review" / f"{w.run.id}-T1.diff").is_file()
        assert [h["state"] for h in w.hunks()] == ["accepted"]
        w.mis("review", "land").expect(0)
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


def test_generated_tests_that_prove_the_task_are_held_for_a_person(tmp_path: Path) -> None:
    test = "import unittest\n\n\nclass Poem(unittest.TestCase):\n    def test_two(self):\n"
    test += '        self.assertIn("line two", open("poem.txt").read())\n'
    plan = PLAN.replace(CHECK, "python3 -m unittest test_poem.py")
    plan = plan.replace("`poem.txt`\n", "`poem.txt`, `test_poem.py`\n")
    script = work(add("test_poem.py", test), change("line 2", "line two"))
    with world(tmp_path, script, files=FILES) as w:
        why = "a person decides on test_poem.py (the task's own check names it), and so on the"
        w.mis("run", w.plan("spell", plan), "--yes").expect(3, why)
        assert w.read("poem.txt") == FILES["poem.txt"], "a held task lands as a whole or not"
        assert not (w.root / "test_poem.py").exists()
        hunks = w.hunks()
        assert {str(h["path"]): h["state"] for h in hunks} == {
            "poem.txt": "pending",
            "test_poem.py": "pending",
        }
        with Terminal(w, "review") as t:
            t.expect("+line two").expect("accept this hunk").type("j")
            t.expect("a person decides: the task's own check names it").expect("accept this")
            t.type("q").end().expect(0)
        w.mis("approve", w.pending("change")).expect(0)
        assert (w.root / "test_poem.py").read_text() == test
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"
