"""Waits: nothing runs and nothing is spent meanwhile, and nothing that happens to us ends them."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, cast

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, change, spell, work
from makeitso.protocol.events import CheckRan, WaitEnded, WaitLooked, WaitStarted, WorkerStarted
from makeitso.runs.times import here
from makeitso.scripted import Answer, RequestView, Rule, Say, Script, always, rules
from makeitso.store.clock import SystemClock

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Json, Running, World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

LONG = ("-c", "wait.pre_task_wait_s=3600")
QUICK = "every 200ms for 10m"


def waiting(w: World, value: str, *, check: str = CHECK) -> str:
    """The plan, with a wait before its task."""
    text = PLAN.replace("  - files:", f"  - wait: {value}\n  - files:").replace(CHECK, check)
    return w.plan("spell", text)


def task_view(w: World) -> Json:
    return cast("list[Json]", w.status()["tasks"])[0]


def ends(w: World) -> list[str]:
    return [ended.reason for ended in w.of(WaitEnded)]


def kill(running: Running) -> None:
    running.process.kill()
    assert running.process.wait(10) == -signal.SIGKILL


def test_a_pause_before_a_task_spends_nothing_and_is_shown(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes", *LONG)
        w.until_event("wait.started", running)
        view = task_view(w)
        assert (view["state"], view["reason"]) == ("waiting", "waits for 1h")
        assert w.status()["state"] == "waiting"
        w.mis("status").expect(0, "T1 waiting", "waits for 1h, 1 h left")
        assert "T1 waits" in w.mis("status", "--line").out
        assert w.task().started is False
        w.mis("resume", "--skip-wait", "T2").expect(2, "has no task T2")
        w.mis("resume", "--skip-wait", "T1").expect(0, "T1: not waiting any longer")
        said = running.wait().expect(0, "T1: waits for 1h", "a person goes on", "done")
        assert "line two\n" in w.read("poem.txt"), said
        assert ends(w) == ["skipped"]
        w.mis("resume", "--skip-wait", "T1").expect(2)


def test_a_command_is_waited_for_and_changes_nothing(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    with world(tmp_path, spell(), files=FILES) as w:
        mess = f"touch left-here '{w.root}/left-there'; test -f '{ready}'"
        running = w.start("run", waiting(w, f"until `{mess}` {QUICK}"), "--yes")
        w.until_event("wait.looked", running, count=2)
        assert w.server.views == (), "something was spent while waiting"
        wait = task_view(w)["wait"]
        assert isinstance(wait, dict)
        assert wait["exit_code"] == 1
        w.mis("status").expect(0, "exit 1", "next look in", "given up in 10 min")
        ready.touch()
        running.wait().expect(0, "its command succeeded", "done")
        assert ends(w) == ["succeeded"]
        assert w.of(WaitLooked)[-1].exit_code == 0
        assert all(looked.sandboxed for looked in w.of(WaitLooked))
        assert not list(w.top.rglob("left-*")), "a look left something behind"
        assert w.of(WaitLooked)[0].output is not None, "that it may not write is not kept"


def test_a_command_that_never_succeeds_is_given_up(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = waiting(w, "until `echo not yet; false` every 200ms for 1s")
        w.mis("run", plan, "--yes").expect(1, "given up", "T1: failed: it waited until", "in vain")
        assert w.server.views == ()
        assert w.of(WaitLooked)[-1].tail == "not yet\n"


def test_a_command_that_may_not_run_does_not(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        plan = waiting(w, "until `rm -rf /` every 1s")
        w.mis("run", plan, "--yes").expect(1, "may not run", "it cannot wait")
        assert not w.of(WaitLooked)
        assert ends(w) == ["refused"]


def test_a_command_that_a_person_denied_for_good_is_not_waited_for(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("approve", "--add-rule", "deny", "curl *", "--everywhere").expect(0)
        plan = waiting(w, "until `env curl -s localhost` every 1s")
        w.mis("run", plan, "--yes").expect(1, "your rule denies `curl *`", "it cannot wait")
        assert not w.of(WaitLooked)
        assert ends(w) == ["refused"]


@pytest.mark.parametrize("value", ["until `test -f {ready}` every 300ms for 1h", "4s"])
def test_a_wait_outlives_the_process_and_keeps_its_end(tmp_path: Path, value: str) -> None:
    ready = tmp_path / "ready"
    with world(tmp_path, spell(), files=FILES) as w:
        running = w.start("run", waiting(w, value.format(ready=ready)), "--yes")
        w.until_event("wait.started", running)
        started = w.of(WaitStarted)
        kill(running)
        assert task_view(w)["state"] == "waiting"
        ready.touch()
        w.mis("resume", "--yes").expect(0, "the wait is over", "done")
        assert w.of(WaitStarted) == started, "it began anew"
        assert ends(w) in (["succeeded"], ["elapsed"])
        ended = next(e for e in w.events() if isinstance(e.data, WaitEnded))
        if started[0].wait.command is None:
            assert ended.at >= started[0].until


def test_ctrl_c_puts_a_waiting_run_down_and_a_person_ends_the_wait_when_resuming(
    tmp_path: Path,
) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        running = w.start("run", waiting(w, "until 2099-01-01T00:00Z"), "--yes")
        w.until_event("wait.started", running)
        running.ctrl_c()
        running.wait().expect(130, "mis resume")
        assert (w.status()["state"], task_view(w)["state"]) == ("stopped", "waiting")
        again = w.start("resume")
        w.until_event("run.resumed", again)
        w.mis("stop").expect(0)
        again.wait().expect(130)
        w.mis("resume", "--skip-wait", "all").expect(0, "T1: not waiting any longer", "done")
        assert len(w.of(WaitStarted)) == 1


def test_a_time_that_has_come_ends_the_wait_at_once(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("run", waiting(w, "until 2020-01-01T00:00"), "--yes").expect(0, "the wait is over")


def judgement(verdict: str, **wait: object) -> Answer:
    said = {"verdict": verdict, "instructions": "", "note": "Seen.", "wait_s": 0}
    text = json.dumps({"wait_until": "", "wait_command": "", **said, **wait})
    return Answer(items=(Say(text, phase="final_answer"),))


def asks_to_wait(**wait: object) -> Script:
    """A manager that asks for a wait once, and a worker."""

    def judge(view: RequestView) -> Answer:
        waited = "You asked to wait" in view.last_user_text
        return judgement("done") if waited else judgement("wait", **wait)

    return rules(
        Rule(when=lambda view: view.schema_name is not None, answer=judge),
        Rule(when=always, answer=work(change("line 2", "line two"))),
    )


def test_a_manager_waits_for_a_command_with_no_process_held(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    script = asks_to_wait(wait_command=f"test -f '{ready}'")
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        check = f"{CHECK} && test -f '{ready}'"
        plan = w.plan("spell", PLAN.replace(f"`{CHECK}` (was: failing)", f"`{check}`"))
        pace = ("-c", "wait.base_s=0.2")
        running = w.start("run", plan, "--yes", *pace)
        w.until_event("wait.looked", running, count=2)
        spent = len(w.server.views)
        w.until(lambda _: not any("app-server" in line for _, line in w.strays()), running)
        w.until_event("wait.looked", running, count=len(w.of(WaitLooked)) + 2)
        assert len(w.server.views) == spent, "something was spent while waiting"
        w.mis("status").expect(0, "T1 waiting", "▸ task", "test -f")
        kill(running)
        ready.touch()
        w.mis("resume", "--yes", *pace).expect(0, "its command succeeded", "done")
        assert len(w.of(WaitStarted)) == 1
        assert w.of(WaitStarted)[0].by == "manager"
        assert len(w.of(WorkerStarted)) == 2, "the worker's session was not closed for the wait"
        assert sum("This is round" in view.last_user_text for view in w.server.views) == 0
        told = next(v for v in w.server.views if "You asked to wait" in v.last_user_text)
        assert "It succeeded at look" in told.last_user_text
        rounds = [check.passed for check in w.of(CheckRan) if check.where == "round"]
        assert rounds == [False, True], "what was waited for was not looked at again"
        assert "line two\n" in w.read("poem.txt")


def test_a_manager_waits_for_a_time_and_knows_the_hour(tmp_path: Path) -> None:
    soon = here(SystemClock().now_ms() + 3_600_000).replace(microsecond=0)
    script = asks_to_wait(wait_until=soon.isoformat(timespec="seconds"))
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_event("wait.started", running)
        started = w.of(WaitStarted)[0]
        assert started.until == int(soon.timestamp()) * 1000
        asked = next(view for view in w.server.views if view.schema_name is not None)
        assert f"(it is {here(w.events()[0].at):%Y-%m-%dT}" in asked.last_user_text
        w.mis("resume", "--skip-wait", "T1").expect(0)
        running.wait().expect(0, "done")
        told = next(v for v in w.server.views if "You asked to wait" in v.last_user_text)
        assert "A person did not want to wait any longer." in told.last_user_text


@pytest.mark.faults  # twenty workers; that twenty is the bound, tests/runs holds in the usual suite
def test_a_manager_that_only_waits_is_stopped(tmp_path: Path) -> None:
    script = rules(
        Rule(when=lambda view: view.schema_name is not None, answer=judgement("wait")),
        Rule(when=always, answer=work(change("line 2", "line two"))),
    )
    pace = ("-c", "wait.base_s=0.01", "-c", "wait.max_s=0.02", "-c", 'wait.strategy="expo"')
    with world(tmp_path, script, files=FILES, manager="codex") as w:
        w.mis("run", w.plan("spell", PLAN), "--yes", *pace).expect(1, "asked to wait 21 times")
        lengths = [started.length_ms for started in w.of(WaitStarted)]
        assert lengths == [10] + [20] * 19
