"""When a run is over, what is on canary is looked at, in the workspace as it is set up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from learned_world import entry, proposal

from makeitso.store import learning_history as history
from makeitso.store.proposals import open_patterns, write
from makeitso.tuning.applying import record
from makeitso.wiring.bridge import Bridge
from makeitso.wiring.learning import after_a_run, place_of

if TYPE_CHECKING:
    from pathlib import Path

LINE = "src/a.c:3:4: error: bad thing\n"
TAKES_IT = r"^src/a\.c:3:4: error: (?P<artifact>.+)$"


def on_canary(root: Path, *, mode: str) -> Bridge:
    (root / ".makeitso/golden").mkdir(parents=True)
    (root / ".makeitso/golden/known.log").write_text(LINE)
    bridge = Bridge(root, client="cli", overrides=(f"learning.mode={mode}",))
    one = proposal(pattern=entry(regex=TAKES_IT).model_copy(update={"examples": (LINE.strip(),)}))
    write(bridge.dot.proposals, one)
    with history.locked(bridge.dot.proposals):
        record(place_of(bridge), one.id, "canary", by="gate")
    return bridge


def test_a_canary_that_reads_a_golden_log_otherwise_is_taken_back(tmp_path: Path) -> None:
    bridge = on_canary(tmp_path, mode="canary")
    (said,) = anyio.run(after_a_run, bridge)
    assert said.startswith("p-zlint was taken back: golden: reads differently: ")
    assert "known.log" in said
    assert open_patterns(bridge.dot.proposals) == ()
    assert anyio.run(after_a_run, bridge) == []


def test_in_another_mode_nothing_is_looked_at(tmp_path: Path) -> None:
    bridge = on_canary(tmp_path, mode="shadow")
    assert anyio.run(after_a_run, bridge) == []
    assert open_patterns(bridge.dot.proposals)[0].canary


def test_what_cannot_be_looked_at_is_said(tmp_path: Path) -> None:
    bridge = on_canary(tmp_path, mode="canary")
    (tmp_path / ".makeitso/golden/known.jsonl").write_text("{")
    (said,) = anyio.run(after_a_run, bridge)
    assert said.startswith("patterns on canary could not be looked at: known.jsonl")
