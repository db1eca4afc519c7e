"""Git calls of a piece of work that nobody waits for any more: ended, and none is begun."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator


class GitStopped(Exception):  # noqa: N818 -- nothing went wrong, and nobody is told
    """Nobody waits for this work any more; never leaves its thread but as a cancellation."""


class GitCalls:
    """The git calls of one piece of work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """One runs; it ends at once where they were stopped."""
        with self._lock:
            self._running.add(process)
            if self._stopped:
                end_group(process)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """One is over."""
        with self._lock:
            self._running.discard(process)

    def check(self) -> None:
        """Raise `GitStopped` where they were stopped."""
        if self._stopped:
            raise GitStopped

    def stop(self) -> None:
        """End those that run, and let none begin; from any thread."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                end_group(process)


_current: ContextVar[GitCalls | None] = ContextVar("git calls", default=None)


def part_of(calls: GitCalls) -> None:
    """From here on git is asked for this piece of work, in this thread or task."""
    _current.set(calls)


@contextlib.contextmanager
def stoppable(process: subprocess.Popen[bytes]) -> Generator[None]:
    """Let a git call that runs in the block be ended with the work it is part of.

    Raises:
        GitStopped: it was.
    """
    calls = _current.get()
    if calls is None:
        yield
        return
    calls.begin(process)
    try:
        yield
    finally:
        calls.end(process)
    calls.check()


def check_wanted() -> None:
    """Begin no git call that nobody waits for.

    Raises:
        GitStopped: the work this is part of was cancelled.
    """
    calls = _current.get()
    if calls is not None:
        calls.check()


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a git together with the filters it started."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
