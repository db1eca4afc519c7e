"""Finding and ending everything that grew out of one child.

Five traces lead from a child to its descendants; each catches what the others lose:

- parentage, looked at while the child lives (a daemon loses its parent),
- the session and the process group the child leads (a `setsid` child leaves both),
- a tag variable in the environment (a process may clear its environment),
- a TMPDIR that only they were given, when the child itself is gone and its tag with it,
- processes seen earlier by any of these, by pid and start time.

A process that clears its environment, leaves its session and loses its parents between two looks is
not found. Codex's sandbox gives commands a pid namespace, which leaves them no such way out.
"""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import psutil

TAG_VARIABLE = "MAKEITSO_CHILD_TAG"
TERM_GRACE_S = 5.0
"""How long a tree may take to end after SIGTERM before SIGKILL."""

_KILL_LIMIT_S = 10.0
_POLL_S = 0.02


@dataclass
class Quarry:
    """What is to be ended.

    Attributes:
        root: pid of the child, which leads a session of its own; 0: it is not known any more.
        tag: value of its tag variable; empty: not tagged.
        since: start time of the child; nothing older belongs to it.
        tmp: a directory that is TMPDIR, or above it, of nothing but its descendants.
        seen: start times of its descendants seen so far, by pid.
    """

    root: int
    tag: str
    since: float
    tmp: Path | None = None
    seen: dict[int, float] = field(default_factory=dict[int, float])


def tag_of(pid: int) -> str:
    """The tag in the environment of a process; empty if it has none or cannot be read."""
    try:
        return psutil.Process(pid).environ().get(TAG_VARIABLE, "")
    except psutil.Error:
        return ""


def look(quarry: Quarry) -> None:
    """Note the present descendants by parentage; cheap enough to do every second."""
    if quarry.root == 0:
        return
    try:
        family = psutil.Process(quarry.root).children(recursive=True)
    except psutil.Error:
        return
    _note(quarry, family)


def find(quarry: Quarry) -> list[psutil.Process]:
    """All live processes of the quarry, its root included, by every trace."""
    look(quarry)
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if _belongs(process, quarry) and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process
    # What was found by session or tag may have children that left both.
    for process in tuple(found.values()):
        with contextlib.suppress(psutil.Error):
            for child in process.children(recursive=True):
                if child.status() != psutil.STATUS_ZOMBIE:
                    found.setdefault(child.pid, child)
    found.pop(os.getpid(), None)
    _note(quarry, list(found.values()))
    return list(found.values())


def kill_below(quarry: Quarry) -> int:
    """SIGKILL what the child started in groups of their own, as commands are; the child goes on.

    What shares the child's group stays: a launcher's real program is such a one.

    Returns:
        How many processes had to be signalled.
    """
    look(quarry)
    below: list[psutil.Process] = []
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(quarry.root).children(recursive=True):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(process.pid) != quarry.root:
                    below.append(process)
    _signal(below, signal.SIGKILL)
    return len(below)


async def end_quarry(quarry: Quarry, *, grace_s: float = TERM_GRACE_S) -> int:
    """SIGTERM everything, wait up to `grace_s`, SIGKILL what is left until nothing is.

    Not cancellable: it is what runs when everything else was cancelled.

    Returns:
        How many processes had to be ended.
    """
    count = 0
    with anyio.CancelScope(shield=True):
        remaining = await anyio.to_thread.run_sync(find, quarry)
        count = len(remaining)
        _signal(remaining, signal.SIGTERM)
        with anyio.move_on_after(grace_s):
            while remaining:
                await anyio.sleep(_POLL_S)
                remaining = [p for p in remaining if _alive(p)]
        with anyio.move_on_after(_KILL_LIMIT_S):
            while remaining := await anyio.to_thread.run_sync(find, quarry):
                _signal(remaining, signal.SIGKILL)
                await anyio.sleep(_POLL_S)
    return count


def _belongs(process: psutil.Process, quarry: Quarry) -> bool:
    if process.pid == quarry.root or quarry.seen.get(process.pid) is not None:
        born = quarry.since if process.pid == quarry.root else quarry.seen[process.pid]
        return abs(process.create_time() - born) < 1.0
    # Boot-time rounding moves start times by some hundredths of a second.
    if process.create_time() < quarry.since - 1.0:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if quarry.root and quarry.root in (os.getsid(process.pid), os.getpgid(process.pid)):
            return True
    if not quarry.tag and quarry.tmp is None:
        return False
    environment = process.environ()
    if quarry.tag and environment.get(TAG_VARIABLE) == quarry.tag:
        return True
    return quarry.tmp is not None and _below(environment.get("TMPDIR", ""), quarry.tmp, process)


def _below(tmp: str, folder: Path, process: psutil.Process) -> bool:
    """Whether TMPDIR is the folder or lies in it, and this process of ours did not start it."""
    if not tmp or not Path(tmp).is_relative_to(folder):
        return False
    return all(parent.pid != os.getpid() for parent in process.parents())


def _note(quarry: Quarry, processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            quarry.seen[process.pid] = process.create_time()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)
