"""Live text of workers, managers and checks on its way to a client that asked for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.protocol.notifications import RunOutputNotification

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE_S = 0.1
"""Between two batches: a client hears of one stream at most ten times a second."""
MOST_CHARS = 16_384
"""Of one stream in one batch; the newest text is kept, what came before it is counted."""


class LiveOutput:
    """What a client watches, and the text that waits to be sent.

    Text that nobody watches is not held. It is kept in the output files in any case.

    Args:
        send: tells the client; must not block.
    """

    def __init__(self, send: Callable[[RunOutputNotification], None]) -> None:
        self._send = send
        self._everything = False
        self._runs: set[str] = set()
        self._waiting: dict[tuple[str, str, str], str] = {}
        self._cut: dict[tuple[str, str, str], int] = {}
        self._wake = anyio.Event()

    def watch(self, run: str | None, *, on: bool) -> None:
        """Begin or end to watch a run; None: every run, and off: none at all."""
        if run is None:
            self._everything = on
            if not on:
                self._runs.clear()
        elif on:
            self._runs.add(run)
        else:
            self._runs.discard(run)

    def watched(self, run: str) -> bool:
        """Whether the client wants the text of a run."""
        return self._everything or run in self._runs

    def feed(self, run: str, task: str, channel: str, text: str) -> None:
        """Take live text, redacted; it is sent with the next batch."""
        if not text or not self.watched(run):
            return
        key = (run, task, channel)
        whole = self._waiting.get(key, "") + text
        kept = whole[-MOST_CHARS:]
        if len(kept) < len(whole):
            self._cut[key] = self._cut.get(key, 0) + len(whole) - len(kept)
        self._waiting[key] = kept
        self._wake.set()

    def flush(self) -> None:
        """Send what waits, one notification a stream."""
        waiting, self._waiting = self._waiting, {}
        cut, self._cut = self._cut, {}
        for (run, task, channel), text in waiting.items():
            if self.watched(run):
                note = RunOutputNotification(
                    run=run,
                    task=task or None,
                    channel=channel,
                    text=text,
                    cut=cut.get((run, task, channel), 0),
                )
                self._send(note)

    async def work(self) -> None:
        """Send batches as text comes, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake = anyio.Event()
            self.flush()
            await anyio.sleep(PAUSE_S)
