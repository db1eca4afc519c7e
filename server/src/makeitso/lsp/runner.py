"""Drives runs inside the server: one task group owns every run, and the end of the server ends it.

Runs are handed in by `take_up` and `settle`, which return at once. While any run is driven the
workspace is owned by this process; when the last one is put down it is given free again.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from makeitso import wiring
from makeitso.errors import MisError, StateError
from makeitso.journal.next import next_steps
from makeitso.lsp.door import EditorDoor
from makeitso.runs.engine import rules_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.lsp.live_output import LiveOutput
    from makeitso.wiring import Bridge

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Wanted:
    """A run to be driven."""

    run: str
    resume: bool
    yes: bool | None = None


class Runner:
    """The runs of one workspace.

    Args:
        bridge: the workspace.
        failed: told when a run or a landing could not go on, with what is to be said.
        changed: told when a run is taken up or put down.
        live: takes the live text of runs.
    """

    def __init__(
        self,
        bridge: Bridge,
        *,
        failed: Callable[[str | None, MisError], None],
        changed: Callable[[], None],
        live: LiveOutput,
    ) -> None:
        self._bridge = bridge
        self._failed = failed
        self._changed = changed
        self._live = live
        self._driven: set[str] = set()
        self._settled: frozenset[str] = frozenset()
        self._settling = anyio.Lock()
        """No run is taken up while a landing of runs nobody drives is under way."""
        self._users = 0
        self._held = contextlib.ExitStack()
        self._send, self._inbox = anyio.create_memory_object_stream[_Wanted | None](1000)

    def begin(self, create: Callable[[], str]) -> str:
        """Own the workspace, then make a run and start driving it; returns its id at once.

        Raises:
            StateError: another process drives this workspace; nothing was made.
        """
        self._own()
        try:
            run_id = create()
        except BaseException:
            self._free()
            raise
        self._driven.add(run_id)
        self._send.send_nowait(_Wanted(run_id, resume=False))
        return run_id

    def take_up(self, run_id: str, *, yes: bool | None = None) -> None:
        """Start driving a run that stands still; returns at once.

        `yes` answers from here on what `--yes` answers, or no longer; None: as it was started.

        Raises:
            StateError: it is driven already, or another process drives this workspace.
        """
        if run_id in self._driven:
            raise StateError(f"{run_id} is under way already", hint="`mis/run/get` shows it")
        self._own()  # held until that run is put down
        self._driven.add(run_id)
        self._send.send_nowait(_Wanted(run_id, resume=True, yes=yes))

    def drives(self, run_id: str) -> bool:
        """Whether this process drives a run now."""
        return run_id in self._driven

    @property
    def driven(self) -> frozenset[str]:
        """The runs driven now."""
        return frozenset(self._driven)

    @property
    def settling(self) -> frozenset[str]:
        """Runs nobody drives of which something lands or is checked now."""
        return self._settled

    @property
    def owns(self) -> bool:
        """Whether this process acts in the workspace now: it drives runs, or settles some."""
        return self._users > 0

    def watch(self, run_id: str | None, *, on: bool) -> None:
        """Let the client have the live text of a run, or of all, or no longer."""
        self._live.watch(run_id, on=on)

    def _door(self, run_id: str) -> EditorDoor:
        return EditorDoor(functools.partial(self._live.feed, run_id))

    def settle(self) -> None:
        """Land what is decided of runs nobody drives; the driven ones see to it themselves."""
        self._send.send_nowait(None)

    async def work(self) -> None:
        """Carry out what is handed in, until cancelled; every run is put down before it returns."""
        with self._held:
            async with anyio.create_task_group() as group, self._inbox:
                async for item in self._inbox:
                    if item is None:
                        group.start_soon(self._settle)
                    else:
                        group.start_soon(self._drive, item)

    async def _drive(self, wanted: _Wanted) -> None:
        run_id = wanted.run
        self._changed()
        try:
            async with self._settling:
                pass
            door = self._door(run_id)
            await wiring.drive(self._bridge, run_id, door, resume=wanted.resume, yes=wanted.yes)
        except MisError as error:
            self._failed(run_id, error)
        except Exception:
            log.exception("run.crashed", extra={"run": run_id})
            self._failed(run_id, MisError("internal error; the server's log says more"))
        finally:
            self._driven.discard(run_id)
            self._free()
            self._changed()

    async def _settle(self) -> None:
        async with self._settling:
            wanted = self._unsettled()
            if not wanted:
                return
            if not await self._owned_soon(skip=set(self._bridge.book.runs) - wanted):
                return  # the process that drives runs here does it
            self._settled = frozenset(wanted)
            self._changed()
            try:
                skip = set(self._bridge.book.runs) - wanted
                await wiring.settle(self._bridge, EditorDoor(_unheard), skip=skip)
            except MisError as error:
                self._failed(None, error)
            except Exception:
                log.exception("landing.crashed")
                self._failed(None, MisError("internal error; the server's log says more"))
            finally:
                self._settled = frozenset()
                self._free()
                self._changed()

    async def _owned_soon(self, *, skip: set[str]) -> bool:
        """Own the workspace, also where another process is just about to let go of it."""
        until = self._bridge.clock.monotonic() + wiring.LEAVING_S
        while True:
            try:
                self._own()
            except StateError:
                if not await wiring.owner_goes(self._bridge, until=until, skip=skip):
                    return False
            else:
                return True

    def _unsettled(self) -> set[str]:
        """Runs nobody drives in which something can land or end."""
        rules = rules_of(self._bridge.config)
        return {
            run.id
            for run in self._bridge.book.runs.values()
            if run.id not in self._driven and next_steps(run, rules, settle_only=True)
        }

    def _own(self) -> None:
        if self._users == 0:
            self._held.enter_context(self._bridge.own())
        self._users += 1

    def _free(self) -> None:
        self._users -= 1
        if self._users == 0:
            self._held.close()


def _unheard(task: str, channel: str, text: str) -> None:
    """What is put out while runs nobody drives are settled is in their output files."""
    del task, channel, text
