"""Real processes that do not want to end; every one of them must be gone afterwards."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import anyio
import psutil
import pytest

from makeitso.errors import EnvironmentFault, WorkerError
from makeitso.processes import (
    TAG_VARIABLE,
    Line,
    LineSplitter,
    end_identity,
    identify,
    open_child,
    run_command,
)

pytestmark = [
    pytest.mark.asyncio,
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX processes"),
]

ENV = {"PATH": os.environ["PATH"]}

DAEMON = """
import os, sys, time
def daemon(env):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            open(sys.argv[1], "w").write(str(os.getpid()))
            os.execvpe("sleep", ["sleep", "301"], env)
        os._exit(0)
    os.wait()
daemon(dict(os.environ))
while not os.path.exists(sys.argv[1]) or not open(sys.argv[1]).read():
    time.sleep(0.01)
"""


def python(source: str, *args: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", source, *args]


def gone(pid: int) -> bool:
    return identify(pid) is None


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


async def read_pid(path: Path) -> int:
    with anyio.fail_after(20):
        while True:
            if (text := _text(path)) != "":
                return int(text)
            await anyio.sleep(0.01)


BELOW = """
import subprocess, sys, time
own = subprocess.Popen(["sleep", "302"], start_new_session=True)
same = subprocess.Popen(["sleep", "303"])
print(own.pid, same.pid, flush=True)
own.wait()
print("ended", flush=True)
time.sleep(302)
"""


async def test_commands_are_killed_under_a_program_that_goes_on(tmp_path: Path) -> None:
    async with open_child(python(BELOW), cwd=tmp_path, env=ENV, grace_s=0.5) as child:
        said = child.stdout()
        own, same = map(int, (await anext(said)).split())
        assert await child.kill_below() == 1
        assert await anext(said) == b"ended\n"
        assert gone(own)
        assert not gone(same), "it is in the group of the program itself"
        assert child.exit_code is None


async def test_output_exit_code_and_streaming(tmp_path: Path) -> None:
    seen: list[tuple[str, bytes]] = []

    async def take(channel: str, data: bytes) -> None:
        seen.append((channel, data))

    result = await run_command(
        ["sh", "-c", "printf out; printf err >&2; exit 3"],
        cwd=tmp_path,
        env=ENV,
        timeout_s=20,
        on_output=take,
    )
    assert result.exit_code == 3
    assert not result.timed_out
    assert sorted(seen) == [("stderr", b"err"), ("stdout", b"out")]
    assert sorted(result.output.decode()) == sorted("outerr")


async def test_the_environment_is_what_was_given(tmp_path: Path) -> None:
    result = await run_command(["env"], cwd=tmp_path, env={**ENV, "A": "1"}, timeout_s=20)
    names = {line.partition("=")[0] for line in result.output.decode().splitlines()}
    assert names == {"PATH", "A", TAG_VARIABLE}


async def test_stdin_is_at_its_end(tmp_path: Path) -> None:
    result = await run_command(["cat"], cwd=tmp_path, env=ENV, timeout_s=20)
    assert result.exit_code == 0


async def test_a_missing_program_is_an_environment_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault, match="no-such-program"):
        await run_command(["no-such-program"], cwd=tmp_path, env=ENV, timeout_s=5)


async def test_a_child_that_ignores_term_is_killed_at_the_deadline(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    started = time.monotonic()
    result = await run_command(
        ["sh", "-c", f"trap '' TERM; echo $$ > {pid_file}; while :; do sleep 0.1; done"],
        cwd=tmp_path,
        env=ENV,
        timeout_s=1.0,
        grace_s=0.3,
    )
    assert result.timed_out
    assert result.exit_code is None
    assert gone(int(pid_file.read_text()))
    assert time.monotonic() - started < 8


async def test_a_setsid_grandchild_that_holds_the_pipe_neither_hangs_nor_survives(
    tmp_path: Path,
) -> None:
    pid_file = tmp_path / "pid"
    source = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.setsid()\n"
        "    os.execvp('sleep', ['sleep', '302'])\n"
        "open(sys.argv[1], 'w').write(str(pid))\n"
        "print('done', flush=True)\n"
    )
    result = await run_command(
        python(source, str(pid_file)), cwd=tmp_path, env=ENV, timeout_s=30, grace_s=1
    )
    assert result.exit_code == 0
    assert b"done" in result.output
    assert gone(int(pid_file.read_text()))


async def test_a_daemon_is_found_by_its_tag(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    result = await run_command(
        python(DAEMON, str(pid_file)), cwd=tmp_path, env=ENV, timeout_s=30, grace_s=1
    )
    assert result.exit_code == 0
    assert gone(int(pid_file.read_text()))


async def test_a_background_job_without_environment_is_found_by_its_session(
    tmp_path: Path,
) -> None:
    pid_file = tmp_path / "pid"
    await run_command(
        ["sh", "-c", f"(env -i {_which('sleep')} 303 & echo $! > {pid_file}) &"],
        cwd=tmp_path,
        env=ENV,
        timeout_s=30,
        grace_s=1,
    )
    assert gone(await read_pid(pid_file))


async def test_a_detached_grandchild_without_environment_is_found_if_seen_before(
    tmp_path: Path,
) -> None:
    pid_file = tmp_path / "pid"
    source = (
        "import os, sys, time\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    os.setsid()\n"
        "    os.execvpe('sleep', ['sleep', '304'], {})\n"
        "open(sys.argv[1], 'w').write(str(pid))\n"
        "sys.stdin.read()\n"
    )
    async with open_child(
        python(source, str(pid_file)), cwd=tmp_path, env=ENV, stdin="pipe", patience_s=5, grace_s=1
    ):
        pid = await read_pid(pid_file)
        assert not gone(pid)
    assert gone(pid)


async def test_cancelling_ends_the_tree(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    pid = 0
    async with anyio.create_task_group() as group:

        async def run() -> None:
            await run_command(
                ["sh", "-c", f"sleep 305 & echo $! > {pid_file}; wait"],
                cwd=tmp_path,
                env=ENV,
                timeout_s=0,
                grace_s=1,
            )

        group.start_soon(run)
        pid = await read_pid(pid_file)
        group.cancel_scope.cancel()
    assert pid
    assert gone(pid)


async def test_a_flood_is_bounded_and_keeps_both_ends(tmp_path: Path) -> None:
    result = await run_command(
        python("import sys\nfor i in range(40): sys.stdout.write(f'{i:02}' + 'x' * 99_998)"),
        cwd=tmp_path,
        env=ENV,
        timeout_s=60,
    )
    assert result.exit_code == 0
    assert result.output.startswith(b"00x")
    assert b"39xxx" in result.output
    assert result.left_out == 4_000_000 - 1024 * 1024
    assert len(result.output) < 1024 * 1024 + 100


async def test_a_huge_line_without_end_is_read_whole(tmp_path: Path) -> None:
    splitter = LineSplitter()
    lines: list[Line] = []
    async with open_child(
        python("import sys; sys.stdout.write('y' * 3_000_000)"), cwd=tmp_path, env=ENV
    ) as child:
        async for chunk in child.stdout():
            lines += splitter.feed(chunk)
        assert await child.wait() == 0
    (line,) = splitter.finish()
    assert lines == []
    assert len(line.data) == 3_000_000
    assert not line.ended


async def test_waiting_works_without_pidfd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    result = await run_command(["sh", "-c", "exit 7"], cwd=tmp_path, env=ENV, timeout_s=20)
    assert result.exit_code == 7


async def test_writing_to_a_child_that_has_gone_is_a_worker_error(tmp_path: Path) -> None:
    async with open_child(["true"], cwd=tmp_path, env=ENV, stdin="pipe") as child:
        await child.wait()
        with pytest.raises(WorkerError):
            await child.write(b"x" * 1_000_000)


async def test_more_than_a_pipe_holds_can_be_written(tmp_path: Path) -> None:
    data = b"0123456789" * 100_000
    got = bytearray()
    async with open_child(["cat"], cwd=tmp_path, env=ENV, stdin="pipe") as child:

        async def feed() -> None:
            await child.write(data)
            child.close_stdin()

        async with anyio.create_task_group() as group:
            group.start_soon(feed)
            async for chunk in child.stdout():
                got += chunk
    assert bytes(got) == data


async def test_a_leftover_is_ended_by_its_identity_with_its_descendants(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    async with open_child(
        ["sh", "-c", f"setsid sleep 306 & echo $! > {pid_file}; wait"], cwd=tmp_path, env=ENV
    ) as child:
        grandchild = await read_pid(pid_file)
        assert not await end_identity(child.pid, child.start_time - 100)
        assert not gone(child.pid)
        assert await end_identity(child.pid, child.start_time, grace_s=1)
        assert gone(grandchild)
        await child.wait()
        assert not await end_identity(child.pid, child.start_time)


async def test_members_of_a_session_whose_leader_is_gone_are_ended(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    async with open_child(
        ["sh", "-c", f"sleep 307 & echo $! > {pid_file}"], cwd=tmp_path, env=ENV
    ) as child:
        await child.wait()
        orphan = await read_pid(pid_file)
        assert not gone(orphan)
        assert await end_identity(child.pid, child.start_time, grace_s=1)
        assert gone(orphan)


async def test_a_failure_of_the_listener_comes_out_as_itself(tmp_path: Path) -> None:
    async def fail(channel: str, data: bytes) -> None:
        raise WorkerError(f"{channel} {len(data)}")

    with pytest.raises(WorkerError, match="stdout 2"):
        await run_command(["echo", "x"], cwd=tmp_path, env=ENV, timeout_s=20, on_output=fail)


def _which(name: str) -> str:
    for directory in os.environ["PATH"].split(os.pathsep):
        if (found := Path(directory) / name).exists():
            return str(found)
    raise AssertionError(name)


async def test_identify_knows_the_living_from_the_dead() -> None:
    me = identify(os.getpid())
    assert me is not None
    assert me.start_time == psutil.Process().create_time()
    assert identify(2**22 + 1) is None
