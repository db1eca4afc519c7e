"""What every Codex transport must do, over both of them. Real Codex, scripted model."""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import anyio
import psutil
import pytest

import codex_fixtures as fx
from codex_fixtures import RecordingHost
from makeitso.errors import ConfigError, EnvironmentFault, StoreError
from makeitso.scripted import Answer, Patch, RequestView, Run, Say, Tokens, serve, workflow
from makeitso.workers.codex import CodexWorker
from makeitso.workers.codex_exec import CodexExecWorker
from makeitso.workers.port import (
    CommandEnded,
    CommandStarted,
    FilesTouched,
    Message,
    Notice,
    Started,
    TurnResult,
    Usage,
    Worker,
    WorkerEvent,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.codex]

DONE = Answer(items=(Say("Done.", phase="final_answer"),))
WORKERS = {"app-server": CodexWorker, "exec": CodexExecWorker}


@pytest.fixture(params=sorted(WORKERS))
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def worker(transport: str) -> Worker:
    return WORKERS[transport]()


@pytest.fixture
def places(tmp_path: Path) -> fx.Places:
    return fx.make_places(tmp_path)


async def run_one(
    worker: Worker, places: fx.Places, base_url: str, host: RecordingHost, **changes: object
) -> TurnResult:
    async with worker.open(fx.make_job(places, base_url, **changes), host) as session:
        return await session.turn("go")


async def test_a_patch_and_commands(worker: Worker, transport: str, places: fx.Places) -> None:
    host = RecordingHost()
    script = workflow(
        Answer(items=(Say("Looking.", phase="commentary"), Run("cat hello.txt; exit 3", "c1"))),
        Answer(items=(Patch(fx.PATCH, "p1"),)),
        Answer(items=(Run("grep -c brave hello.txt", "c2"),)),
        DONE,
    )
    with serve(script, key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host)
        assert len(model.views) == 4
    assert result == TurnResult(status="completed", message="Done.")
    assert (places.repo / "hello.txt").read_text() == "hello\nbrave new world\n"
    assert [event.command for event in host.of(CommandStarted)] == [
        "cat hello.txt; exit 3",
        "grep -c brave hello.txt",
    ]
    assert [event.exit_code for event in host.of(CommandEnded)] == [3, 0]
    assert host.text("stdout") == fx.HELLO + "1\n"
    assert [event.text for event in host.of(Message)] == ["Looking.", "Done."]
    assert host.of(FilesTouched) == [FilesTouched((str(places.repo / "hello.txt"),))]
    last = host.of(Usage)[-1]
    assert (last.input_tokens, last.output_tokens, last.total_tokens) == (4000, 200, 4200)
    assert host.started.thread
    assert host.started.program.startswith("codex-cli ")
    assert not psutil.pid_exists(host.started.pid)
    assert host.text("wire").count("\n") > 5
    assert host.asks == []
    assert transport in WORKERS


async def test_a_wrong_key_is_an_auth_failure(worker: Worker, places: fx.Places) -> None:
    host = RecordingHost()
    with serve(workflow(DONE), key="sk-test-another") as model:
        result = await run_one(worker, places, model.base_url, host)
        assert model.requests
    assert (result.status, result.error_kind, result.retryable) == ("failed", "auth", False)
    assert "401" in result.error
    assert fx.KEY not in result.error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("context_length_exceeded", "context-window"),
        ("insufficient_quota", "usage-limit"),
        ("something_else", "model"),
    ],
)
async def test_a_failed_response_is_named(
    worker: Worker, places: fx.Places, code: str, kind: str
) -> None:
    host = RecordingHost()
    failing = Answer(failed=code, error="scripted: no more of this")
    with serve(lambda _: failing, key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host)
    assert (result.status, result.error_kind) == ("failed", kind), result


async def test_a_cut_stream_fails_after_a_few_tries(worker: Worker, places: fx.Places) -> None:
    host = RecordingHost()
    cut = Answer(items=(Say("half", chunk=2),), cut=True)
    with serve(lambda _: cut, key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host)
        assert 1 < len(model.views) < 10
    assert (result.status, result.error_kind, result.retryable) == ("failed", "stream-cut", True), (
        result
    )


async def test_a_refused_connection_ends(worker: Worker, places: fx.Places) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"
        started = time.monotonic()
        result = await run_one(worker, places, url, RecordingHost())
    assert (result.status, result.error_kind) == ("failed", "refused-connection"), result
    assert result.retryable
    assert time.monotonic() - started < 30


async def test_killed_from_outside_in_the_middle_of_a_turn(
    worker: Worker, places: fx.Places
) -> None:
    slow = fx.long_sleep()
    host = RecordingHost()
    script = workflow(Answer(items=(Run(slow, "c1"),)), DONE)
    results: list[TurnResult] = []
    with serve(script, key=fx.KEY) as model:
        async with worker.open(fx.make_job(places, model.base_url), host) as session:

            async def turn() -> None:
                results.append(await session.turn("go"))

            async with anyio.create_task_group() as group:
                group.start_soon(turn)
                await host.until(lambda: bool(host.of(CommandStarted)))
                os.kill(host.started.pid, signal.SIGKILL)
    (result,) = results
    assert (result.status, result.error_kind, result.retryable) == ("failed", "process", True)
    await fx.until_gone(slow)


async def test_an_interrupt_leaves_nothing_of_the_command(
    worker: Worker, places: fx.Places
) -> None:
    slow = fx.long_sleep()
    host = RecordingHost()
    script = workflow(Answer(items=(Run(f"{slow} & setsid {slow}", "c1"),)), DONE)
    results: list[TurnResult] = []
    with serve(script, key=fx.KEY) as model:
        async with worker.open(fx.make_job(places, model.base_url), host) as session:

            async def turn() -> None:
                results.append(await session.turn("go"))

            async with anyio.create_task_group() as group:
                group.start_soon(turn)
                await host.until(lambda: bool(host.of(CommandStarted)))
                await session.interrupt()
            await fx.until_gone(slow)
    assert [result.status for result in results] == ["interrupted"]
    assert [event.item for event in host.of(CommandEnded)] == [host.of(CommandStarted)[0].item]


async def test_cancelling_a_turn_ends_everything(worker: Worker, places: fx.Places) -> None:
    slow = fx.long_sleep()
    host = RecordingHost()
    script = workflow(Answer(items=(Run(slow, "c1"),)), DONE)
    with serve(script, key=fx.KEY) as model:
        async with anyio.create_task_group() as group:

            async def everything() -> None:
                await run_one(worker, places, model.base_url, host)

            group.start_soon(everything)
            await host.until(lambda: bool(host.of(CommandStarted)))
            group.cancel_scope.cancel()
    assert fx.live_commands(slow) == []
    assert not psutil.pid_exists(host.started.pid)


@pytest.mark.parametrize("limit", ["idle", "wall"])
async def test_a_limit_of_time_ends_the_turn(worker: Worker, places: fx.Places, limit: str) -> None:
    host = RecordingHost()
    hanging = Answer(hang_s=60)
    with serve(lambda _: hanging, key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host, **{f"{limit}_timeout_s": 1.5})
    assert (result.status, result.error_kind, result.retryable) == ("failed", limit, True)
    assert "1.5 s" in result.error
    assert not psutil.pid_exists(host.started.pid)


async def test_a_thread_goes_on_in_a_new_process(worker: Worker, places: fx.Places) -> None:
    def script(view: RequestView) -> Answer:
        return Answer(items=(Say(f"You said: {view.last_user_text}"),), usage=Tokens(input=100))

    first, second = RecordingHost(), RecordingHost()
    with serve(script, key=fx.KEY) as model:
        async with worker.open(fx.make_job(places, model.base_url), first) as session:
            await session.turn("the word is plover")
        job = fx.make_job(places, model.base_url, thread=first.started.thread)
        async with worker.open(job, second) as session:
            result = await session.turn("which word?")
            again = await session.turn("and again?")
        view = model.views[-1]
    assert result.message == "You said: which word?"
    assert again.message == "You said: and again?"
    assert second.started.thread == first.started.thread
    assert second.started.pid != first.started.pid
    assert "the word is plover" in view.user_texts
    assert [event.input_tokens for event in first.of(Usage)][-1] == 100
    assert [event.input_tokens for event in second.of(Usage)][-1] == 300


async def test_a_thread_that_was_never_recorded_is_begun_anew(
    worker: Worker, places: fx.Places
) -> None:
    missing = "00000000-0000-7000-8000-000000000000"
    host = RecordingHost()
    with serve(workflow(DONE), key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host, thread=missing)
    assert result.status == "completed"
    assert host.started.thread != missing
    assert [notice for notice in host.of(Notice) if "new one" in notice.text]


async def test_two_megabytes_of_output_in_one_line(worker: Worker, places: fx.Places) -> None:
    host = RecordingHost()
    script = workflow(Answer(items=(Run("head -c 2000000 /dev/zero | tr '\\0' x", "c1"),)), DONE)
    with serve(script, key=fx.KEY) as model:
        result = await run_one(worker, places, model.base_url, host)
    assert result.status == "completed"
    assert len(host.text("stdout")) > 500_000


async def test_a_host_that_cannot_store_ends_the_session_with_its_own_error(
    worker: Worker, places: fx.Places
) -> None:
    pids: list[int] = []

    class Full(RecordingHost):
        async def emit(self, event: WorkerEvent, /) -> None:
            if isinstance(event, Started):
                pids.append(event.pid)
            if isinstance(event, Message):
                raise StoreError("disk full")

    with (
        serve(workflow(DONE), key=fx.KEY) as model,
        pytest.raises(StoreError, match="disk full"),
    ):
        await run_one(worker, places, model.base_url, Full())
    assert pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_a_home_inside_tmp_is_refused_before_anything_runs(
    worker: Worker, places: fx.Places
) -> None:
    with pytest.raises(EnvironmentFault, match="temporary directory"):
        await run_one(worker, places, "http://127.0.0.1:9/v1", RecordingHost(), tmp=places.root)


async def test_a_configuration_of_the_person_is_not_overwritten(
    worker: Worker, places: fx.Places
) -> None:
    places.home.mkdir()
    (places.home / "config.toml").write_text("# mine\n")
    with pytest.raises(ConfigError, match="your own"):
        await run_one(worker, places, "http://127.0.0.1:9/v1", RecordingHost())
    assert (places.home / "config.toml").read_text() == "# mine\n"


async def test_exec_refuses_to_step(places: fx.Places) -> None:
    with pytest.raises(ConfigError, match="cannot ask"):
        await run_one(
            CodexExecWorker(), places, "http://127.0.0.1:9/v1", RecordingHost(), step_commands=True
        )
