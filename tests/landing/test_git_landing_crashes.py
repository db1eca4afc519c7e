"""Killed at each step of a landing with a commit, and of taking it back: all of it, or nothing."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import anyio
import pytest

from landing.git_workspace import Work, work
from landing.landing_crasher import in_a_process_that_dies
from landing.landing_place import accepted
from makeitso.landing import land, undo
from makeitso.review import marks
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.landing.land import LandingPlan
    from makeitso.landing.undo import UndoPlan
    from makeitso.protocol.words import LandTarget

OLD = b"1\n2\n3\n"
NEW = b"1\ntwo\n3\n"


def state(here: Work) -> tuple[bytes, bytes, bytes, str]:
    return (
        here.read("f.txt"),
        here.staged("f.txt"),
        here.committed("f.txt"),
        here.box.text("status", "--porcelain"),
    )


def ended(here: Work, before: object, after: object, *, point: str, late: bool) -> None:
    """After recovery all is old or all is new, the index is free, and nothing lies about."""
    reports = land.recover(here.root)
    outcome = reports[0].outcome if reports else "undone"
    assert state(here) == (after if outcome == "landed" else before), point
    assert (outcome == "landed") == late, point
    for report in reports:
        land.forget(here.root, report.id)
    assert not (here.root / ".git/index.lock").exists()
    assert not list((here.root / ".git/makeitso").glob("index-*"))
    here.box.git("add", "f.txt")


LATE = ("landing.rename", "landing.sync", "landing.ref", "landing.index", "landing.done", "")


@pytest.mark.parametrize("target", ["index", "commit"])
def test_killed_anywhere_files_index_and_branch_agree(tmp_path: Path, target: LandTarget) -> None:
    seen: list[str] = []
    while not seen or seen[-1]:
        here = work(tmp_path / f"{len(seen)}", {"f.txt": OLD})
        change = here.change({"f.txt": NEW})
        before = state(here)
        plan: LandingPlan = here.prepare(accepted(change), target)

        def landing(
            fault: Callable[[str], None], plan: LandingPlan = plan, here: Work = here
        ) -> None:
            anyio.run(functools.partial(land.commit, plan, root=here.root, fault=fault))

        seen.append(in_a_process_that_dies(len(seen), landing))
        committed = NEW if target == "commit" else OLD
        after = (NEW, NEW, committed, "" if target == "commit" else "M  f.txt")
        ended(here, before, after, point=seen[-1], late=seen[-1] in LATE)
    wanted = {"landing.locked", "landing.commit", "landing.rename", "landing.index"}
    assert wanted | ({"landing.ref"} if target == "commit" else set()) <= set(seen)


def test_killed_anywhere_an_undo_is_whole_or_not_there(tmp_path: Path) -> None:
    seen: list[str] = []
    while not seen or seen[-1]:
        here = work(tmp_path / f"{len(seen)}", {"f.txt": OLD})
        change = here.change({"f.txt": NEW})
        done = here.land(change, "commit")
        paths = {hunk.id: hunk.path for hunk in marks.all_hunks(change)}
        plan: UndoPlan = anyio.run(
            functools.partial(
                undo.prepare,
                open_repository(here.root),
                done,
                id="u",
                hunks=paths,
                message="Revert it",
            )
        )

        def back(fault: Callable[[str], None], plan: UndoPlan = plan, here: Work = here) -> None:
            anyio.run(functools.partial(undo.commit, plan, root=here.root, fault=fault))

        seen.append(in_a_process_that_dies(len(seen), back))
        late = seen[-1] in LATE
        ended(here, (NEW, NEW, NEW, ""), (OLD, OLD, OLD, ""), point=seen[-1], late=late)
    assert {"landing.locked", "landing.ref", "landing.index"} <= set(seen)


def test_a_lock_that_was_removed_by_hand_is_taken_again(tmp_path: Path) -> None:
    here = work(tmp_path / "w", {"f.txt": OLD, "g.txt": b"g\n"})
    plan = here.prepare(accepted(here.change({"f.txt": NEW})), "commit")
    died = ""
    at = 0
    while died != "landing.ref":
        here = work(tmp_path / f"w{at}", {"f.txt": OLD, "g.txt": b"g\n"})
        plan = here.prepare(accepted(here.change({"f.txt": NEW})), "commit")

        def landing(
            fault: Callable[[str], None], plan: LandingPlan = plan, here: Work = here
        ) -> None:
            anyio.run(functools.partial(land.commit, plan, root=here.root, fault=fault))

        died = in_a_process_that_dies(at, landing)
        at += 1
    (here.root / ".git/index.lock").unlink()
    here.box.write("g.txt", b"g2\n")
    here.box.git("add", "g.txt")
    (report,) = land.recover(here.root)
    assert report.outcome == "landed"
    assert (here.staged("f.txt"), here.staged("g.txt")) == (NEW, b"g2\n")
    assert here.committed("f.txt") == NEW


def test_a_branch_that_went_elsewhere_after_a_crash_is_left_there(tmp_path: Path) -> None:
    here = work(tmp_path / "w", {"f.txt": OLD})
    plan = here.prepare(accepted(here.change({"f.txt": NEW})), "commit")

    def stop(point: str) -> None:
        if point == "landing.ref":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        anyio.run(functools.partial(land.commit, plan, root=here.root, fault=stop))
    (here.root / ".git/index.lock").unlink()
    here.box.git("commit", "-q", "--allow-empty", "-m", "mine")
    mine = here.box.text("rev-parse", "HEAD")
    (report,) = land.recover(here.root)
    assert report.outcome == "stuck"
    assert here.box.text("rev-parse", "HEAD") == mine
