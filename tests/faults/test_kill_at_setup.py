"""kill -9 while a task is given what set-up made for another: it has it, whole, afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.invariants import holds, untouched
from faults.jobs import THREE_TASKS, workplace
from faults.killing import killed, taken_up
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]


def test_killed_with_a_kept_set_up_in_the_worktree_and_not_recorded(tmp_path: Path) -> None:
    with workplace(tmp_path, THREE_TASKS) as w:
        before = untouched(w)
        killed(w, "setup.restored", *THREE_TASKS.start, "-c", "manager.max_concurrency=1")
        taken_up(w, THREE_TASKS)
        holds(w, THREE_TASKS, before)
        assert [p.copied for p in w.of(ev.WorktreePrepared)] == [1, 1, 1]
        ran = w.of(ev.SetupRan)
        assert [one.reused for one in ran] == [False, False, True, True, True, True]
