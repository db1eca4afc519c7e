"""A program at a terminal, driven by a script: what it costs until it asks, and between answers."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEADLINE_S = 120.0
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")
MAXRSS_UNIT = 1024 if os.uname().sysname == "Linux" else 1
"""Bytes in what the system calls the largest resident set."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What went by between two prompts."""

    cpu_s: float
    """Of the program and its descendants, as far as they were waited for."""
    wall_s: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A program that has ended."""

    code: int
    peak_mb: float
    """Largest resident set of it or of one of its descendants."""


class Terminal:
    """A started program.

    Args:
        command: what to start.
        cwd: where.
        env: its whole environment.
    """

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._started = time.perf_counter()
        self._process = subprocess.Popen(
            command, cwd=cwd, env=dict(env), stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._seen = b""
        self._cpu_s = 0.0

    def until(self, prompt: str) -> Spent:
        """Wait until it asks this, a regular expression; what was printed before it is dropped.

        Raises:
            RuntimeError: it ended, or did not ask in time.
        """
        wanted = re.compile(prompt.encode())
        deadline = time.monotonic() + DEADLINE_S
        while not (found := wanted.search(self._seen)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._ours], [], [], left)[0]:
                raise RuntimeError(f"no prompt in time; the last it said: {self._seen[-500:]!r}")
            try:
                more = os.read(self._ours, 65536)
            except OSError as error:  # the other end is closed
                raise RuntimeError(f"it ended; the last it said: {self._seen[-500:]!r}") from error
            self._seen = _ESCAPES.sub(b"", self._seen + more)
        now = time.perf_counter()
        times = psutil.Process(self._process.pid).cpu_times()
        cpu_s = times.user + times.system + times.children_user + times.children_system
        spent = Spent(cpu_s=cpu_s - self._cpu_s, wall_s=now - self._started)
        self._seen = self._seen[found.end() :]
        self._cpu_s = cpu_s
        return spent

    def say(self, text: str) -> None:
        """Type a line; the time until the next prompt begins now."""
        self._started = time.perf_counter()
        os.write(self._ours, text.encode() + b"\n")

    def end(self, text: str) -> Ended:
        """Type the last line and wait for the end."""
        self.say(text)
        while select.select([self._ours], [], [], DEADLINE_S)[0]:
            try:
                if not os.read(self._ours, 65536):
                    break
            except OSError:
                break
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        os.close(self._ours)
        return Ended(
            code=self._process.returncode, peak_mb=usage.ru_maxrss * MAXRSS_UNIT / 1_000_000
        )
