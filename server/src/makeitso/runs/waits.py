"""Waits: begun with an end that stands in the journal, sat out without a process or a token.

What dies meanwhile loses nothing: who takes the run up reads from the journal what is waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.journal.timers import left_s, look_in_s, of_verdict, pause_s, wait_before
from makeitso.plans.moments import parse_moment
from makeitso.plans.quantity import format_duration
from makeitso.protocol import events as ev
from makeitso.protocol.wait import Pace, WaitFor
from makeitso.runs.looks import TAIL_CHARS, look, objection
from makeitso.runs.rounds.endings import Given
from makeitso.runs.times import clock_text, here, when

if TYPE_CHECKING:
    from makeitso.journal.rules import Rules
    from makeitso.journal.state import TaskState
    from makeitso.journal.timers import WaitState
    from makeitso.protocol.config import Wait
    from makeitso.protocol.plan import Judgement
    from makeitso.protocol.wait import WaitBy, WaitEnd
    from makeitso.runs.context import Context

MAX_WAITS = 20
"""Waits in one round; each is also bounded in length."""
GLANCE_S = 5.0
"""How often the clock is looked at: it may be set, and the machine may sleep."""
LONGEST_S = 7_000 * 366 * 86_400.0
"""Nobody waits longer: later than that there is no calendar."""


async def wait(ctx: Context, task_id: str, *, rules: Rules) -> None:
    """Begin the wait before a task, or take up the one that is open, and sit it out.

    Raises:
        EnvironmentFault: the sandbox, in which commands are looked at, is unavailable.
        StoreError: the journal cannot be written.
    """
    task = ctx.task(task_id)
    fresh = task.wait is None
    if fresh:
        wanted = wait_before(task, rules)
        if wanted is None:
            return
        _begin(ctx, task_id, wanted, by="plan" if task.spec.wait is not None else "config")
    opened = ctx.task(task_id).wait
    if opened is not None:
        await _Sitting(ctx, task_id, opened, fresh=fresh).out()


def begin_for(ctx: Context, task_id: str, verdict: Judgement) -> None:
    """Begin the wait that the manager's latest judgement asks for.

    Raises:
        Given: it asked too often; it may not wait for ever.
    """
    task = ctx.task(task_id)
    waits = sum(1 for j in task.judgements if (j.round, j.verdict) == (task.rounds, "wait"))
    if waits > MAX_WAITS:
        raise Given(f"the manager asked to wait {waits} times in round {task.rounds}")
    settings = ctx.ports.config.wait
    moment = parse_moment(verdict.wait_until)
    if verdict.wait_command.strip():
        wanted = WaitFor(command=verdict.wait_command.strip())
    elif moment is not None:
        wanted = WaitFor(until=moment.text)
    else:
        seconds = verdict.wait_s or pause_s(_pace(settings, None), waits - 1)
        wanted = WaitFor(seconds=min(seconds, settings.longest_s))
    _begin(ctx, task_id, wanted, by="manager", least_s=pause_s(_pace(settings, None), waits - 1))


def told(task: TaskState) -> str:
    """What came of the wait the manager asked for last, for its next judgement; else empty."""
    found = of_verdict(task)
    if found is None or found.ended is None:
        return ""
    how = {
        "elapsed": "That time has come.",
        "succeeded": f"It succeeded at look {found.looks}.",
        "gave_up": f"It did not succeed in {found.looks} looks, and the time for it is over.",
        "refused": f"It may not run: {found.ended.because}.",
        "skipped": "A person did not want to wait any longer.",
    }[found.ended.reason]
    tail = found.looked.tail if found.looked is not None else ""
    shown = f"\nThe end of what the last look put out:\n{tail}" if tail.strip() else ""
    return f"You asked to wait {found.started.because}. {how}{shown}"


def _begin(
    ctx: Context, task_id: str, wanted: WaitFor, *, by: WaitBy, least_s: float = 0.0
) -> None:
    """Record a wait with its end.

    Args:
        ctx: the run.
        task_id: the task that waits.
        wanted: what for.
        by: who wants it; a manager's wait has the longest wait of the config for an end.
        least_s: seconds it takes at least when its time is over already.
    """
    settings, now_ms = ctx.ports.config.wait, ctx.ports.clock.now_ms()
    longest = min(settings.longest_s, LONGEST_S) if by == "manager" else LONGEST_S
    length: float | None = None
    if wanted.command is not None:
        length = min(wanted.limit_s or settings.longest_s, longest)
        because = f"until `{wanted.command}` succeeds"
    elif wanted.until is not None:
        left = (_moment_ms(wanted.until, now_ms) - now_ms) / 1000
        if left <= 0:
            left = length = least_s
        elif left > longest:
            left = length = longest
        because = f"until {clock_text(now_ms + round(left * 1000), now_ms=now_ms)}"
        if length is None:
            _record(ctx, task_id, wanted, by, because, until=now_ms + round(left * 1000))
            return
    else:
        length = min(wanted.seconds or 0.0, longest)
        because = f"for {format_duration(length)}"
    span = round(length * 1000)
    _record(ctx, task_id, wanted, by, because, until=now_ms + span, length_ms=span)


def _moment_ms(text: str, now_ms: int) -> int:
    moment = parse_moment(text)
    assert moment is not None
    try:
        return round(when(moment, now=here(now_ms)).timestamp() * 1000)
    except OverflowError:
        return now_ms + round(LONGEST_S * 1000)


def _record(
    ctx: Context,
    task_id: str,
    wanted: WaitFor,
    by: WaitBy,
    because: str,
    *,
    until: int,
    length_ms: int | None = None,
) -> None:
    clean = ctx.ports.redactor.text(because)
    started = ev.WaitStarted(
        by=by,
        wait=wanted,
        because=clean,
        until=until,
        length_ms=length_ms,
        pace=_pace(ctx.ports.config.wait, wanted.every_s),
    )
    ctx.append(started, task=task_id, actor="manager" if by == "manager" else "engine")


def _pace(settings: Wait, every_s: float | None) -> Pace:
    if every_s is not None:
        return Pace(strategy="fixed", base_s=every_s, max_s=every_s)
    return Pace(strategy=settings.strategy, base_s=settings.base_s, max_s=settings.max_s)


class _Sitting:
    """One process that sits a wait out, or what is left of it.

    Only what is left of a wait is told from the clock; of one that begins here, all is left.
    """

    def __init__(self, ctx: Context, task_id: str, opened: WaitState, *, fresh: bool) -> None:
        self._ctx, self._task, self._id = ctx, task_id, opened.id
        self._clock = ctx.ports.clock
        self._since = self._clock.passed()
        now_ms = self._clock.now_ms()
        whole_ms = opened.started.length_ms if fresh else None
        self._length = left_s(opened, now_ms=now_ms) if whole_ms is None else whole_ms / 1000
        self._look_at = look_in_s(opened, now_ms=now_ms)

    async def out(self) -> None:
        """Return when the wait is over, whoever ended it."""
        while (opened := self._still()) is not None:
            left = self._left(opened)
            if opened.started.wait.command is not None and self._gone() >= self._look_at:
                await self._look(opened, left)
                continue
            if left <= 0:
                self._end(opened, "gave_up" if opened.started.wait.command else "elapsed")
                return
            pause = left if opened.started.wait.command is None else self._look_at - self._gone()
            with anyio.move_on_after(min(pause, GLANCE_S)):
                await self._ctx.book.changed()

    def _still(self) -> WaitState | None:
        """The wait, unless it has ended or the task is another since the plan was edited."""
        task = self._ctx.run.tasks.get(self._task)
        opened = task.wait if task is not None else None
        return opened if opened is not None and opened.id == self._id else None

    def _gone(self) -> float:
        return self._clock.passed() - self._since

    def _left(self, opened: WaitState) -> float:
        """Seconds still to go: a time by the clock as it is set now, a while by what has passed."""
        if opened.started.length_ms is None:
            return left_s(opened, now_ms=self._clock.now_ms())
        return self._length - self._gone()

    async def _look(self, opened: WaitState, left: float) -> None:
        against = objection(self._ctx, self._task, opened)
        if against:
            self._end(opened, "refused", because=against)
            return
        outcome, output = await look(self._ctx, self._task, opened, left_s=left)
        if self._still() is None:
            return  # ended by a person while it ran
        good, left = outcome.exit_code == 0, self._left(opened)
        pause = min(pause_s(opened.started.pace, opened.looks), max(0.0, left))
        over = good or left <= 0
        next_at = None if over else self._clock.now_ms() + round(pause * 1000)
        self._ctx.append(
            ev.WaitLooked(
                wait=self._id,
                exit_code=outcome.exit_code,
                duration_ms=outcome.duration_ms,
                sandboxed=self._ctx.ports.checks.sandboxed,
                next_at=next_at,
                output=output if output.length_bytes else None,
                tail=self._ctx.ports.redactor.text(outcome.tail[-TAIL_CHARS:]),
            ),
            task=self._task,
        )
        self._look_at = self._gone() + pause
        if over:
            self._end(opened, "succeeded" if good else "gave_up")

    def _end(self, opened: WaitState, reason: WaitEnd, *, because: str = "") -> None:
        if self._still() is not None:
            ended = ev.WaitEnded(wait=opened.id, reason=reason, because=because)
            self._ctx.append(ended, task=self._task)
