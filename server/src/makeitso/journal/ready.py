"""Which tasks may start: what holds them back, which come first, how many may be under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.building import may_build_on
from makeitso.journal.steps import EndTask, RunPhase, tasks_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.journal.steps import Step


def occupies(task: TaskState) -> bool:
    """Whether a task holds one of the places for tasks under way."""
    return task.started and not task.reviewing and task.ended is None and not task.stale


def room(run: RunState, rules: Rules, busy: Collection[Step] = ()) -> int:
    """How many more tasks may start now; negative when a limit was lowered meanwhile.

    A task that is just being started in this process counts, also before that is on record.
    """
    limits = [rules.max_concurrency, run.options.max_concurrency]
    if run.plan is not None and run.plan.max_concurrency is not None:
        limits.append(run.plan.max_concurrency)
    starting = {name for step in busy if isinstance(step, RunPhase) for name in tasks_of(step)}
    return min(limits) - sum(
        1
        for task in run.tasks.values()
        if occupies(task) or (task.id in starting and not task.started)
    )


def blocked(run: RunState, task: TaskState, rules: Rules) -> EndTask | str | None:
    """The task another waits for, or its end when that one did not land; None: it may start."""
    waits: str | None = None
    for name in task.spec.after:
        earlier = run.tasks.get(name)
        if earlier is None or earlier.ended == "landed":
            continue
        if earlier.ended is not None:
            return EndTask(task.id, "stopped", f"{name}, which comes before, did not land")
        if waits is None and not may_build_on(run, task, earlier, rules):
            waits = name
    return waits or _held_by(run, task)


def _held_by(run: RunState, task: TaskState) -> str | None:
    """A task that has to land first, because what is proposed does not fit together."""
    for name in task.held.until if task.held is not None else ():
        earlier = run.tasks.get(name)
        if earlier is not None and earlier.ended is None:
            return name
    return None


def in_order(run: RunState, waiting: Iterable[TaskState]) -> list[TaskState]:
    """Tasks that could start, those to start first in front.

    By priority; among equals the one that more open tasks wait for, directly or not, so that the
    longest way is begun early; then as written in the plan.
    """
    candidates = list(waiting)
    if len(candidates) < 2:
        return candidates
    behind = _behind(run)
    return sorted(
        candidates, key=lambda task: (-task.spec.priority, -_count_behind(behind, task.id))
    )


def _behind(run: RunState) -> dict[str, list[str]]:
    """For each task the open ones that name it in `after`."""
    behind: dict[str, list[str]] = {}
    for task in run.tasks.values():
        if task.ended is None:
            for name in task.spec.after:
                behind.setdefault(name, []).append(task.id)
    return behind


def _count_behind(behind: Mapping[str, list[str]], name: str) -> int:
    """How many open tasks wait for one, each counted once; a cycle does no harm."""
    seen: set[str] = set()
    queue = list(behind.get(name, ()))
    while queue:
        one = queue.pop()
        if one not in seen and one != name:
            seen.add(one)
            queue += behind.get(one, ())
    return len(seen)
