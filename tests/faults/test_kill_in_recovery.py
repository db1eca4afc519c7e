"""A second kill -9, this time while the run is being taken up: still everything, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.invariants import holds, untouched
from faults.jobs import ONE_TASK, RUN, workplace
from faults.killing import RESUME, killed, taken_up

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

TWICE = (
    ("landing.sync", "recording.landing.ended"),
    ("worktree.owned", "worktree.added"),
    ("turn.start", "recorded.turn.ended"),
    ("recorded.worker.started", "recording.worker.ended"),
    ("landing.rename", "landing.rename"),
    ("recorded.task.reviewing", "recorded.hunk.marked"),
    ("recording.approval.decided", "recorded.approval.decided"),
    ("recorded.snapshot.taken:2", "recorded.snapshot.taken"),
    ("recorded.task.ended", "box.ticked"),
    ("worktree.remove", "worktree.emptied"),
    ("recording.run.finished", "recorded.run.resumed"),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("faults")
    metafunc.parametrize(("first", "second"), TWICE if every else TWICE[:1])


def test_killed_twice_and_taken_up(tmp_path: Path, first: str, second: str) -> None:
    with workplace(tmp_path) as w:
        before = untouched(w)
        killed(w, first, *RUN)
        killed(w, second, *RESUME)
        taken_up(w, ONE_TASK)
        holds(w, ONE_TASK, before)
