"""What is left of children when we are killed ourselves: nothing, and soon."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import makeitso
from makeitso.processes import TAG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the watcher reads /proc")

SOON_S = 15.0
"""Of a machine that does much else; alone it takes a tenth of a second, and one more if it must."""

OWNER = """
import os, sys
import anyio
from pathlib import Path
from makeitso.processes import open_child

async def main() -> None:
    env = {"PATH": os.environ["PATH"]}
    argv = ["/bin/sh", "-c", sys.argv[1]]
    async with open_child(argv, cwd=Path("/"), env=env, grace_s=1.0):
        if sys.argv[2] == "hold":
            await anyio.sleep_forever()
    if sys.argv[2] == "fork" and os.fork() == 0:
        os.execvp("sleep", ["sleep", sys.argv[3]])

anyio.run(main)
"""
LEAVES = """
import os, sys
os.environ.clear()
os.setsid()
os.execv("/bin/sleep", ["sleep", sys.argv[1]])
"""


@contextlib.contextmanager
def owner(line: str, then: str, nap: str = "0") -> Generator[subprocess.Popen[str]]:
    source = str(Path(makeitso.__file__).parents[1])
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, line, then, nap],
        env={**os.environ, "PYTHONPATH": source},
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def nap() -> str:
    return f"400.{secrets.randbelow(10**9):09}"


def sleepers(number: str) -> list[int]:
    found: list[int] = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line: list[str] = process.info["cmdline"] or []
        if line[-1:] == [number] and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def watchers(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children()
    return [one for one in children if one.cmdline()[-1:][0].endswith("processes/watcher.py")]


def until_sleeping(number: str, count: int) -> None:
    end = time.monotonic() + 60
    while len(sleepers(number)) < count:
        assert time.monotonic() < end, sleepers(number)
        time.sleep(0.02)


def until_gone(number: str) -> None:
    end = time.monotonic() + SOON_S
    while left := sleepers(number):
        if time.monotonic() > end:
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            pytest.fail(f"still there: {left}")
        time.sleep(0.02)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL


@pytest.mark.parametrize(
    ("litter", "count"),
    [
        ("sleep N & sleep N", 2),
        ("setsid sleep N & sleep N", 2),
        ("(setsid sh -c 'sleep N & ' &); sleep N", 2),
        ("trap '' TERM; sleep N", 1),
        ("(trap '' TERM HUP; exec setsid sleep N) & sleep N", 2),
        ("PYTHON LEAVES N & sleep N", 2),
    ],
)
def test_the_whole_tree_ends_when_we_are_killed(tmp_path: Path, litter: str, count: int) -> None:
    number = nap()
    with owner(_line(tmp_path, litter, number), "hold") as process:
        until_sleeping(number, count)
        with subprocess.Popen(["sleep", nap()], start_new_session=True) as bystander:
            try:
                kill(process)
                until_gone(number)
                assert bystander.poll() is None
            finally:
                bystander.kill()


def test_a_descendant_that_left_everything_is_known_from_before(tmp_path: Path) -> None:
    """It has no tag, no session and no parent of ours by the time we are killed."""
    number = nap()
    line = f"sh -c 'PYTHON LEAVES N & exec sleep 3'; sleep {number}"
    with owner(_line(tmp_path, line, number), "hold") as process:
        until_sleeping(number, 2)  # the second one only once the parent of the first is gone
        (orphan,) = (p for p in sleepers(number) if TAG_VARIABLE not in psutil.Process(p).environ())
        assert psutil.Process(orphan).ppid() not in [
            p.pid for p in psutil.Process(process.pid).children(recursive=True)
        ]
        kill(process)
        until_gone(number)


def test_nothing_is_ended_and_nothing_is_left_when_we_end_ourselves() -> None:
    number = nap()
    with owner("exit 0", "fork", number) as process:
        assert process.wait(60) == 0
        until_sleeping(number, 1)
        (lone,) = sleepers(number)
        os.kill(lone, signal.SIGKILL)
        assert not [p for p in psutil.process_iter(["ppid"]) if p.info["ppid"] == process.pid]


def test_there_is_one_watcher_and_it_knows_no_secret() -> None:
    number = nap()
    with owner(f"sleep {number}", "hold") as process:
        until_sleeping(number, 1)
        (watcher,) = watchers(process.pid)
        assert watcher.environ() == {}
        assert watcher.cwd() == "/"
        assert os.getsid(watcher.pid) != os.getsid(process.pid)
        kill(process)
        until_gone(number)
        watcher.wait(SOON_S)


def _line(folder: Path, litter: str, number: str) -> str:
    program = folder / "leaves.py"
    program.write_text(LEAVES)
    names = {"PYTHON": sys.executable, "LEAVES": str(program), "N": number}
    return re.sub(r"\b(PYTHON|LEAVES|N)\b", lambda found: names[found[0]], litter)
