"""kill -9 where tasks are held, go stale, are taken up or tried again: it goes on, once each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, by_task, change, spell, work
from e2e.stories import PLAN as ONE
from faults.killing import killed
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Script

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

PLAN = f"""# Three lines

Of which the last is spelled on top of the others.

- [ ] **one** Spell the second line
  - done when: `{CHECK}`

- [ ] **two** Spell the same line otherwise
  - done when: `true`

- [ ] **then** Spell the line near the end
  - after: one, two
  - done when: `true`
"""
_OTHER = "- [ ] **two** Spell the same line otherwise\n  - done when: `true`\n\n"
BESIDE = PLAN.replace(_OTHER, "").replace("after: one, two", "after: one")
SCRIPT = by_task(
    second=work(change("line 2", "line two"), change("line 20", "line twenty")),
    otherwise=work(change("line 2", "line TWO")),
    end=work(change("line 39", "line thirty-nine"), last="Spelled."),
)
ASKING = ("--approval", "delegate", "--yes", "--halt-on", "write_files")
MOMENTS = ("recording", "recorded")


def built(w: World) -> tuple[str, str]:
    """One and then have proposed, the second on top of the first; the hunks of the first."""
    w.mis("run", w.plan("three", BESIDE), *ASKING).expect(3)
    rows = [str(row["id"]) for row in w.hunks() if row["task"] == "one"]
    assert len(rows) == 2
    return rows[0], rows[1]


def accept_rest(w: World) -> None:
    w.mis("review", "accept", "--all").expect(0)
    assert w.status()["state"] == "done"
    text = w.read("poem.txt")
    assert "line two\n" in text
    assert "line 20\n" in text
    assert "line thirty-nine\n" in text
    landed = [e for e in w.of(ev.LandingEnded) if e.landing.task == "then" and not e.error]
    assert len(landed) == 1


@pytest.mark.parametrize("moment", MOMENTS)
def test_as_it_goes_stale(tmp_path: Path, moment: str) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        keep, drop = built(w)
        w.mis("review", "accept", keep).expect(0)
        killed(w, f"{moment}.task.stale", "review", "reject", drop)
        w.mis("resume").expect(3, "stale")
        assert len([e for e in w.of(ev.TaskStale) if e.reason]) == 1
        w.mis("approve", w.pending("question"), "--answer", "keep").expect(0)
        w.mis("resume").expect(3)
        accept_rest(w)


@pytest.mark.parametrize("choice", ["keep", "redo"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_as_it_is_taken_up(tmp_path: Path, moment: str, choice: str) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        keep, drop = built(w)
        w.mis("review", "accept", keep).expect(0)
        w.mis("review", "reject", drop).expect(0)
        w.mis("resume").expect(3)
        w.mis("approve", w.pending("question"), "--answer", choice).expect(0)
        killed(w, f"{moment}.task.taken_up", "resume")
        w.mis("resume").expect(3)
        assert [e.how for e in w.of(ev.TaskTakenUp)] == [choice]
        accept_rest(w)


@pytest.mark.parametrize("moment", MOMENTS)
def test_as_it_is_held(tmp_path: Path, moment: str) -> None:
    with world(tmp_path, SCRIPT, files=FILES) as w:
        killed(w, f"{moment}.task.held", "run", w.plan("three", PLAN), *ASKING)
        w.mis("resume", "--yes").expect(3)
        w.mis("status").expect(0, "does not fit together yet: poem.txt")
        assert not w.task("then").started
        assert len(w.of(ev.TaskHeld)) == 1, "it is tried over and over"
        w.mis("review", "accept", "--all", "--task", "one").expect(0)
        w.mis("review", "reject", "--all", "--task", "two").expect(0)
        assert w.task("then").reason == "two, which comes before, did not land"
        assert w.status()["state"] == "stopped"


def failing(times: int) -> Script:
    """A model that is overloaded at first."""
    asked, spelled = 0, spell()

    def script(view: RequestView) -> Answer:
        nonlocal asked
        asked += 1
        if asked <= times:
            return Answer(failed="server_error", error="overloaded")
        return spelled(view)

    return script


@pytest.mark.parametrize("moment", MOMENTS)
def test_as_a_try_is_planned(tmp_path: Path, moment: str) -> None:
    script = failing(3)  # the worker program itself has two tries
    with world(tmp_path, script, files=FILES) as w:
        killed(w, f"{moment}.retry.planned", "run", w.plan("spell", ONE), "--yes")
        w.mis("resume", "--yes").expect(0)
        planned = [e.attempt for e in w.of(ev.RetryPlanned)]
        assert planned == ([1] if moment == "recorded" else [])
        assert "line two\n" in w.read("poem.txt")
