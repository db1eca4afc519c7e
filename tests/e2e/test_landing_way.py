"""Where accepted hunks land, and how a landing is taken back: by the real commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, work
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

BOTH = (
    FILES["poem.txt"].replace("line 2\n", "line two\n").replace("line 39\n", "line thirty-nine\n")
)


def somebody(w: World) -> None:
    """Git knows who works here."""
    w.box.git("config", "user.name", "Ada")
    w.box.git("config", "user.email", "ada@example.org")


def proposed(w: World) -> None:
    """A run whose two hunks are accepted and have not landed."""
    somebody(w)
    w.mis("run", w.plan("spell", PLAN), "--yes", "--no-land").expect(0)
    assert [h["state"] for h in w.hunks()] == ["accepted", "accepted"]


def test_a_commit_is_made_and_taken_back_by_another(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        proposed(w)
        head = w.box.text("rev-parse", "HEAD")
        done = w.mis("review", "land", "--target", "commit", "--json").expect(0).value
        assert done["commits"] == [w.box.text("rev-parse", "HEAD")]
        assert w.read("poem.txt") == BOTH
        assert w.box.text("status", "--porcelain", "poem.txt") == ""
        said = w.box.text("log", "-1", "--format=%B")
        assert said.startswith(w.task().spec.title)
        assert f"Makeitso-Run: {w.run.id}\nMakeitso-Task: T1" in said
        assert w.status()["state"] == "done"
        back = w.mis("review", "undo", "--json").expect(0).value
        assert back["commit"] == w.box.text("rev-parse", "HEAD")
        assert w.box.text("rev-parse", "HEAD~2") == head
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.box.text("status", "--porcelain", "poem.txt") == ""
        assert [h["state"] for h in w.hunks()] == ["pending", "pending"]
        w.mis("review", "undo").expect(2, "nothing that landed is left")
        # And the undo of the undo: landing again.
        w.mis("review", "accept", "--all").expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"], "nothing lands by itself after an end"
        w.mis("review", "land").expect(0)
        assert w.read("poem.txt") == BOTH
        assert w.box.text("status", "--porcelain", "poem.txt") == "M poem.txt"


def test_what_a_hook_refuses_does_not_land_and_says_why(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        proposed(w)
        hook = w.root / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho no poems on Sundays >&2\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
        before = w.box.state()
        w.mis("review", "land", "--target", "commit").expect(3, "no poems on Sundays")
        assert w.box.state() == before
        assert [h["state"] for h in w.hunks()] == ["conflict", "conflict"]
        assert not (w.root / ".makeitso/commits").exists() or not list(
            (w.root / ".makeitso/commits").iterdir()
        )
        hook.unlink()
        w.mis("review", "accept", "--all").expect(0)
        w.mis("review", "land", "--target", "index").expect(0)
        assert w.box.text("status", "--porcelain", "poem.txt") == "M  poem.txt"


def test_settings_say_where_and_a_branch_leaves_the_checkout_alone(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        w.configure(more='[review]\ntarget = "branch"\nbranch = "proposals/<run>/<task>"\n')
        head = w.box.text("rev-parse", "HEAD")
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "git does not know who you are")
        assert w.box.text("branch", "--list", "proposals/*") == ""
        somebody(w)
        w.mis("review", "accept", "--all").expect(0)
        assert w.status()["state"] == "done"
        branch = f"proposals/{w.run.id}/T1"
        assert w.box.text("show", f"{branch}:poem.txt") == BOTH.strip()
        assert w.box.text("rev-parse", f"{branch}^") == w.box.text("rev-parse", "HEAD") == head
        assert w.read("poem.txt") == FILES["poem.txt"]
        assert w.task().landings[0].branch == branch
        w.mis("review", "undo").expect(0)
        assert w.box.text("show", f"{branch}:poem.txt") == FILES["poem.txt"].strip()


def test_later_edits_stay_and_what_overlaps_is_said(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        proposed(w)
        w.mis("review", "land").expect(0)
        name = w.task().landings[0].id
        (w.root / "poem.txt").write_text(BOTH.replace("line two", "line 2, mine"))
        w.mis("review", "undo", "no-such").expect(2, "there is no landing no-such")
        w.mis("review", "undo", name).expect(3, "stays as it is")
        assert w.read("poem.txt") == BOTH.replace("line two", "line 2, mine")
        assert [h["state"] for h in w.hunks()] == ["landed", "landed"]
        (w.root / "poem.txt").write_text(BOTH.replace("line 20\n", "line 20, mine\n"))
        w.mis("review", "undo", name).expect(0)
        assert w.read("poem.txt") == FILES["poem.txt"].replace("line 20\n", "line 20, mine\n")
        assert [u.error for u in w.of(ev.LandingUndone)] == ["", ""]
        w.mis("review", "undo", name).expect(2, "is taken back already")


def box(w: World) -> str:
    """The mark in the box of the one task of the plan."""
    text = (w.root / ".makeitso/plans/spell.plan.md").read_text("utf-8")
    return text.partition("- [")[2][0]


def test_what_is_taken_back_is_not_called_done_any_more(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        somebody(w)
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0)
        assert box(w) == "x"
        task = only_task(w)
        assert (task["state"], task["checks"][0]["landed"]) == ("landed", "passed")
        (document,) = (w.root / ".makeitso/review").glob("*.diff")
        w.mis("review", "undo").expect(0)
        assert box(w) == " "
        task = only_task(w)
        assert (task["state"], task["checks"][0]["landed"]) == ("reviewing", "taken back")
        assert task["reason"] == "what had landed was taken back"
        assert "landed: taken back" in document.read_text("utf-8")
        assert "landed: green" not in document.read_text("utf-8")
        # A part lands again: it is checked as it is then, and the box waits for the rest.
        first, second = (str(hunk["id"]) for hunk in w.hunks())
        w.mis("review", "accept", first).expect(0)
        w.mis("review", "land").expect(0)
        assert box(w) == " "
        assert len(landed_checks(w)) == 2
        w.mis("review", "accept", second).expect(0)
        w.mis("review", "land").expect(0)
        assert box(w) == "x"
        assert only_task(w)["state"] == "landed"
        # One of two landings is taken back: what is left is checked again.
        w.mis("review", "undo").expect(0)
        assert box(w) == " "
        task = only_task(w)
        assert task["checks"][0]["landed"] in ("passed", "failed")
        assert len(landed_checks(w)) == 4
        assert len(set(landed_checks(w)[-2:])) == 2


def test_what_is_accepted_after_it_was_taken_back_says_how_it_lands(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0)
        assert w.read("poem.txt") == BOTH
        w.mis("review", "undo").expect(0, "open again", "mis review land")
        assert [h["state"] for h in w.hunks()] == ["pending", "pending"]
        land = f"mis review land --run {w.run.id}"
        first = str(w.hunks()[0]["id"])
        said = w.mis("review", "accept", first, "--json").expect(0).value
        assert (said["landed"], said["unlanded"]) == ([], [first])
        w.mis("review", "accept", "--all").expect(0, "2 hunks are accepted and not landed", land)
        assert w.read("poem.txt") == FILES["poem.txt"]
        w.mis(*land.split()[1:]).expect(0, "landed: poem.txt")
        assert w.read("poem.txt") == BOTH
        assert [h["state"] for h in w.hunks()] == ["landed", "landed"]
        w.mis("review", "land").expect(2, "nothing is accepted")


def test_where_nothing_lands_by_itself_an_accepted_change_says_so(tmp_path: Path) -> None:
    script = work(change("line 2", "line two"), change("line 39", "line thirty-nine"))
    with world(tmp_path, script, files=FILES) as w:
        w.configure(more='[review]\nland = "manual"\n')
        w.mis("run", w.plan("spell", PLAN), "--yes", "--halt-on", "write_files").expect(3)
        first, second = (str(hunk["id"]) for hunk in w.hunks())
        half = w.mis("review", "accept", first, "--json").expect(0).value
        assert half["unlanded"] == [], "the other one is open still"
        w.mis("review", "accept", second).expect(0, "2 hunks are accepted and not landed")
        w.mis("review", "land").expect(0)
        assert w.read("poem.txt") == BOTH


def only_task(w: World) -> dict[str, Any]:
    """The one task of the run, as `mis status --json` has it."""
    (task,) = cast("list[dict[str, Any]]", w.status()["tasks"])
    return task


def landed_checks(w: World) -> list[str]:
    """Trees on which checks ran after something landed or was taken back."""
    return [one.tree for one in w.of(ev.CheckRan) if one.where == "landed"]
