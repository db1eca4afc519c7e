"""One task is stopped while others go on, fails, and is taken up again with its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from codex_fixtures import long_sleep
from e2e.harness import world
from e2e.stories import FILES, add, by_task, change, work
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say, Script

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

BESIDE = """# Two files

Two things that have nothing to do with each other.

- [ ] **nap** Sleep, then spell the second line
  - files: `poem.txt`
  - done when: `sh check.sh`

- [ ] **note** Write a note
  - files: `note.txt`
  - done when: `sh note.sh`

- [ ] **last** Spell the end
  - after: nap
  - files: `poem.txt`
  - done when: `sh end.sh`
"""

CHECKED = {
    **FILES,
    "note.sh": "test -e note.txt\n",
    "end.sh": "grep -q thirty-nine poem.txt\n",
}


def napping(nap: str) -> Script:
    """Sleeps first; taken up again it does the work."""

    def script(view: RequestView) -> Answer:
        if "was interrupted" not in view.last_user_text:
            return Answer(items=(add("half.txt", "half\n"), Run(nap, "nap")))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    return script


def test_one_task_stops_alone_and_at_once_and_is_taken_up_again(tmp_path: Path) -> None:
    nap = long_sleep()
    script = by_task(
        Sleep=napping(nap),
        note=work(add("note.txt", "note\n")),
        end=work(change("line 39", "line thirty-nine")),
    )
    with world(tmp_path, script, files=CHECKED) as w:
        running = w.start("run", w.plan("beside", BESIDE), "--yes")
        w.until_command(nap, running)
        w.mis("stop", "nap", "--because", "it sleeps").expect(0, "nap of", "--retry nap")
        assert not [line for _, line in w.strays() if nap in line], "its command goes on"
        at = {type(e.data): e.at for e in w.events() if e.task == "nap"}
        took_ms = at[ev.WorkerEnded] - at[ev.StopRequested]
        assert took_ms < 3000, "a quarter of a second on an idle machine"
        running.wait().expect(1)
        states = {t.id: (t.ended, t.reason) for t in w.run.tasks.values()}
        assert states == {
            "nap": ("stopped", "it sleeps"),
            "note": ("landed", ""),
            "last": ("stopped", "nap, which comes before, did not land"),
        }
        assert w.read("note.txt") == "note\n"
        w.mis("stop", "nap").expect(2, "no run is open")
        w.mis("resume", "--retry", "note").expect(2, "no run has a failed or stopped task")
        w.mis("resume", w.run.id, "--retry", "last").expect(2, "nap, which comes before")
        w.mis("resume", "--retry", "nap", "--yes").expect(0, "nap, last")
        assert {t.ended for t in w.run.tasks.values()} == {"landed"}
        text = w.read("poem.txt")
        assert "line two\n" in text
        assert "line thirty-nine\n" in text
        assert w.read("half.txt") == "half\n", "its work before the stop is lost"
        assert len([e for e in w.of(ev.TaskTakenUp) if e.how == "retry"]) == 2


def test_a_failed_task_of_a_run_that_asks_nobody_goes_on_so_and_says_so(tmp_path: Path) -> None:
    def script(view: RequestView) -> Answer:
        again = "was interrupted" in view.last_user_text and not view.answered("patch")
        patch = (change("line 2", "line two", call="patch"),)
        return Answer(items=patch if again else (Say("I am done.", phase="final_answer"),))

    plan = BESIDE.split("- [ ] **note**", maxsplit=1)[0]
    with world(tmp_path, script, files=CHECKED) as w:
        limit = ("-c", "manager.max_rounds=1")
        w.mis("run", w.plan("one", plan), "--yes", *limit).expect(1)
        w.mis("resume", "--retry", "nap", *limit).expect(0, "started with --yes and goes on so")
        assert "line two\n" in w.read("poem.txt")


def test_a_failed_task_goes_on_where_it_was(tmp_path: Path) -> None:
    def script(view: RequestView) -> Answer:
        if "was interrupted" in view.last_user_text and not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("I am done.", phase="final_answer"),))

    plan = BESIDE.split("- [ ] **note**", maxsplit=1)[0]
    with world(tmp_path, script, files=CHECKED) as w:
        limit = ("-c", "manager.max_rounds=1")
        w.mis("run", w.plan("one", plan), "--yes", *limit).expect(1)
        assert w.task("nap").ended == "failed"
        rounds = w.task("nap").rounds
        w.mis("resume", "--retry", "nap", "--no-yes", *limit).expect(3, "phase: enter verify")
        w.mis("approve", w.pending("phase")).expect(0)
        w.mis("resume", *limit).expect(3, "change: land")  # it asks, and goes on asking
        w.mis("resume", "--yes", *limit).expect(0)
        assert w.task("nap").ended == "landed"
        assert w.task("nap").rounds == rounds + 1
        assert "line two\n" in w.read("poem.txt")


def test_a_task_of_a_run_nobody_drives_is_stopped_too(tmp_path: Path) -> None:
    script = by_task(Sleep=work(change("line 2", "line two")), note=work(add("note.txt", "note\n")))
    with world(tmp_path, script, files=CHECKED) as w:
        plan = BESIDE.split("- [ ] **last**", maxsplit=1)[0]
        w.mis("run", w.plan("two", plan), "--yes", "--halt-on", "write_files").expect(3)
        w.mis("stop", w.run.id, "nothing").expect(2, "has no task nothing")
        w.mis("stop", w.run.id, "nap", "--json").expect(0)
        assert w.task("nap").ended == "stopped"
        assert [row["kind"] for row in w.mis("approve", "--list", "--json").rows] == ["change"]
        w.mis("review", "accept", "--all", "--task", "note").expect(0)
        assert w.status()["state"] == "stopped"
        assert w.read("note.txt") == "note\n"
