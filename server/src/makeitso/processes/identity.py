"""Which process is meant: a pid together with its start time, because pids are used again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from makeitso.processes.tree import TERM_GRACE_S, Quarry, end_quarry, tag_of

if TYPE_CHECKING:
    from pathlib import Path

START_TOLERANCE_S = 2.0
"""The start time is derived from the boot time, which moves when the wall clock is set."""


@dataclass(frozen=True)
class Identity:
    """A process: its pid and its start in seconds since the epoch, as the system reports it."""

    pid: int
    start_time: float


def identify(pid: int) -> Identity | None:
    """The identity of a live process; None if there is none or it is a zombie."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return Identity(pid, process.create_time())
    except psutil.Error:
        return None


async def end_identity(
    pid: int, start_time: float, *, tmp: Path | None = None, grace_s: float = TERM_GRACE_S
) -> bool:
    """End a process left over from an earlier life of ours, and all that hangs on it.

    A process that has the pid but started at another time is somebody else and is left alone. If
    the process itself is gone, members of the session it led are still found: the system does not
    give a pid away while a session bears it. What left that session, as each command that Codex
    sandboxes does, is found by the private temporary directory it was given.

    Args:
        pid: of the process.
        start_time: of the process, in seconds since the epoch.
        tmp: its TMPDIR, which nobody else has; None: it had none of its own.
        grace_s: seconds between SIGTERM and SIGKILL.

    Returns:
        True if anything had to be ended.
    """
    present = identify(pid)
    tag = ""
    if present is not None:
        if abs(present.start_time - start_time) > START_TOLERANCE_S:
            pid = 0
        else:
            tag = tag_of(pid)
    quarry = Quarry(root=pid, tag=tag, since=start_time, tmp=tmp)
    return await end_quarry(quarry, grace_s=grace_s) > 0


async def end_strays(tmp: Path, *, grace_s: float = TERM_GRACE_S) -> bool:
    """End what an earlier process of ours started with a TMPDIR in `tmp` and did not see end.

    What this process itself started there is left alone.

    Returns:
        True if anything had to be ended.
    """
    return await end_quarry(Quarry(root=0, tag="", since=0.0, tmp=tmp), grace_s=grace_s) > 0
