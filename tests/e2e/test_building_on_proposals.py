"""Tasks that start from what others propose, and what becomes of them when that is turned down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, by_task, change, work
from makeitso.journal.view import run_view
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

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
SCRIPT = by_task(
    second=work(change("line 2", "line two"), change("line 20", "line twenty")),
    end=work(change("line 39", "line thirty-nine"), last="Spelled."),
)


def proposed(w: World) -> tuple[str, str, str]:
    """Both tasks have proposed; the hunks of the first, and the one of the second."""
    w.mis(
        "run", w.plan("two", TWO), "--approval", "delegate", "--yes", "--halt-on", "write_files"
    ).expect(3)
    assert [t.reviewing for t in w.run.tasks.values()] == [True, True]
    base = w.task("then").base
    assert base is not None
    assert [(b.task, len(b.hunks)) for b in base.on] == [("first", 2)]
    text = w.box.text("show", f"{base.tree}:poem.txt")
    assert "line two" in text
    assert "line twenty\n" in text
    assert w.read("poem.txt") == FILES["poem.txt"], "a base was built in the workspace"
    rows = w.hunks()
    assert [row["task"] for row in rows] == ["first", "first", "then"]
    return str(rows[0]["id"]), str(rows[1]["id"]), str(rows[2]["id"])


def test_it_lands_after_what_it_is_built_on(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        one, two, three = proposed(w)
        w.mis("review", "accept", three).expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"], "it landed before what it is built on"
        w.mis("review", "accept", one, two).expect(0)
        landed = [e.landing.task for e in w.of(ev.LandingEnded)]
        assert landed == ["first", "then"]
        assert "line thirty-nine\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"


def test_turned_down_it_is_stale_and_is_kept_on_the_new_base(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        one, two, three = proposed(w)
        w.mis("review", "accept", one, three).expect(0)
        w.mis("review", "reject", two).expect(0)
        then = {view.id: view for view in run_view(w.run).tasks}["then"]
        assert (then.state, two in then.reason) == ("stale", True)
        w.mis("status").expect(0, "stale", two)
        lands = (
            "then is stale: hunk",
            "of first, which it is built on, was rejected; nothing",
        )
        asks = "of it lands until you are asked and have answered: `mis resume"
        w.mis("review", "accept", three).expect(0, *lands, asks)
        w.mis("resume").expect(3, "stale")
        assert "line thirty-nine" not in w.read("poem.txt"), "a stale change landed"
        question = w.pending("question")
        until = f"of it lands until {question} is answered: `mis approve --answer redo {question}`"
        w.mis("review", "accept", three).expect(0, *lands, until)
        said = w.mis("review", "accept", three, "--json").expect(0).value
        assert said["stale"] == [three]
        w.mis("review").expect(0, f"{three} accepted poem.txt:36 stale", *lands, until)
        assert {bool(row["stale"]) for row in w.hunks() if row["task"] == "first"} == {False}
        assert [row["stale"] for row in w.hunks() if row["task"] == "then"] != [""]
        w.mis("approve", question, "--answer", "keep").expect(0)
        w.mis("resume").expect(3)
        assert w.task("then").checks[-1].where == "proposal"
        (row,) = [row for row in w.hunks() if row["task"] == "then"]
        assert row["id"] != three, "another base is another question"
        w.mis("approve", w.pending("change")).expect(0)
        text = w.read("poem.txt")
        assert "line two\n" in text
        assert "line 20\n" in text
        assert "line thirty-nine\n" in text
        assert w.status()["state"] == "done"


def test_turned_down_it_is_done_again_or_dropped(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        one, two, _ = proposed(w)
        w.mis("review", "accept", one).expect(0)
        w.mis("review", "reject", two).expect(0)
        w.mis("resume").expect(3)
        before = len(w.server.views)
        w.mis("approve", w.pending("question"), "--answer", "redo").expect(0)
        w.mis("resume").expect(3)
        assert len(w.server.views) > before, "the work was not done again"
        task = w.task("then")
        assert (task.attempt, task.reviewing) == (2, True)
        assert task.base is not None
        assert task.base.on == ()
        assert "line 20\n" in w.box.text("show", f"{task.base.tree}:poem.txt")
        refs = w.box.text("for-each-ref", "refs/makeitso", "--format=%(refname)")
        assert "/then/stale-1-1" in refs, "the first proposal is lost"
        (row,) = [row for row in w.hunks() if row["task"] == "then"]
        w.mis("review", "accept", str(row["id"])).expect(0)
        assert w.status()["state"] == "done"


def test_dropped_it_stops_and_the_rest_is_done(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        one, two, _ = proposed(w)
        w.mis("review", "reject", one, two).expect(0)
        w.mis("resume").expect(3)
        asked = w.pending("question")
        w.mis("approve", asked, "--answer", "redo").expect(2, "is no answer", "keep, drop")
        w.mis("approve", "--deny", w.pending("question")).expect(0)
        w.mis("resume").expect(1)
        assert {t.id: t.ended for t in w.run.tasks.values()} == {
            "first": "stopped",
            "then": "stopped",
        }
        assert w.read("poem.txt") == FILES["poem.txt"]


def test_without_landing_it_starts_from_what_is_accepted_and_lands_in_order(
    tmp_path: Path,
) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        w.mis("run", w.plan("two", TWO), "--yes", "--no-land").expect(0)
        base = w.task("then").base
        assert base is not None
        assert [(b.task, len(b.hunks)) for b in base.on] == [("first", 2)]
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert len([row for row in w.hunks() if row["task"] == "then"]) == 1
        w.mis("review", "land").expect(0)
        assert [e.landing.task for e in w.of(ev.LandingEnded)] == ["first", "then"]
        text = w.read("poem.txt")
        for line in ("line two\n", "line twenty\n", "line thirty-nine\n"):
            assert line in text
        assert w.status()["state"] == "done"
