"""A question to the manager under the same watch as a worker's turn."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

from makeitso.managers import port as asked
from makeitso.monitor.watch import Alarm, Watch
from makeitso.processes.tasks import task_group
from makeitso.workers import port as worked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from makeitso.protocol.config import Monitor

    Saw = Callable[[asked.ManagerEvent], None]

T = TypeVar("T")


class Interrupted(Exception):  # noqa: N818 -- control flow, whoever asks takes it
    """The monitor interrupted the manager; what it ran is gone."""

    def __init__(self, alarm: Alarm) -> None:
        super().__init__(f"{alarm.cause}: {alarm.detail}")
        self.alarm = alarm


async def watched(
    call: Callable[[Saw], Awaitable[T]],
    *,
    limits: Callable[[], Monitor],
    root: Path,
    raised: Callable[[Alarm], None] = lambda alarm: None,
) -> T:
    """Ask, and stop asking when the monitor raises an alarm.

    Args:
        call: asks; told whom to tell what happens meanwhile.
        limits: the monitor's settings as they are now.
        root: the tree that the manager looks at.
        raised: told of the alarm before anything is stopped.

    Raises:
        Interrupted: the monitor stopped it.
    """
    watch = Watch(limits, root=str(root))
    answers: list[T] = []

    def saw(event: asked.ManagerEvent) -> None:
        seen = _as_work(event)
        if seen is not None:
            watch.saw(seen)

    async def stop(alarm: Alarm) -> None:
        raised(alarm)
        asking.cancel()

    watch.begin()
    async with task_group() as tasks:
        tasks.start_soon(watch.guard, stop)
        with anyio.CancelScope() as asking:
            answers.append(await call(saw))
        watch.end()
        tasks.cancel_scope.cancel()
    if answers:
        return answers[0]
    assert watch.alarm is not None, "only an alarm stops the question and not who asks it"
    raise Interrupted(watch.alarm)


def _as_work(event: asked.ManagerEvent) -> worked.WorkerEvent | None:
    """What a manager does, as the watch knows it from workers; None: nothing to watch."""
    match event:
        case asked.Wrote(data=data):
            return worked.Output("message", data)
        case asked.Put(item=item, data=data):
            return worked.Output("stdout", data, item)
        case asked.Began(item=item, command=command, cwd=cwd):
            return worked.CommandStarted(item, command, cwd)
        case asked.Over(item=item, command=command, exit_code=code):
            return worked.CommandEnded(item, command, code, None)
        case asked.Lost():
            return worked.Notice("the connection was lost", will_retry=True)
        case asked.Spent():
            return None
