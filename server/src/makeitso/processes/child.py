"""A child process: explicit environment, a session of its own, own pipe reading, a certain end.

asyncio's process object is not used: its `wait` may not return while a grandchild holds a pipe, and
its stream reader fails on lines past 64 KiB.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from typing import IO, TYPE_CHECKING, Literal

import anyio
import psutil
from anyio import to_thread

from makeitso.errors import EnvironmentFault, WorkerError
from makeitso.processes import guard
from makeitso.processes.tree import (
    TAG_VARIABLE,
    TERM_GRACE_S,
    Quarry,
    end_quarry,
    kill_below,
    look,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
    from pathlib import Path

CHUNK_BYTES = 64 * 1024
LOOK_EVERY_S = 1.0
_POLL_S = 0.05


class Child:
    """A running child with both output pipes open.

    Attributes:
        pid: its process id; it leads a session and a group of that number.
        start_time: its start in seconds since the epoch, as the system reports it.
        tag: value of the tag variable in its environment.
    """

    def __init__(self, process: subprocess.Popen[bytes], *, tag: str) -> None:
        self._process = process
        self._ended = False
        self.pid = process.pid
        self.tag = tag
        try:
            self.start_time = psutil.Process(process.pid).create_time()
        except psutil.Error:
            self.start_time = 0.0
        self._quarry = Quarry(root=self.pid, tag=tag, since=self.start_time)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)

    @property
    def exit_code(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def stdout(self) -> AsyncIterator[bytes]:
        """Chunks of standard output until its end; one reader only."""
        return _chunks(_pipe(self._process.stdout))

    def stderr(self) -> AsyncIterator[bytes]:
        """Chunks of standard error until its end; one reader only."""
        return _chunks(_pipe(self._process.stderr))

    async def write(self, data: bytes) -> None:
        """Write all of `data` to standard input.

        Raises:
            WorkerError: the child has closed its end, or ours is closed.
        """
        stdin = _pipe(self._process.stdin)
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(stdin.fileno(), view) :]
                except BlockingIOError:
                    await anyio.wait_writable(stdin.fileno())
        except (OSError, ValueError, anyio.ClosedResourceError) as error:
            raise WorkerError("the program no longer reads its input") from error

    def close_stdin(self) -> None:
        """Tell the child that nothing more comes; idempotent."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            _close(self._process.stdin)

    async def wait(self) -> int:
        """Wait for the child itself, whoever holds its pipes; the exit code, negative: signal."""
        if self._process.poll() is None and hasattr(os, "pidfd_open"):
            with contextlib.suppress(OSError):
                descriptor = os.pidfd_open(self.pid)
                try:
                    await anyio.wait_readable(descriptor)
                finally:
                    os.close(descriptor)
        while self._process.poll() is None:  # noqa: ASYNC110 -- where there is no pidfd
            await anyio.sleep(_POLL_S)
        return self._process.returncode

    async def keep_looking(self) -> None:
        """Note descendants every second, for ever; run it beside the child and cancel it."""
        while True:
            look(self._quarry)
            await anyio.sleep(LOOK_EVERY_S)

    async def kill_below(self) -> int:
        """End at once what it started in process groups of their own; it goes on itself.

        Returns:
            How many processes had to be signalled.
        """
        return 0 if self._ended else await to_thread.run_sync(kill_below, self._quarry)

    async def end(self, *, patience_s: float = 0.0, grace_s: float = TERM_GRACE_S) -> int:
        """End the whole tree; idempotent and not cancellable. What it wrote can still be read.

        Args:
            patience_s: after closing standard input, wait this long for a voluntary end.
            grace_s: time between SIGTERM and SIGKILL.

        Returns:
            How many processes had to be signalled.
        """
        count = 0
        if self._ended:
            return count
        with anyio.CancelScope(shield=True):
            look(self._quarry)
            self.close_stdin()
            if patience_s:
                with anyio.move_on_after(patience_s):
                    await self.wait()
            count = await end_quarry(self._quarry, grace_s=grace_s)
            with anyio.move_on_after(grace_s):
                await self.wait()
            self._ended = True
        return count

    def close(self) -> None:
        """Close the output pipes; what was not read is lost."""
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                _close(pipe)


@contextlib.asynccontextmanager
async def open_child(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: Literal["null", "pipe"] = "null",
    patience_s: float = 0.0,
    grace_s: float = TERM_GRACE_S,
) -> AsyncGenerator[Child]:
    """Start a program; on leaving the block nothing of its tree is left.

    Killed in the block, this process cannot leave it: then the watcher of `guard` ends the tree.

    Args:
        argv: program and arguments; never a shell line.
        cwd: working directory.
        env: the whole environment; only the tag variable is added.
        stdin: nothing to read, or a pipe.
        patience_s: see `Child.end`.
        grace_s: see `Child.end`.

    Raises:
        EnvironmentFault: the program cannot be started.
    """
    tag = secrets.token_hex(12)
    guard.expect(tag)
    try:
        process = subprocess.Popen(  # noqa: ASYNC220 -- starting takes milliseconds
            list(argv),
            cwd=cwd,
            env={**env, TAG_VARIABLE: tag},
            stdin=subprocess.PIPE if stdin == "pipe" else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        guard.ended(tag)
        raise EnvironmentFault(
            f"cannot start {argv[0]}: {error}",
            hint="check that the program exists and may be executed",
        ) from error
    guard.began(tag, process.pid)
    child = Child(process, tag=tag)
    try:
        yield child
    finally:
        await child.end(patience_s=patience_s, grace_s=grace_s)
        child.close()
        guard.ended(tag)


async def _chunks(pipe: IO[bytes]) -> AsyncGenerator[bytes]:
    while True:
        try:
            chunk = os.read(pipe.fileno(), CHUNK_BYTES)
        except BlockingIOError:
            await anyio.wait_readable(pipe.fileno())
            continue
        except (OSError, ValueError):
            return
        if not chunk:
            return
        yield chunk
        await anyio.lowlevel.checkpoint()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None, "this child was started without that pipe"
    return pipe


def _close(pipe: IO[bytes]) -> None:
    with contextlib.suppress(ValueError):
        anyio.notify_closing(pipe.fileno())
    with contextlib.suppress(OSError):
        pipe.close()
