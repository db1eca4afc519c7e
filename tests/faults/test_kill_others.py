"""kill -9 of the worker program in its turn, and of a language server that drives a run."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from codex_fixtures import long_sleep
from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from faults.invariants import holds, never_twice, stands, untouched
from faults.jobs import ONE_TASK, PLAN_PATH, workplace
from faults.killing import taken_up
from lsp.lsp_client import Place, make_client, start
from makeitso.protocol import events as ev
from makeitso.scripted import Answer, RequestView, Run, Say
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.scripted import Script

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

KILLS = 4
SERVED = ("recorded.turn.started", "recorded:9", "landing.rename", "recording.run.finished")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("faults")
    if "half" in metafunc.fixturenames:
        metafunc.parametrize("half", range(KILLS) if every else [1])
    if "at" in metafunc.fixturenames:
        metafunc.parametrize("at", SERVED if every else SERVED[:1])


def slow_worker(nap: str, half: int) -> Script:
    """Does `half` steps of its work, sleeps there once, and does the rest when it goes on."""
    steps = (("line 2", "line two"), ("line 20", "line twenty"), ("line 35", "line thirty-five"))

    def script(view: RequestView) -> Answer:
        goes_on = "was interrupted" in view.last_user_text
        for number, (old, new) in enumerate(steps):
            key = new.replace(" ", "-")
            done = f"+{new}\n" in view.last_user_text or any(
                call.succeeded for call in view.calls if call.key.startswith(key)
            )
            if number == half and not goes_on:
                return Answer(items=(Run(nap, f"nap-{len(view.calls)}"),))
            if not done:
                return Answer(items=(change(old, new, call=f"{key}-{len(view.calls)}"),))
        if half >= len(steps) and not goes_on:
            return Answer(items=(Run(nap, f"nap-{len(view.calls)}"),))
        return Answer(items=(Say("Spelled.", phase="final_answer"),))

    return script


def test_the_worker_is_killed_in_its_turn(tmp_path: Path, half: int) -> None:
    nap = long_sleep()
    with world(tmp_path, slow_worker(nap, half), files=FILES) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_command(nap, running)
        (first,) = w.of(ev.WorkerStarted)
        os.kill(first.pid, signal.SIGKILL)
        running.wait().expect(0, "killed by signal 9", "done")
        w.until_quiet()
        never_twice(w.events())
        again = w.of(ev.WorkerStarted)
        assert [one.thread for one in again] == [first.thread] * 2, "the thread is taken up"
        assert again[1].pid != first.pid
        text = FILES["poem.txt"].replace("line 2\n", "line two\n")
        text = text.replace("line 20\n", "line twenty\n").replace("line 35\n", "line thirty-five\n")
        assert w.read("poem.txt") == text
        assert w.task().rounds == 1


def test_the_server_is_killed_while_it_drives(tmp_path: Path, at: str) -> None:
    with workplace(tmp_path) as w:
        before = untouched(w)
        w.mis("trust", "--yes")
        xdg = {"XDG_CONFIG_HOME": f"{w.home}/.config", "XDG_STATE_HOME": f"{w.home}/.local/state"}
        place = Place(w.root, w.home, {**w.env, **xdg, FAULT_VARIABLE: at})

        async def drive() -> int | None:
            client = make_client()
            await start(client, place)
            server = client._server  # pyright: ignore[reportPrivateUsage] -- it is to die
            assert server is not None
            asked = asyncio.ensure_future(
                client.ask("mis/run/start", {"plan": PLAN_PATH, "yes": True})
            )
            code = await asyncio.wait_for(server.wait(), 90)
            asked.cancel()
            return code

        assert asyncio.run(drive()) == -signal.SIGKILL, f"{at} never fired"
        stands(w, ONE_TASK, [])
        taken_up(w, ONE_TASK)
        holds(w, ONE_TASK, before)
