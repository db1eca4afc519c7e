"""The app-server worker: what only it can do. Real Codex, scripted model."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import anyio
import psutil
import pytest

import codex_fixtures as fx
from codex_fixtures import RecordingHost
from makeitso.scripted import Answer, Patch, RequestView, Run, Say, Script, serve, workflow
from makeitso.workers.codex import CodexWorker
from makeitso.workers.port import (
    CommandEnded,
    CommandStarted,
    Message,
    Notice,
    WorkerAnswer,
    WorkerAsk,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.asyncio, pytest.mark.codex]

DONE = Answer(items=(Say("Done.", phase="final_answer"),))


def escalating(cmd: str, call_id: str = "esc") -> Run:
    return Run(
        cmd,
        call_id,
        {"sandbox_permissions": "require_escalated", "justification": "It has to be outside."},
    )


def grant(request: WorkerAsk) -> WorkerAnswer:
    del request
    return WorkerAnswer(granted=True)


def stop(request: WorkerAsk) -> WorkerAnswer:
    del request
    return WorkerAnswer(granted=False, interrupt=True)


@pytest.fixture
def places(tmp_path: Path) -> fx.Places:
    return fx.make_places(tmp_path)


async def test_a_granted_escalation_asks_with_the_bare_command_and_runs_outside(
    places: fx.Places,
) -> None:
    command = f"touch '{places.outside / 'granted'}'"
    host = RecordingHost(grant)
    with serve(workflow(Answer(items=(escalating(command),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
    assert result.status == "completed"
    (ask,) = host.asks
    assert (ask.kind, ask.subject, ask.unsandboxed) == ("command", command, True)
    assert ask.reason == "It has to be outside."
    assert (places.outside / "granted").exists()


async def test_a_declined_escalation_does_not_run_and_the_turn_goes_on(places: fx.Places) -> None:
    command = f"touch '{places.outside / 'declined'}'"
    host = RecordingHost()
    with serve(workflow(Answer(items=(escalating(command),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
        call = model.views[-1].call("esc")
    assert result.status == "completed"
    assert not (places.outside / "declined").exists()
    assert call is not None
    assert call.refused
    assert host.of(CommandEnded)[-1].exit_code is None


async def test_a_daemon_started_outside_the_sandbox_ends_with_the_session(
    places: fx.Places,
) -> None:
    sleeping = fx.long_sleep()
    daemon = f"(setsid {sleeping} >/dev/null 2>&1 &); echo started"
    host = RecordingHost(grant)
    with serve(workflow(Answer(items=(escalating(daemon),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
            assert result.status == "completed"
            assert "started" in host.text("stdout")
            await fx.until_live(sleeping)
        assert fx.live_commands(sleeping) == []


async def test_an_answer_that_interrupts_ends_the_turn_without_another_request(
    places: fx.Places,
) -> None:
    host = RecordingHost(stop)
    with serve(workflow(Answer(items=(escalating("touch x"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
        assert len(model.views) == 1
    assert result.status == "interrupted"
    assert not (places.repo / "x").exists()


async def test_step_commands_ask_for_every_command_but_not_for_writes_in_the_worktree(
    places: fx.Places,
) -> None:
    host = RecordingHost(grant)
    script = workflow(
        Answer(items=(Run("ls", "c1"),)), Answer(items=(Patch(fx.PATCH, "p1"),)), DONE
    )
    with serve(script, key=fx.KEY) as model:
        job = fx.make_job(places, model.base_url, step_commands=True)
        async with CodexWorker().open(job, host) as session:
            result = await session.turn("go")
    assert result.status == "completed"
    assert [(ask.kind, ask.subject, ask.unsandboxed) for ask in host.asks] == [
        ("command", "ls", True)
    ]
    assert "brave new world" in (places.repo / "hello.txt").read_text()


async def test_a_patch_outside_the_worktree_asks_with_its_paths(places: fx.Places) -> None:
    target = places.outside / "new.txt"
    patch = f"*** Begin Patch\n*** Add File: {target}\n+x\n*** End Patch\n"
    host = RecordingHost()
    with serve(workflow(Answer(items=(Patch(patch, "p1"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            await session.turn("go")
    assert [(ask.kind, ask.subject) for ask in host.asks] == [("patch_outside", str(target))]
    assert not target.exists()


async def test_a_patch_through_a_symlink_counts_as_outside(places: fx.Places) -> None:
    (places.repo / "link").symlink_to(places.outside)
    patch = "*** Begin Patch\n*** Add File: link/new.txt\n+x\n*** End Patch\n"
    host = RecordingHost()
    with serve(workflow(Answer(items=(Patch(patch, "p1"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            await session.turn("go")
    assert [ask.kind for ask in host.asks] == ["patch_outside"]
    assert not (places.outside / "new.txt").exists()


async def test_write_files_never_leaves_the_worktree_as_it_is_and_asks_nothing(
    places: fx.Places,
) -> None:
    host = RecordingHost(grant)
    script = workflow(
        Answer(items=(Patch(fx.PATCH, "p1"),)), Answer(items=(Run("touch y; ls", "c1"),)), DONE
    )
    with serve(script, key=fx.KEY) as model:
        job = fx.make_job(places, model.base_url, write_files="never")
        async with CodexWorker().open(job, host) as session:
            result = await session.turn("go")
    assert result.status == "completed"
    assert host.asks == []
    assert (places.repo / "hello.txt").read_text() == fx.HELLO
    assert not (places.repo / "y").exists()


async def test_run_shell_never_offers_no_shell(places: fx.Places) -> None:
    host = RecordingHost(grant)
    with serve(workflow(Answer(items=(Patch(fx.PATCH, "p1"),)), DONE), key=fx.KEY) as model:
        job = fx.make_job(places, model.base_url, run_shell="never")
        async with CodexWorker().open(job, host) as session:
            await session.turn("go")
        tools = model.views[0].tools
    assert not {"exec_command", "write_stdin", "shell", "local_shell"} & set(tools)
    assert "apply_patch" in tools
    assert "brave" in (places.repo / "hello.txt").read_text()


async def test_an_interrupt_leaves_no_command_and_the_thread_can_go_on(places: fx.Places) -> None:
    sleeping = fx.long_sleep()
    host = RecordingHost()
    slow = Answer(items=(Run(f"({sleeping} & {sleeping})", "c1"),))

    def script(view: RequestView) -> Answer:
        return slow if view.last_user_text == "slow" else DONE

    with serve(script, key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            results: list[str] = []

            async def turn() -> None:
                results.append((await session.turn("slow")).status)

            async with anyio.create_task_group() as group:
                group.start_soon(turn)
                await host.until(lambda: bool(host.of(CommandStarted)))
                await session.interrupt()
            assert results == ["interrupted"]
            await fx.until_gone(sleeping)
            assert psutil.pid_exists(host.started.pid)
            assert [event.item for event in host.of(CommandEnded)] == ["c1"]
            assert (await session.turn("more")).status == "completed"
    assert not psutil.pid_exists(host.started.pid)


async def test_an_interrupt_that_comes_with_the_instruction_keeps_the_session(
    places: fx.Places,
) -> None:
    host = RecordingHost()

    def script(view: RequestView) -> Answer:
        return Answer(hang_s=60) if view.last_user_text == "hang" else DONE

    with serve(script, key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            results: list[str] = []

            async def turn() -> None:
                results.append((await session.turn("hang")).status)

            async with anyio.create_task_group() as group:
                group.start_soon(turn)
                await anyio.lowlevel.checkpoint()
                await session.interrupt()
            assert results == ["interrupted"]
            assert (await session.turn("more")).status == "completed"


async def test_a_codex_that_hangs_is_killed_when_interrupted(places: fx.Places) -> None:
    sleeping = fx.long_sleep()
    host = RecordingHost()
    with serve(workflow(Answer(items=(Run(sleeping, "c1"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            results: list[str] = []

            async def turn() -> None:
                results.append((await session.turn("go")).status)

            async with anyio.create_task_group() as group:
                group.start_soon(turn)
                await host.until(lambda: bool(host.of(CommandStarted)))
                os.kill(host.started.pid, signal.SIGSTOP)
                with anyio.fail_after(20):
                    await session.interrupt()
            assert results == ["interrupted"]
            assert fx.live_commands(sleeping) == []
            assert not psutil.pid_exists(host.started.pid)
            assert (await session.turn("more")).error_kind == "process"


async def test_silence_of_a_person_is_not_silence_of_the_worker(places: fx.Places) -> None:
    async def slow_grant(request: WorkerAsk) -> WorkerAnswer:
        await anyio.sleep(2.5)
        return grant(request)

    host = RecordingHost(slow_grant)
    with serve(workflow(Answer(items=(escalating("true"),)), DONE), key=fx.KEY) as model:
        job = fx.make_job(places, model.base_url, idle_timeout_s=2.0, wall_timeout_s=2.4)
        async with CodexWorker().open(job, host) as session:
            result = await session.turn("go")
    assert result.status == "completed", result


async def test_an_open_question_is_cancelled_when_the_turn_is_interrupted(
    places: fx.Places,
) -> None:
    cancelled = anyio.Event()

    async def never(request: WorkerAsk) -> WorkerAnswer:
        try:
            await anyio.sleep_forever()
        except BaseException:
            cancelled.set()
            raise
        return grant(request)

    host = RecordingHost(never)
    with serve(workflow(Answer(items=(escalating("true"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            async with anyio.create_task_group() as group:
                group.start_soon(session.turn, "go")
                await host.until(lambda: bool(host.asks))
                await session.interrupt()
            with anyio.fail_after(10):
                await cancelled.wait()


async def test_the_key_stays_away_from_commands_and_files(places: fx.Places) -> None:
    host = RecordingHost()
    script: Script = workflow(Answer(items=(Run("env", "c1"),)), DONE)
    with serve(script, key=fx.KEY) as model:
        job = fx.make_job(
            places,
            model.base_url,
            environment={"HTTPS_PROXY": "http://u:pass-of-proxy@localhost:9", "NO_PROXY": "*"},
        )
        async with CodexWorker().open(job, host) as session:
            await session.turn("go")
            environ = psutil.Process(host.started.pid).environ()
            argv = psutil.Process(host.started.pid).cmdline()
    assert fx.KEY in environ.values()
    assert not any(fx.KEY in part for part in argv)
    assert "CODEX_CI" in host.text("stdout")
    assert fx.KEY not in host.text("stdout")
    assert "pass-of-proxy" not in host.text("stdout")
    files = [path for path in places.home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if fx.KEY.encode() in path.read_bytes()]


async def test_the_repository_stays_untrusted(places: fx.Places) -> None:
    host = RecordingHost()
    with serve(workflow(Answer(items=(Patch(fx.PATCH, "p1"),)), DONE), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            await session.turn("go")
    config = (places.home / "config.toml").read_text()
    assert 'trust_level = "untrusted"' in config
    assert 'trust_level = "trusted"' not in config


async def test_text_arrives_in_pieces_and_then_whole(places: fx.Places) -> None:
    host = RecordingHost()
    text = "<<MIS:START>> ünï\n" * 20
    script = workflow(Answer(items=(Say(text, phase="final_answer", chunk=7),)))
    with serve(script, key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
    assert host.text("message") == text
    assert [event.text for event in host.of(Message)] == [text]
    assert result.message == text


async def test_instructions_reach_the_model_as_the_developer(places: fx.Places) -> None:
    host = RecordingHost()
    with serve(workflow(DONE), key=fx.KEY) as model:
        job = fx.make_job(places, model.base_url, instructions="The token is 4f3a.")
        async with CodexWorker().open(job, host) as session:
            await session.turn("go")
        view = model.views[0]
    assert "The token is 4f3a." in view.developer_text
    assert view.last_user_text == "go"


async def test_a_server_error_is_tried_again_a_few_times_and_told(places: fx.Places) -> None:
    host = RecordingHost()
    with serve(lambda view: Answer(status=500), key=fx.KEY) as model:
        async with CodexWorker().open(fx.make_job(places, model.base_url), host) as session:
            result = await session.turn("go")
        assert 1 < len(model.views) <= 9
    assert result.status == "failed"
    assert result.error_kind == "model"
    assert result.retryable
    assert [notice for notice in host.of(Notice) if notice.will_retry]
