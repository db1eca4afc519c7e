"""The sandbox of the real Codex around commands of ours."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

import codex_fixtures as fx
from makeitso.codex.home import codex_environment
from makeitso.codex.sandbox import require_sandbox, run_sandboxed, sandbox_state
from makeitso.errors import EnvironmentFault

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.processes import CommandResult

pytestmark = [pytest.mark.asyncio, pytest.mark.codex]


@pytest.fixture
def places(tmp_path: Path) -> fx.Places:
    places = fx.make_places(tmp_path)
    places.home.mkdir()
    return places


def environment(places: fx.Places) -> dict[str, str]:
    return codex_environment(
        home=places.home, tmp=places.tmp, api_key=None, inherited=os.environ, extra={}
    )


async def run(
    places: fx.Places, line: str, *, writable: bool = True, network: bool = False
) -> CommandResult:
    return await run_sandboxed(
        fx.codex_path(),
        line,
        cwd=places.repo,
        env=environment(places),
        timeout_s=60,
        writable=writable,
        network=network,
    )


async def test_it_works_here(places: fx.Places) -> None:
    state = await sandbox_state(fx.codex_path(), cwd=places.repo, env=environment(places))
    assert state.ok, state.reason


async def test_writes_stay_inside(places: fx.Places) -> None:
    line = (
        "echo in > inside; echo t > $TMPDIR/t; echo h > .git/hooks/x; echo o > ../outside/x; "
        "echo h > ../codex-home/x; echo $((6*7)); exit 5"
    )
    result = await run(places, line)
    assert result.exit_code == 5
    assert b"42\n" in result.output
    assert (places.repo / "inside").exists()
    assert (places.tmp / "t").exists()
    assert not (places.repo / ".git" / "hooks" / "x").exists()
    assert not (places.outside / "x").exists()
    assert not (places.home / "x").exists()


async def test_read_only_writes_nothing(places: fx.Places) -> None:
    result = await run(places, "cat hello.txt; touch y; touch $TMPDIR/z", writable=False)
    assert b"world" in result.output
    assert not (places.repo / "y").exists()
    assert not (places.tmp / "z").exists()


@pytest.mark.parametrize("network", [False, True])
async def test_the_network_is_a_choice(places: fx.Places, network: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        line = f"exec 3<>/dev/tcp/127.0.0.1/{port}"
        result = await run(places, f"bash -c '{line}'", network=network)
    assert (result.exit_code == 0) is network


async def test_a_daemon_of_a_check_does_not_survive_it(places: fx.Places) -> None:
    slow = fx.long_sleep()
    result = await run(
        places, f"(env -i setsid /bin/{slow} >/dev/null 2>&1 &) ; sleep 0.2; echo started"
    )
    assert b"started" in result.output
    await fx.until_gone(slow)


async def test_a_deadline_ends_a_check_that_ignores_term(places: fx.Places) -> None:
    slow = fx.long_sleep()
    result = await run_sandboxed(
        fx.codex_path(),
        f"trap '' TERM; {slow} & while :; do wait; done",
        cwd=places.repo,
        env=environment(places),
        timeout_s=1.5,
    )
    assert result.timed_out
    await fx.until_gone(slow)


async def test_where_it_does_not_work_it_says_why(places: fx.Places, tmp_path: Path) -> None:
    broken = tmp_path / "codex"
    broken.write_text("#!/bin/sh\necho 'bwrap: no user namespaces' >&2\nexit 1\n")
    broken.chmod(0o755)
    state = await sandbox_state(broken, cwd=places.repo, env=environment(places))
    assert not state.ok
    assert "user namespaces" in state.reason
    with pytest.raises(EnvironmentFault, match="user namespaces") as fault:
        await require_sandbox(broken, cwd=places.repo, env=environment(places))
    assert fault.value.hint
    missing = await sandbox_state(tmp_path / "none", cwd=places.repo, env=environment(places))
    assert not missing.ok
