"""Stdin and stdout as the wire, kept apart from everything else that reads or writes.

The real stdin and stdout are duplicated for the transport; file descriptor 1 then points at stderr
and 0 at nothing, so that neither a stray `print` nor a child that inherits them can reach the wire.
Reading and writing each have a thread of their own: a client that does not read never stops the
loop, and a thread blocked on stdin never keeps the process alive.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, Callable

log = logging.getLogger(__name__)

CHUNK_BYTES = 65_536
FLUSH_S = 2.0
"""How long closing waits for a client to take what is still to be said."""


def take_stdio() -> tuple[int, int]:
    """Move the wire away from descriptors 0 and 1; returns the descriptors to read and to write."""
    source, sink = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return source, sink


class PipeWriter:
    """Writes to a descriptor in the order given, from a thread; `write` never blocks."""

    def __init__(self, descriptor: int, *, broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._broken = broken
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="lsp-writer", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Queue a message."""
        self._queue.put(data)

    def close(self) -> None:
        """Write what is queued, as long as the client takes it, and end."""
        self._queue.put(None)
        self._thread.join(FLUSH_S)

    def _work(self) -> None:
        while (data := self._queue.get()) is not None:
            view = memoryview(data)
            try:
                while view:
                    view = view[os.write(self._descriptor, view) :]
            except OSError:
                self._broken()
                break
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


async def read_pipe(descriptor: int, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[bytes]:
    """Chunks of a descriptor until its end; reading happens in a thread that may be left behind."""
    send, receive = anyio.create_memory_object_stream[bytes](float("inf"))

    def deliver(chunk: bytes) -> None:
        with contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            if chunk:
                send.send_nowait(chunk)
            else:
                send.close()

    def work() -> None:
        while True:
            try:
                chunk = os.read(descriptor, CHUNK_BYTES)
            except OSError:
                chunk = b""
            try:
                loop.call_soon_threadsafe(deliver, chunk)
            except RuntimeError:  # the loop is closed: nobody listens any more
                return
            if not chunk:
                return

    threading.Thread(target=work, name="lsp-reader", daemon=True).start()
    try:
        async with receive:
            async for chunk in receive:
                yield chunk
    finally:
        send.close()
