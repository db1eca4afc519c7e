"""Waits of tasks, pure: how they fold, which is due before a task, how long one still takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.journal.steps import EndTask, Wait
from makeitso.protocol import events as ev
from makeitso.protocol.wait import WaitFor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.journal.steps import Step
    from makeitso.protocol.events import Event
    from makeitso.protocol.wait import Pace


@dataclass(kw_only=True)
class WaitState:
    """One wait of a task."""

    id: int
    """seq of its `wait.started`."""
    at: int
    """Unix ms at which it began."""
    started: ev.WaitStarted
    judgements: int
    """Judgements of the task before it: which one wanted it, if the manager did."""
    looks: int = 0
    looked: ev.WaitLooked | None = None
    """The newest look."""
    ended: ev.WaitEnded | None = None


def take(task: TaskState, event: Event) -> None:
    """Take an event of a wait into the state; the first end of a wait holds."""
    match event.data:
        case ev.WaitStarted() as started:
            task.waits.append(
                WaitState(
                    id=event.seq, at=event.at, started=started, judgements=len(task.judgements)
                )
            )
        case ev.WaitLooked() as looked if task.wait is not None and looked.wait == task.wait.id:
            task.wait.looks += 1
            task.wait.looked = looked
        case ev.WaitEnded() as ended if task.wait is not None and ended.wait == task.wait.id:
            task.wait.ended = ended
        case _:
            pass


def wait_before(task: TaskState, rules: Rules) -> WaitFor | None:
    """What a task that has not started has yet to wait for; its own wait stands for the config's.

    None when there is nothing, or it was waited for.
    """
    if any(wait.started.by != "manager" for wait in task.waits):
        return None
    wanted = task.spec.wait
    if wanted is None and rules.pre_task_wait_s > 0:
        wanted = WaitFor(seconds=rules.pre_task_wait_s)
    return wanted if wanted is not None and wanted.seconds != 0 else None


def in_vain(task: TaskState) -> str | None:
    """Why a task cannot start after its wait; None: it can."""
    for wait in task.waits:
        ended = wait.ended
        if ended is not None and wait.started.by != "manager":
            if ended.reason == "gave_up":
                return f"it waited {wait.started.because}, in vain"
            if ended.reason == "refused":
                return f"it cannot wait {wait.started.because}: {ended.because}"
    return None


def pausing(task: TaskState) -> bool:
    """Whether a task that has not started sits out a pause, as opposed to waiting for something."""
    wait = task.wait
    return not task.started and wait is not None and wait.started.wait.seconds is not None


def of_verdict(task: TaskState) -> WaitState | None:
    """The wait that the manager's latest judgement led to; None: it has led to none yet."""
    for wait in task.waits:
        if wait.started.by == "manager" and wait.judgements == len(task.judgements):
            return wait
    return None


def left_s(wait: WaitState, *, now_ms: int) -> float:
    """Seconds a wait still takes, for who takes it up at a moment of the clock.

    A clock that was set back makes it no longer than it was meant to be in all; one that was set
    forward, or a machine that slept, ends it.
    """
    left = max(0, wait.started.until - now_ms)
    if wait.started.length_ms is not None:
        left = min(left, wait.started.length_ms)
    return left / 1000


def look_in_s(wait: WaitState, *, now_ms: int) -> float:
    """Seconds to the next look at a command, for who takes a wait up."""
    if wait.looked is None or wait.looked.next_at is None:
        return 0.0
    pause = pause_s(wait.started.pace, wait.looks - 1)
    return min(max(0, wait.looked.next_at - now_ms) / 1000, pause)


def pause_s(pace: Pace, number: int) -> float:
    """Seconds of the pause with this number, the first is 0."""
    if pace.strategy == "fixed":
        return min(pace.base_s, pace.max_s)
    return min(pace.base_s * 2 ** min(number, 64), pace.max_s)


def before_start(
    run: RunState, ready: Iterable[TaskState], rules: Rules, *, free: int
) -> tuple[list[Step], list[TaskState]]:
    """What tasks that could start do first, and those that have nothing to wait for any more.

    Whoever waits holds no place. A pause begins when there is a place for the task, so that it
    stands between one task and the next; what is waited for outside is waited for from the first.

    Args:
        run: the folded state.
        ready: tasks that nothing else holds back, in the order in which they start.
        rules: what of the config matters here.
        free: places for tasks under way that are not taken.
    """
    steps: list[Step] = []
    may_start: list[TaskState] = []
    pauses = sum(1 for task in run.tasks.values() if pausing(task))
    for task in ready:
        vain, wanted = in_vain(task), wait_before(task, rules)
        if vain is not None:
            steps.append(EndTask(task.id, "failed", vain))
        elif wanted is None:
            may_start.append(task)
        elif wanted.seconds is None or len(may_start) + pauses < free:
            steps.append(Wait(task.id))
            pauses += wanted.seconds is not None
    return steps, may_start
