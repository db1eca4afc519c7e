"""Which open proposals touch each other, as it was found when each was proposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.building import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.events import OverlapFound

_OPEN = frozenset({"pending", "accepted", "conflict"})


def is_open(task: TaskState) -> bool:
    """Whether something a task proposes may still land without being taken up again."""
    return task.ended is None and bool(_OPEN.intersection(task.hunks.values()))


def beside(runs: Mapping[str, RunState], run_id: str, task_id: str) -> list[tuple[str, TaskState]]:
    """Open proposals that are neither before nor behind a task, each with its run.

    Beside the task of a run that is yet to begin there is all that is open.
    """
    related = _before(runs[run_id], task_id) if run_id in runs else set[str]()
    return [
        (run.id, task)
        for run in runs.values()
        if run.id == run_id or run.finished is None
        for task in run.tasks.values()
        if is_open(task)
        and (run.id, task.id) != (run_id, task_id)
        and not (run.id == run_id and (task.id in related or task_id in _before(run, task.id)))
    ]


def _before(run: RunState, task_id: str) -> set[str]:
    """The tasks a task comes after, directly or not."""
    found: set[str] = set()
    queue = list(run.tasks[task_id].spec.after) if task_id in run.tasks else []
    while queue:
        name = queue.pop()
        if name not in found and name in run.tasks:
            found.add(name)
            queue += run.tasks[name].spec.after
    return found


def comes_first(
    runs: Mapping[str, RunState], one: tuple[str, str], other: tuple[str, str]
) -> tuple[str, str]:
    """Which of two tasks, named by run and task, had better land first.

    The older run's; in one run the more urgent, then the one written first.
    """

    def rank(named: tuple[str, str]) -> tuple[int, int, int]:
        run, task = named
        state = runs[run].tasks[task]
        order = list(runs[run].tasks)
        return list(runs).index(run), -state.spec.priority, order.index(task)

    return min(one, other, key=rank)


def open_overlaps(
    runs: Mapping[str, RunState], run_id: str, task_id: str
) -> dict[str, tuple[str, ...]]:
    """By hunk of a task: the open hunks of others that touch the same, as people name them."""
    mine = runs[run_id].tasks[task_id]
    found: dict[str, dict[str, None]] = {}
    for hunk, run, task, other in _pairs(runs, run_id, task_id):
        theirs = runs[run].tasks.get(task) if run in runs else None
        if theirs is None or not is_open(theirs):
            continue
        where = "" if run == run_id else f"{run}/"
        for part in parts_of(theirs, other):
            if theirs.hunks.get(part) in _OPEN:
                for own in parts_of(mine, hunk):
                    found.setdefault(own, {})[f"{where}{task}/{part}"] = None
    return {hunk: tuple(others) for hunk, others in found.items() if hunk in mine.hunks}


def _pairs(
    runs: Mapping[str, RunState], run_id: str, task_id: str
) -> Iterator[tuple[str, str, str, str]]:
    """Own hunk, other run, other task, other hunk: as either of the two found it."""
    for run in runs.values():
        for task in run.tasks.values():
            for one in _found(task):
                if (run.id, task.id) == (run_id, task_id):
                    yield one.hunk, one.run, one.task, one.other
                elif (one.run, one.task) == (run_id, task_id):
                    yield one.other, run.id, task.id, one.hunk


def _found(task: TaskState) -> tuple[OverlapFound, ...]:
    return task.change.overlaps if task.change is not None else ()
