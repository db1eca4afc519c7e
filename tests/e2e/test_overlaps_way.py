"""Two tasks side by side change the same lines: said before anybody reviews them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from e2e.harness import world
from e2e.stories import FILES, by_task, change, work
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

PLAN = """# The same line twice

Two tasks that nobody put in order.

- [ ] **low** Spell line 2 one way
  - files: `poem.txt`
  - priority: low
  - done when: `true`

- [ ] **high** Spell line 3 another way
  - files: `poem.txt`
  - priority: high
  - done when: `true`
"""
SCRIPT = by_task(
    another=work(change("line 3", "line THREE"), change("line 30", "line THIRTY")),
    way=work(change("line 2", "line two"), change("line 20", "line twenty")),
)


def test_what_touches_is_said_with_an_order_and_goes_when_one_is_decided(tmp_path: Path) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        w.mis("run", w.plan("same", PLAN), "--yes", "--halt-on", "write_files").expect(
            3, "it touches what", "(the same lines,", "land high first"
        )
        started = [e.task for e in w.events() if isinstance(e.data, ev.TaskStarted)]
        assert started == ["high", "low"], "the urgent one was not first"
        rows = {(str(row["task"]), cast("int", row["old_start"]) > 10): row for row in w.hunks()}
        high, low = rows["high", False], rows["low", False]
        assert high["overlaps"] == [f"low/{low['id']}"]
        assert low["overlaps"] == [f"high/{high['id']}"]
        assert rows["high", True]["overlaps"] == rows["low", True]["overlaps"] == []
        w.mis("review").expect(0, f"touches low/{low['id']}")
        (second,) = [e for e in w.of(ev.ChangeProposed) if e.overlaps]
        assert [o.kind for o in second.overlaps] == ["lines"]
        w.mis("review", "accept", "--all", "--task", "high").expect(0)
        assert "line THREE" in w.read("poem.txt")
        left = {str(row["id"]): row["overlaps"] for row in w.hunks() if row["task"] == "low"}
        assert not any(left.values()), "what has landed is no proposal any more"
        w.mis("review", "accept", "--all", "--task", "low").expect(3)
        text = w.read("poem.txt")
        assert "line twenty" in text
        assert "line two" not in text, "git merged neighbours, and the overlap was none"
        document = (w.root / f".makeitso/review/{w.run.id}-low.diff").read_text("utf-8")
        assert "[conflict" in document
