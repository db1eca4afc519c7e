"""Stopped, interrupted or killed: nothing of the process tree is left, and a resume goes on."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import long_sleep
from e2e.harness import DEADLINE_S, world
from e2e.stories import CHECK, FILES, PLAN, change, spell
from makeitso.protocol.events import LandingEnded, RunPaused, WorkerStarted
from makeitso.scripted import Answer, RequestView, Rule, Run, Say, Script, rules

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Running, World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def napping(nap: str) -> Script:
    """A worker whose first turn sleeps; told that it was interrupted, it does the work."""

    def script(view: RequestView) -> Answer:
        if "was interrupted" not in view.last_user_text:
            return Answer(items=(Run(nap, f"nap-{len(view.calls)}"),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    return script


def finish(w: World) -> None:
    """Resume, and see everything done once."""
    w.mis("resume", "--yes").expect(0, "done")
    assert w.read("poem.txt") == FILES["poem.txt"].replace("line 2\n", "line two\n")
    assert w.status()["state"] == "done"
    assert len([e for e in w.of(LandingEnded) if not e.error]) == 1


def in_turn(w: World, nap: str) -> Running:
    running = w.start("run", w.plan("spell", PLAN), "--yes")
    w.until_command(nap, running)
    return running


def test_stop_from_another_terminal_ends_the_whole_tree(tmp_path: Path) -> None:
    nap = long_sleep()
    with world(tmp_path, napping(nap), files=FILES) as w:
        running = in_turn(w, nap)
        assert w.status()["state"] == "running"

        # Meanwhile a second run is refused at once and disturbs nothing.
        refused = f"process {running.process.pid} (cli) is already working"
        w.mis("run", w.plan("other", PLAN)).expect(2, refused, "mis stop")
        assert running.alive
        assert len(w.runs()) == 1

        w.mis("stop", "--because", "enough").expect(0, "mis resume")
        running.wait().expect(130)
        w.until_quiet()
        assert w.status()["state"] == "stopped"
        assert w.run.paused is not None
        assert w.run.paused.reason == "enough"
        finish(w)


def test_ctrl_c_in_a_turn(tmp_path: Path) -> None:
    nap = long_sleep()
    with world(tmp_path, napping(nap), files=FILES) as w:
        running = in_turn(w, nap)
        running.ctrl_c()
        running.wait().expect(130, "mis resume")
        w.until_quiet()
        assert w.status()["state"] == "stopped"
        finish(w)


def test_kill_9_in_a_turn(tmp_path: Path) -> None:
    nap = long_sleep()
    with world(tmp_path, napping(nap), files=FILES) as w:
        running = in_turn(w, nap)
        (worker,) = w.of(WorkerStarted)
        os.kill(running.process.pid, signal.SIGKILL)
        # Both die here, so that nothing leads from the worker to its command any more. Whether the
        # command outlives them is a race with the sandbox; that none is left in the end is not.
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        running.process.wait(DEADLINE_S)
        status = w.status()
        assert (status["state"], status["reason"]) == (
            "stopped",
            "its process ended; `mis resume` goes on",
        )
        w.mis("status").expect(0, "T1 halted")
        finish(w)


def test_kill_9_in_a_check(tmp_path: Path) -> None:
    nap = long_sleep()
    check = f"test -e marker || {nap}\n{FILES['check.sh']}"
    with world(tmp_path, spell(), files={**FILES, "check.sh": check}) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_command(nap, running)
        os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait(DEADLINE_S)
        again = w.start("resume", "--yes")
        w.until_event("run.resumed", again)
        w.until(lambda _: sum(nap in line and "sandbox" not in line for _, line in w.strays()) == 1)
        again.ctrl_c()
        again.wait().expect(130)
        w.until_quiet()


def test_the_worker_is_killed_from_outside(tmp_path: Path) -> None:
    """Once: another takes its thread up. Each time: the task fails, and says so."""
    nap, deadly = long_sleep(), long_sleep()
    with world(tmp_path, napping(nap), files=FILES) as w:
        running = in_turn(w, nap)
        os.kill(w.of(WorkerStarted)[0].pid, signal.SIGKILL)
        running.wait().expect(0, "killed by signal 9", "tried again", "1 of 2", "done")
        assert w.read("poem.txt") == FILES["poem.txt"].replace("line 2\n", "line two\n")
        first, second = w.of(WorkerStarted)
        assert first.thread == second.thread
    always = rules(Rule(when=lambda view: True, answer=lambda view: fresh(deadly, view)))
    with world(tmp_path / "twice", always, files=FILES) as w:
        running = in_turn(w, deadly)
        for number in (1, 2, 3):
            w.until_event("worker.started", running, count=number)
            w.until_event("turn.started", running, count=number)
            w.until_command(deadly, running)
            os.kill(w.of(WorkerStarted)[-1].pid, signal.SIGKILL)
        running.wait().expect(1, "killed by signal 9", "mis doctor", "mis run .makeitso/plans/")
        w.until_quiet()
        assert w.status()["state"] == "failed"
        assert w.read("poem.txt") == FILES["poem.txt"]


def fresh(command: str, view: RequestView) -> Answer:
    """Run the command again, as a call of its own."""
    return Answer(items=(Run(command, f"nap-{len(view.calls)}"),))


def test_ctrl_c_while_the_manager_plans(tmp_path: Path) -> None:
    hanging = Answer(hang_s=DEADLINE_S)
    with world(tmp_path, lambda view: hanging, files=FILES, manager="codex") as w:
        running = w.start("run", "Spell the second line", "--yes")
        assert w.server.wait_for_requests(1, timeout_s=DEADLINE_S)
        running.ctrl_c()
        running.wait().expect(130, "mis resume")
        w.until_quiet()
        assert w.status()["state"] == "stopped"
        assert not list((w.root / ".makeitso/plans").glob("*.plan.md"))
        # Resumed, it plans again; this time somebody stops it.
        again = w.start("resume", "--yes")
        assert w.server.wait_for_requests(2, timeout_s=DEADLINE_S)
        w.mis("stop").expect(0)
        again.wait().expect(130)


def test_ctrl_c_while_a_check_runs(tmp_path: Path) -> None:
    nap = long_sleep()
    files = {**FILES, "check.sh": f"test -e /dev/null && {nap}\n"}
    with world(tmp_path, spell(), files=files) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_command(nap, running)
        running.ctrl_c()
        running.wait().expect(130, "mis resume")
        w.until_quiet()
        assert w.run.tasks["T1"].phases["bootstrap"].state == "running"
        assert w.status()["state"] == "stopped"
        # The declared check of an approved plan cannot change, its script in the worktree can.
        worktree = w.task().worktree
        assert worktree is not None
        again = w.start("resume", "--yes")
        w.until_command(nap, again)
        again.ctrl_c()
        again.wait().expect(130)
        assert CHECK in w.read(".makeitso/plans/spell.plan.md")


def test_killed_while_landing_nothing_lands_twice(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        for at in ("landing.started", "landing.recorded"):
            ended = w.start(
                "run" if at == "landing.started" else "resume",
                *((plan,) if at == "landing.started" else ()),
                "--yes",
                env={"MAKEITSO_CRASH_AT": at},
            ).wait()
            assert ended.code == -signal.SIGKILL, ended
        finish(w)
        assert w.mis("resume").expect(2, "no run is open")
        assert [p.state for p in w.of(RunPaused)] == []
