"""Lands the same four files again and again, each time in a process of its own that kills itself.

Usage: `python landing_crasher.py DIRECTORY`; prints one line a process, `<n> killed POINT` or
`<n> ended`. Workspace `<n>` is left as the kill left it. A process forked before any thread exists
starts in milliseconds, so every point can be tried.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from makeitso.landing import land
from makeitso.landing.intent import Write
from makeitso.landing.land import LandingPlan
from makeitso.workspace import files

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = {"edited.txt": (b"old\n", 0o640), "dir/gone.txt": (b"gone\n", 0o644), "tool": (b"t\n", 0o644)}
NEW = {
    "edited.txt": (b"new\n", 0o640),
    "made/here/new.txt": (b"made\n", 0o644),
    "tool": (b"t\n", 0o755),
}

COMMIT_POINT = 7
"""Index of `landing.commit` among the points of this landing."""


def fill(root: Path) -> None:
    for path, (data, mode) in OLD.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)


def found(root: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o777)
        for path in root.rglob("*")
        if path.is_file() and path.relative_to(root).parts[0] != ".makeitso"
    }


def plan(root: Path) -> LandingPlan:
    old = {path: files.read(root, path) for path in ("dir/gone.txt", "edited.txt", "tool")}
    writes = (
        Write(path="dir/gone.txt", old=old["dir/gone.txt"], new=None, executable=False),
        Write(path="edited.txt", old=old["edited.txt"], new=b"new\n", executable=False),
        Write(path="made/here/new.txt", old=None, new=b"made\n", executable=False),
        Write(path="tool", old=old["tool"], new=b"t\n", executable=True),
    )
    return LandingPlan(
        id="l1",
        run="r1",
        task="T1",
        target="files",
        writes=writes,
        edits=(),
        landed=("h1", "h2"),
        conflicts=(),
        merged=False,
    )


class Killer:
    """Ends its own process at the n-th point, counted from 0."""

    def __init__(self, at: int, told: Callable[[str], None]) -> None:
        self.left = at
        self.told = told

    def __call__(self, point: str) -> None:
        if self.left == 0:
            self.told(point)
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def in_a_process_that_dies(at: int, work: Callable[[Callable[[str], None]], object]) -> str:
    """Run `work` in a fork, killed at point `at`; returns the point, or `` when it ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            work(Killer(at, lambda point: void(os.write(writing, point.encode()))))
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        point = stream.read().decode()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert point
        return point
    assert os.WEXITSTATUS(status) == 0, f"the landing failed at {at}"
    return ""


def void(_: object) -> None:
    """Drop a value."""


def land_it(root: Path, fault: Callable[[str], None]) -> None:
    anyio.run(functools.partial(land.commit, plan(root), root=root, fault=fault))


def recover_it(root: Path, fault: Callable[[str], None]) -> None:
    land.recover(root, fault=fault)


def main(directory: Path, *, twice: bool) -> None:
    """Kill at every point; with `twice`, kill the recovery at every point of its own as well.

    Before the commit point recovery only drops things, and every second point after it will do.
    """
    number = COMMIT_POINT + 1 if twice else 0
    ended = False
    while not ended:
        second, again = 0, True
        while again:
            root = directory / (f"{number}-{second}" if twice else f"{number}")
            root.mkdir()
            fill(root)
            point = in_a_process_that_dies(number, functools.partial(land_it, root))
            ended = not point
            after = ""
            if twice:
                after = in_a_process_that_dies(second, functools.partial(recover_it, root))
            print(root.name, point or "ended", after or "ended", flush=True)
            again = bool(after)
            second += 1
        number += 2 if twice else 1


if __name__ == "__main__":
    main(Path(sys.argv[1]), twice=sys.argv[2:] == ["twice"])
