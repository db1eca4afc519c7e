"""kill -9 at a named point, then `mis resume --yes`: everything is done, and everything once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.invariants import holds, untouched
from faults.jobs import ONE_TASK, workplace
from faults.killing import RESUME, killed, taken_up
from faults.ways import way_to

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]


def test_killed_and_taken_up(tmp_path: Path, point: str) -> None:
    way = way_to(point)
    with workplace(tmp_path) as w:
        before = untouched(w)
        for args in way.first:
            w.mis(*args).expect(3)
        asked = w.pending("change") if "{approval}" in way.killed else ""
        killed(w, point, *(asked if arg == "{approval}" else arg for arg in way.killed))
        if point == "workspace.own":
            assert not (w.root / ".makeitso").exists()
            assert not w.state.exists()
        if way.halted:
            w.mis(*RESUME).expect(3)
            w.mis("review", "accept", "--all").expect(0)
        if not way.halted or w.run.finished is None:
            taken_up(w, ONE_TASK)
        holds(w, ONE_TASK, before)
