"""A disk that fills up: the run stops and says so, what is recorded holds, and it goes on later."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from e2e.harness import DEADLINE_S, Ended
from faults.invariants import holds, stands, untouched
from faults.jobs import ONE_TASK, workplace
from faults.killing import taken_up

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

FULL = ("free some disk space", "Free some disk space", "No space left", "disk is full")
DISKS = (
    (".makeitso", 190),
    (".makeitso", 230),
    (".makeitso", 270),
    ("home/.local/state", 40),
    ("home/.local/state", 150),
    ("work", 400),
    ("work", 520),
)
"""What lies on the small disk, and its size in KiB: journal and outputs; worktrees and homes; the
repository with all of it, its objects and the landing among it."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "disk" in metafunc.fixturenames:
        tried = DISKS if metafunc.config.getoption("faults") else DISKS[1:2]
        metafunc.parametrize("disk", tried, ids=[f"{where}-{size}" for where, size in tried])


def on_small_disk(w: World, folder: Path, size_kib: int, *args: str) -> Ended:
    """Run `mis` where a folder is a file system of this size, mounted for this process only.

    What is in it is copied out at the end: there is room again, and nothing else has changed.
    """
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here: a small file system cannot be mounted")
    aside = w.top / "aside"
    aside.mkdir()
    probe = [unshare, "-rm", "mount", "-t", "tmpfs", "none", str(aside)]
    if subprocess.run(probe, capture_output=True, check=False).returncode != 0:
        pytest.skip("unshare may not mount a tmpfs here: a full disk cannot be made")
    folder.mkdir(parents=True, exist_ok=True)
    command = " ".join(f"'{part}'" for part in w.command(*args))
    script = (
        f"cp -a '{folder}/.' '{aside}' && mount -t tmpfs -o size={size_kib}k none '{folder}'"
        f" && cp -a '{aside}/.' '{folder}' && cd '{w.root}' && {{ {command}; code=$?; "
        f"find '{aside}' -mindepth 1 -delete; cp -a '{folder}/.' '{aside}'; exit $code; }}"
    )
    done = subprocess.run(
        [unshare, "-m", "sh", "-c", script],
        env=w.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )
    shutil.rmtree(folder)
    aside.rename(folder)
    return Ended(args, done.returncode, done.stdout, done.stderr).sane()


def test_the_disk_is_full(tmp_path: Path, disk: tuple[str, int]) -> None:
    where, size_kib = disk
    with workplace(tmp_path) as w:
        before = untouched(w)
        folder = w.root / where if where.startswith(".") else w.top / where
        ended = on_small_disk(w, folder, size_kib, *ONE_TASK.start)
        assert ended.code in (1, 2), f"the disk was large enough\n{ended}"
        assert any(word in ended.out + ended.err for word in FULL), ended
        w.until_quiet()
        history = stands(w, ONE_TASK, [])
        if w.runs() and w.run.finished is not None:
            pytest.fail(f"a full disk ended the run for good: {w.run.finished}\n{ended}")
        taken_up(w, ONE_TASK)
        stands(w, ONE_TASK, history)
        holds(w, ONE_TASK, before)
