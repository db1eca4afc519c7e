"""Which stretches of the output files are of which worker session, and how each was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.words import PhaseName


@dataclass(kw_only=True)
class OutputSession:
    """What one worker session put out; its channels were each parsed from begin to end."""

    task: str
    phase: PhaseName
    number: int
    """Of the sessions of its task, from 1."""
    root: str
    """The worktree; empty: not known."""
    started: ev.WorkerStarted | None
    """None: the worker put something out and never said that it runs."""
    outputs: list[ev.OutputRef] = field(default_factory=list[ev.OutputRef])
    """A turn's one after the other, in the order they were recorded."""


def sessions(events: Iterable[ev.Event]) -> list[OutputSession]:
    """The sessions of a run's events, in the order they began.

    A worker that is started again for each turn is one session, until it is recorded as ended.
    """
    found: list[OutputSession] = []
    open_now: dict[str, OutputSession] = {}
    roots: dict[str, str] = {}
    numbers: dict[str, int] = {}

    def session(event: ev.Event, task: str) -> OutputSession:
        if task not in open_now:
            numbers[task] = numbers.get(task, 0) + 1
            open_now[task] = OutputSession(
                task=task,
                phase=event.phase or "task",
                number=numbers[task],
                root=roots.get(task, ""),
                started=event.data if isinstance(event.data, ev.WorkerStarted) else None,
            )
            found.append(open_now[task])
        return open_now[task]

    for event in events:
        task = event.task
        if task is None:
            continue
        match event.data:
            case ev.WorktreeCreated(path=path):
                roots[task] = path
            case ev.WorkerStarted():
                session(event, task)
            case ev.TurnEnded(outputs=outputs) if outputs:
                session(event, task).outputs += outputs
            case ev.WorkerEnded(outputs=outputs):
                if outputs:
                    session(event, task).outputs += outputs
                open_now.pop(task, None)
            case _:
                pass
    return found
