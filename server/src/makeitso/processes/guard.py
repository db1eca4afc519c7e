"""A watcher beside this process that ends its children when it is killed itself.

A child cannot be bound to us by the kernel alone: a death signal goes to the child and not to what
it started, and follows the thread that started it. So one small program (`watcher`), started with
the first child, holds the other end of a pipe that ends with us. Where it cannot run, as on other
systems than Linux, what a kill leaves goes on until `mis resume`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

_PROGRAM = Path(__file__).with_name("watcher.py")
_WAIT_S = 2.0
"""How long the end of this process waits for its watcher to go, so that no zombie is left."""


class _Guard:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.process: subprocess.Popen[bytes] | None = None

    def tell(self, line: str, *, start: bool = False) -> None:
        """Write a line; without a watcher, and with one that does not read, nothing happens."""
        with self.lock, contextlib.suppress(OSError, ValueError):
            if start and (self.process is None or self.process.poll() is not None):
                self.process = _started()
            if self.process is not None and self.process.stdin is not None:
                os.write(self.process.stdin.fileno(), f"{line}\n".encode("ascii"))

    def close(self) -> None:
        """Let the watcher go."""
        with self.lock:
            process, self.process = self.process, None
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_WAIT_S)

    def forked(self) -> None:
        """A copy of this process has no children, and must not hold the pipe of the first."""
        process, self.process, self.lock = self.process, None, threading.Lock()
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()
            process.returncode = 0  # it is no child of the copy: there is nothing to wait for


_guard = _Guard()


def expect(tag: str) -> None:
    """A child with this tag is about to be started."""
    if sys.platform == "linux":
        _guard.tell(f"+{tag}", start=True)


def began(tag: str, pid: int) -> None:
    """It runs."""
    _guard.tell(f"={tag} {pid}")


def ended(tag: str) -> None:
    """Nothing of it is left, or it never began."""
    _guard.tell(f"-{tag}")


def _started() -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", os.fspath(_PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env={},
        bufsize=0,
        start_new_session=True,
    )
    assert process.stdin is not None
    os.set_blocking(process.stdin.fileno(), False)
    return process


os.register_at_fork(after_in_child=_guard.forked)
atexit.register(_guard.close)
