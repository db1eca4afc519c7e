"""Kill -9 of the process that drives Codex: what is left, and that it can be ended and resumed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

import codex_fixtures as fx
from codex_fixtures import RecordingHost
from makeitso.processes import end_identity, identify
from makeitso.scripted import Answer, Run, Say, serve, workflow
from makeitso.workers.codex import CodexWorker
from makeitso.workers.codex_exec import CodexExecWorker

pytestmark = [pytest.mark.asyncio, pytest.mark.codex]

WORKERS = {"app-server": CodexWorker, "exec": CodexExecWorker}

ENGINE = """
import json, sys
from pathlib import Path
import anyio
import codex_fixtures as fx
from makeitso.workers.codex import CodexWorker
from makeitso.workers.codex_exec import CodexExecWorker
from makeitso.workers.port import CommandStarted

async def main(root, url, transport):
    places = fx.Places(root, root/"repo dir", root/"codex-home", root/"job-tmp", root/"outside")
    host = fx.RecordingHost()
    worker = {"app-server": CodexWorker, "exec": CodexExecWorker}[transport]()
    async with worker.open(fx.make_job(places, url), host) as session:
        async with anyio.create_task_group() as group:
            group.start_soon(session.turn, "go")
            await host.until(lambda: bool(host.of(CommandStarted)))
            s = host.started
            print(json.dumps([s.pid, s.start_time, s.thread]), flush=True)

anyio.run(main, Path(sys.argv[1]), sys.argv[2], sys.argv[3])
"""


@pytest.mark.parametrize("transport", sorted(WORKERS))
async def test_after_a_crash_the_leftover_is_ended_and_the_thread_goes_on(
    tmp_path: Path, transport: str
) -> None:
    places = fx.make_places(tmp_path)
    sleeping = fx.long_sleep()
    host = RecordingHost()
    script = workflow(
        Answer(items=(Run(sleeping, "c1"),)), Answer(items=(Say("Done.", phase="final_answer"),))
    )
    own = os.pathsep.join([str(Path(fx.__file__).parent), os.environ.get("PYTHONPATH", "")])
    with serve(script, key=fx.KEY) as model:
        engine = subprocess.Popen(  # noqa: ASYNC220 -- it only has to be killed
            [sys.executable, "-c", ENGINE, str(tmp_path), model.base_url, transport],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": own.rstrip(os.pathsep)},
        )
        with engine:
            assert engine.stdout is not None
            line = await anyio.to_thread.run_sync(engine.stdout.readline)
            pid, start_time, thread = json.loads(line)
            assert fx.live_commands(sleeping)
            engine.kill()
        await end_identity(pid, start_time)
        assert identify(pid) is None
        await fx.until_gone(sleeping)
        with serve(workflow(Answer(items=(Say("Back."),))), key=fx.KEY) as other:
            job = fx.make_job(places, other.base_url, thread=thread)
            async with WORKERS[transport]().open(job, host) as session:
                result = await session.turn("go on")
            texts = other.views[-1].user_texts
    assert result.message == "Back."
    assert "go" in texts
    assert texts[-1] == "go on"
    assert host.started.thread == thread
