"""A person who knows what they will be asked types all of it at once, ahead of the questions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, spell
from e2e.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def test_answers_typed_ahead_are_taken_in_their_order(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        with Terminal(w, "run", w.plan("spell", PLAN)) as t:
            t.type("maybe\ny\ny\ny")  # the first is no answer to the plan; then phase and hunk
            t.expect("plan: run").expect("phase: enter verify").expect("accept this hunk")
            t.end().expect(0, "landed: poem.txt")
        assert "line two\n" in w.read("poem.txt")
        assert w.status()["state"] == "done"
