"""The clocks of a turn: silence and length, both standing still while a person is asked."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Literal

import anyio

if TYPE_CHECKING:
    from collections.abc import Generator

Expired = Literal["idle", "wall"]


class TurnTimers:
    """Idle and wall limits in seconds; 0 means no limit."""

    def __init__(self, *, idle_s: float, wall_s: float) -> None:
        self._idle = idle_s or math.inf
        self._wall = wall_s or math.inf
        self._asking = 0
        self._asked_since = 0.0
        self._started = 0.0
        self._touched = 0.0
        self._wake = anyio.Event()

    def start(self) -> None:
        """A turn begins."""
        self._started = self._touched = anyio.current_time()

    def touch(self) -> None:
        """Something came from the worker."""
        self._touched = anyio.current_time()

    @contextlib.contextmanager
    def asking(self) -> Generator[None]:
        """While this lasts a person is thinking, which is nobody's delay."""
        if not self._asking:
            self._asked_since = anyio.current_time()
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1
            if not self._asking:
                self._started += anyio.current_time() - self._asked_since
                self.touch()
                self._wake.set()

    async def run_out(self, *done: anyio.Event) -> Expired | None:
        """Wait until one of `done` is set (None) or a limit is reached (which one)."""
        while not any(event.is_set() for event in done):
            if self._asking:
                self._wake = anyio.Event()
                await self.either(*done, self._wake)
                continue
            now = anyio.current_time()
            left: tuple[tuple[float, Expired], ...] = (
                (self._touched + self._idle - now, "idle"),
                (self._started + self._wall - now, "wall"),
            )
            seconds, name = min(left)
            if seconds <= 0:
                return name
            with anyio.move_on_after(seconds):
                await self.either(*done)
        return None

    def describe(self, expired: Expired) -> str:
        """The reached limit in words."""
        if expired == "idle":
            return f"the worker was silent for {self._idle:g} s"
        return f"the turn took longer than {self._wall:g} s"

    @staticmethod
    async def either(*events: anyio.Event) -> None:
        """Wait until any of the events is set."""
        async with anyio.create_task_group() as group:

            async def wait(event: anyio.Event) -> None:
                await event.wait()
                group.cancel_scope.cancel()

            for event in events:
                group.start_soon(wait, event)
