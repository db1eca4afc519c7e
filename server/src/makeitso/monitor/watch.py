"""One worker session under watch: events go in, and what must be stopped is stopped at once.

The watch never looks into the worker itself. It sees what the run sees: events and questions, each
before it is taken. Interrupting is done by a task of its own, because whoever brings an event
cannot wait for the end of the turn that it belongs to.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import anyio

from makeitso.monitor.detectors import Flood, Loop, Stall
from makeitso.policy.commands import Rules, judge
from makeitso.policy.shell_paths import Place
from makeitso.workers import port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from makeitso.protocol.config import Monitor as Limits

TICK_S = 0.2
"""How often silence is measured; an interrupt is under way within a second of its cause."""

ASK_S = 0.15
"""A command that will be asked for is announced first; the question follows within 0.01 s (measured
with codex 0.163). So long a dangerous command may be only announced."""

Cause = Literal["stall", "danger", "loop", "flood"]


@dataclass(frozen=True)
class Alarm:
    """Why a turn is interrupted."""

    cause: Cause
    detail: str


class Watch:
    """Watches the turns of one session.

    Args:
        limits: the settings as they are now; asked again each time.
        root: the worktree.
        denied: patterns of commands that a person denied for good, as they are now.
        clock: seconds that only go on.
    """

    def __init__(
        self,
        limits: Callable[[], Limits],
        *,
        root: str,
        denied: Callable[[], tuple[str, ...]] = tuple,
        clock: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._limits, self._clock, self._root, self._denied = limits, clock, root, denied
        self._pids = frozenset({os.getpid(), os.getppid()})
        self._stall, self._loop, self._flood = Stall(0.0), Loop(), Flood(0.0)
        self._running: dict[str, str] = {}
        self._suspects: dict[str, tuple[float, str, str]] = {}
        self._begun: dict[str, tuple[str, str]] = {}
        """Commands that run, with their directories: looked at again when rules are added."""
        self._ruled = self._rules()
        self._turning = False
        self._wake = anyio.Event()
        self.alarm: Alarm | None = None
        """Why the present turn, or the last one, is interrupted; None: it is not."""

    def begin(self) -> None:
        """A turn begins: everything is counted anew."""
        now = self._clock()
        self._stall, self._loop, self._flood = Stall(now), Loop(), Flood(now)
        self._running.clear()
        self._suspects.clear()
        self._begun.clear()
        self._ruled = self._rules()
        self.alarm, self._turning = None, True

    def end(self) -> None:
        """The turn is over."""
        self._turning = False

    def saw(self, event: port.WorkerEvent) -> bool:
        """Look at an event before it is taken; False: it is not worth keeping any more."""
        if not self._turning:
            return True
        if self.alarm is not None:
            # What is still in the pipes after a flood is the flood.
            return not (self.alarm.cause == "flood" and isinstance(event, port.Output))
        limits = self._limits()
        self._look_at_danger(event, limits)
        if limits.enabled:
            self._look(event, limits)
        return True

    def objection(self, request: port.WorkerAsk) -> str:
        """Why a command may not even be asked for; empty: it may."""
        limits = self._limits()
        if request.kind != "command":
            return ""
        reason = self._danger(request.subject, request.cwd, limits)
        if reason:
            # It was announced, it is refused, it never runs.
            for item in [i for i, known in self._begun.items() if known[0] == request.subject]:
                del self._begun[item]
                self._suspects.pop(item, None)
        return reason

    @contextlib.contextmanager
    def asking(self) -> Generator[None]:
        """While this lasts a person is asked, and silence is no stall."""
        stall = self._stall
        stall.asks()
        try:
            yield
        finally:
            stall.answered(self._clock())

    async def guard(self, stop: Callable[[Alarm], Awaitable[None]]) -> None:
        """Call `stop` once for each turn that must be interrupted; runs until cancelled."""
        heeded: Alarm | None = None
        while True:
            with anyio.move_on_after(ASK_S if self._suspects else TICK_S):
                await self._wake.wait()
            self._wake = anyio.Event()
            self.look_at_clock()
            alarm = self.alarm
            if alarm is not None and alarm is not heeded and self._turning:
                heeded = alarm
                await stop(alarm)

    def look_at_clock(self) -> None:
        """Raise the alarm for what is announced and not asked for, and for too long a silence."""
        limits = self._limits()
        if not self._turning:
            return
        for due, command, reason in tuple(self._suspects.values()):
            if self._clock() >= due:
                self._raise("danger", f"`{command}` must not run: {reason}")
        self._look_at_new_rules(limits)
        if not limits.enabled:
            return
        silent = self._stall.silent_s(self._clock())
        if silent >= limits.stall_timeout_s:
            running = next(iter(self._running.values()), "")
            doing = f"while `{running}` ran" if running else "from the worker"
            self._raise("stall", f"nothing came {doing} for {limits.stall_timeout_s:g} s")

    def _look_at_new_rules(self, limits: Limits) -> None:
        """A pattern that is added holds for commands that run already, too."""
        ruled = self._rules()
        if ruled == self._ruled:
            return
        self._ruled = ruled
        for item, (command, cwd) in self._begun.items():
            reason = "" if item in self._suspects else self._danger(command, cwd, limits)
            if reason:
                self._raise("danger", f"`{command}` must not run: {reason}")

    def _rules(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self._limits().dangerous_regexes, self._denied()

    def _look_at_danger(self, event: port.WorkerEvent, limits: Limits) -> None:
        """What must not run must not run, also with the rest of the monitor turned off."""
        if isinstance(event, port.CommandEnded):
            self._begun.pop(event.item, None)
        match event:
            case port.CommandStarted(item=item, command=command, cwd=cwd):
                self._begun[item] = (command, cwd)
                reason = self._danger(command, cwd, limits)
                if reason:
                    self._suspects[item] = (self._clock() + ASK_S, command, reason)
            case port.CommandEnded(item=item) | port.Output(item=item) if item in self._suspects:
                # It shows that it was not only announced.
                _, command, reason = self._suspects.pop(item)
                self._raise("danger", f"`{command}` must not run: {reason}")
            case _:
                pass

    def _look(self, event: port.WorkerEvent, limits: Limits) -> None:
        now = self._clock()
        if _is_progress(event):
            self._stall.progress(now)
        match event:
            case port.Output(channel=channel, data=data, item=item) if channel != "wire":
                self._flood.output(len(data), now)
                if item in self._running:
                    self._loop.output(item, data)
                self._look_at_flood(limits, now)
            case port.CommandStarted(item=item, command=command):
                self._running[item] = command
            case port.CommandEnded(item=item, command=command, exit_code=code):
                self._running.pop(item, None)
                outcome = "its refusal" if code is None else f"exit {code}"
                self._called(item, f"`{command}`", outcome, limits)
            case port.FilesTouched():
                self._loop.progress()
            case port.Notice(text=text, will_retry=False):
                self._called("", text, "", limits)
            case _:
                pass

    def _called(self, item: str, call: str, outcome: str, limits: Limits) -> None:
        if self._loop.ended(item, call, outcome) >= limits.loop_limit:
            ending = f", each time with {outcome}" if outcome else ""
            times = f"{self._loop.count} times in a row{ending}"
            self._raise("loop", f"the same thing happened {times}: {call}")

    def _look_at_flood(self, limits: Limits, now: float) -> None:
        most, rate = limits.flood_bytes_per_turn, limits.flood_bytes_per_s
        if most and self._flood.total > most:
            self._raise("flood", f"more than {most:,} bytes of output in one turn")
        elif rate and self._flood.sustained(rate, now):
            self._raise("flood", f"more than {rate:,} bytes of output a second")

    def _danger(self, command: str, cwd: str, limits: Limits) -> str:
        place = Place(cwd=cwd or self._root, root=self._root, pids=self._pids)
        rules = Rules(deny=self._denied(), dangerous=limits.dangerous_regexes)
        verdict = judge(command, place=place, rules=rules)
        return verdict.reason if verdict.stops else ""

    def _raise(self, cause: Cause, detail: str) -> None:
        if self.alarm is None:
            self.alarm = Alarm(cause, detail)
            self._wake.set()


def _is_progress(event: port.WorkerEvent) -> bool:
    """Whether an event says that something goes on: a retry says that nothing does."""
    match event:
        case port.Notice(will_retry=retrying):
            return not retrying
        case port.Output(channel="wire", data=data):
            return b'"willRetry":true' not in data
        case _:
            return True
