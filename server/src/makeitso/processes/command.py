"""One command from start to end: output streamed and bounded, a deadline, nothing left over."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import anyio

from makeitso.processes.child import open_child
from makeitso.processes.tasks import task_group
from makeitso.processes.tree import TERM_GRACE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

HEAD_BYTES = 256 * 1024
TAIL_BYTES = 768 * 1024
DRAIN_S = 1.0
"""How long to go on reading after the command itself ended: a daemon may hold its pipes."""

OnOutput = Callable[[Literal["stdout", "stderr"], bytes], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """How a command ended.

    Attributes:
        exit_code: negative for a signal; None if the deadline ended it.
        timed_out: True if the deadline ended it.
        duration_ms: wall time, until the command itself ended.
        output: both channels as they came; the middle is left out past 1 MiB.
        left_out: bytes left out of `output`.
    """

    exit_code: int | None
    timed_out: bool
    duration_ms: int
    output: bytes
    left_out: int = 0


class _Bounded:
    def __init__(self) -> None:
        self.head = bytearray()
        self.tail = bytearray()
        self.left_out = 0

    def add(self, data: bytes) -> None:
        room = HEAD_BYTES - len(self.head)
        self.head += data[:room]
        self.tail += data[room:]
        over = len(self.tail) - TAIL_BYTES
        if over > 0:
            self.left_out += over
            del self.tail[:over]

    def joined(self) -> bytes:
        if not self.left_out:
            return bytes(self.head + self.tail)
        gap = f"\n[… {self.left_out} bytes left out …]\n".encode()
        return bytes(self.head) + gap + bytes(self.tail)


async def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    timeout_s: float,
    on_output: OnOutput | None = None,
    grace_s: float = TERM_GRACE_S,
) -> CommandResult:
    """Run a command to its end or the deadline; nothing of its tree is left afterwards.

    Args:
        argv: program and arguments; never a shell line.
        cwd: working directory.
        env: the whole environment.
        timeout_s: deadline in seconds; 0: none.
        on_output: takes each chunk as it comes; its speed is the back-pressure.
        grace_s: time between SIGTERM and SIGKILL.

    Raises:
        EnvironmentFault: the program cannot be started.
    """
    kept = _Bounded()
    started = time.monotonic()

    async def drain(channel: Literal["stdout", "stderr"], chunks: AsyncIterator[bytes]) -> None:
        async for chunk in chunks:
            kept.add(chunk)
            if on_output is not None:
                await on_output(channel, chunk)

    async with open_child(argv, cwd=cwd, env=env, grace_s=grace_s) as child:
        exit_code: int | None = None
        async with task_group() as watch:
            watch.start_soon(child.keep_looking)
            with anyio.move_on_after(timeout_s or None):
                async with task_group() as readers:
                    readers.start_soon(drain, "stdout", child.stdout())
                    readers.start_soon(drain, "stderr", child.stderr())
                    exit_code = await child.wait()
                    readers.cancel_scope.deadline = anyio.current_time() + DRAIN_S
            watch.cancel_scope.cancel()
        duration_ms = round((time.monotonic() - started) * 1000)
        return CommandResult(
            exit_code=exit_code,
            timed_out=exit_code is None,
            duration_ms=duration_ms,
            output=kept.joined(),
            left_out=kept.left_out,
        )
