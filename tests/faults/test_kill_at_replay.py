"""kill -9 while a replay is written: it is not there or whole, and the next run makes up for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, spell
from faults.killing import killed
from makeitso.store import replays

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]


@pytest.mark.parametrize("at", ["recorded.run.finished", "replay.written", "replay.kept"])
def test_no_replay_is_lost(tmp_path: Path, at: str) -> None:
    with world(tmp_path, spell(), files={**FILES, "spell.plan.md": PLAN}) as w:
        killed(w, at, "run", "spell.plan.md", "--yes")
        folder = w.root / ".makeitso/replays"
        first = w.run.id
        assert w.run.finished is not None
        whole = at == "replay.kept"
        assert [replays.run_of(path) for path in replays.kept(folder)] == [first] * whole
        before = [path.read_bytes() for path in replays.kept(folder)]
        w.box.write("poem.txt", FILES["poem.txt"].encode())
        w.box.write("spell.plan.md", PLAN.encode())
        w.mis("run", "spell.plan.md", "--yes").expect(0, "done")
        kept = replays.kept(folder)
        assert [replays.read(path).run for path in kept] == [first, w.run.id]
        assert not before or kept[0].read_bytes() == before[0]
        assert replays.read(kept[0]).exact
