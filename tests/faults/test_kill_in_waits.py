"""kill -9 at looks at a command that is waited for: the wait goes on, with the end it had."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from faults.invariants import holds, untouched
from faults.jobs import ONE_TASK, PLAN, PLAN_PATH, workplace
from faults.killing import killed, taken_up
from makeitso.protocol.events import WaitEnded, WaitLooked, WaitStarted

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]


@pytest.mark.parametrize(
    "at", ["recording.wait.looked", "recorded.wait.looked:2", "recording.wait.ended"]
)
def test_killed_at_a_look_and_taken_up(tmp_path: Path, at: str) -> None:
    ready = tmp_path / "ready"
    if at == "recording.wait.ended":
        ready.touch()
    key = f"  - wait: until `test -f '{ready}'` every 200ms for 1h\n  - files:"
    plan = PLAN.replace("  - files:", key)
    job = replace(
        ONE_TASK,
        files={**ONE_TASK.files, PLAN_PATH: plan},
        landed={**ONE_TASK.landed, PLAN_PATH: plan.replace("[ ]", "[x]")},
    )
    with workplace(tmp_path, job) as w:
        before = untouched(w)
        killed(w, at, *job.start)
        began = w.of(WaitStarted)
        assert len(began) == 1
        assert w.server.views == (), "something was spent while waiting"
        looks = len(w.of(WaitLooked))
        ready.touch()
        taken_up(w, job)
        holds(w, job, before)
        assert w.of(WaitStarted) == began
        assert len(w.of(WaitLooked)) > looks
        assert [ended.reason for ended in w.of(WaitEnded)] == ["succeeded"]
