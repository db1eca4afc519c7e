"""Killed while a landing is committed or taken back: asked again, it is whole, and there once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.jobs import PLAN_PATH, RUN, workplace
from faults.killing import killed
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]


def somebody(w: World) -> None:
    w.box.git("config", "user.name", "Ada")
    w.box.git("config", "user.email", "ada@example.org")


@pytest.mark.parametrize(
    "at",
    [
        "recording.landing.undo_requested",
        "recorded.landing.undo_requested",
        "landing.started",
        "landing.rename",
        "landing.done",
        "box.tick",
        "box.ticked",
        "recording.landing.undone",
        "recorded.landing.undone",
    ],
)
def test_an_undo_that_was_killed_happens_once(tmp_path: Path, at: str) -> None:
    with workplace(tmp_path) as w:
        before = w.read("poem.txt")
        w.mis(*RUN).expect(0)
        landed = w.read("poem.txt")
        assert landed != before
        assert "- [x]" in w.read(PLAN_PATH)
        killed(w, at, "review", "undo")
        assert w.read("poem.txt") in (before, landed)
        w.mis("review", "undo")
        assert w.read("poem.txt") == before
        assert {h["state"] for h in w.hunks()} == {"pending"}
        assert "- [ ]" in w.read(PLAN_PATH)
        assert "- [x]" not in w.read(PLAN_PATH)
        assert [u.error for u in w.of(ev.LandingUndone) if u.hunks] == [""]
        w.chain_is_whole()
        w.mis("review", "undo").expect(2, "nothing that landed is left")


@pytest.mark.parametrize("at", ["landing.locked", "landing.ref", "landing.index"])
def test_a_commit_that_was_killed_is_there_once(tmp_path: Path, at: str) -> None:
    with workplace(tmp_path) as w:
        somebody(w)
        head = w.box.text("rev-parse", "HEAD")
        w.mis(*RUN, "-c", 'review.land="manual"').expect(3)
        killed(w, at, "review", "land", "--target", "commit")
        w.mis("resume", "--yes", "-c", 'review.land="manual"').expect(0, "done")
        assert w.box.text("rev-parse", "HEAD^") == head
        assert w.box.text("status", "--porcelain", "poem.txt") == ""
        assert not (w.root / ".git/index.lock").exists()
        assert {h["state"] for h in w.hunks()} == {"landed"}
        w.chain_is_whole()
