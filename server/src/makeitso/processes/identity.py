"""Which process is meant: a pid together with its start time, because pids are used again."""

from __future__ import annotations

from dataclasses import dataclass

import psutil

from makeitso.processes.tree import TERM_GRACE_S, Quarry, end_quarry, tag_of

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


async def end_identity(pid: int, start_time: float, *, grace_s: float = TERM_GRACE_S) -> bool:
    """End a process left over from an earlier life of ours, and all that hangs on it.

    A process that has the pid but started at another time is somebody else and is left alone. If
    the process itself is gone, members of the session it led are still found: the system does not
    give a pid away while a session bears it.

    Returns:
        True if anything had to be ended.
    """
    present = identify(pid)
    tag = ""
    if present is not None:
        if abs(present.start_time - start_time) > START_TOLERANCE_S:
            return False
        tag = tag_of(pid)
    return await end_quarry(Quarry(root=pid, tag=tag, since=start_time), grace_s=grace_s) > 0
