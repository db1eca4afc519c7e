"""Tasks that may run side by side and write the same file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.plans.globindex import overlapping_pairs
from makeitso.plans.globs import normal_glob
from makeitso.plans.order import dependencies, topological

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.plan import Plan, Task

_NAMED = 3
"""Tasks named in one clash; the rest is counted."""


@dataclass(frozen=True, kw_only=True)
class Clash:
    """A task that may write what earlier ones beside it may write."""

    index: int
    """Index of the task in the plan."""
    glob: int | None
    """Index of the first glob of it that clashes; None: it names no files at all."""
    count: int
    """How many tasks it clashes with; for a task without files, all beside it."""
    others: tuple[int, ...]
    """Indices of the first few of them."""


def clashes(plan: Plan) -> tuple[Clash, ...]:
    """Find the clashes, each pair once, at the later of the two tasks.

    Only unfinished tasks of one repository, neither of which comes before the other. Sound: no
    clash of the globs as written is missed. Near-linear unless most globs begin and end alike.
    """
    tasks = plan.tasks
    beside = _beside(tasks, _related(plan))
    touching = _touching(tasks)
    found: list[Clash] = []
    for index, task in enumerate(tasks):
        if task.done:
            continue
        if not task.files:
            if beside[index]:
                found.append(_clash(index, None, beside[index]))
            continue
        earlier = beside[index] & ((1 << index) - 1)
        first: int | None = None
        others = 0
        for position, glob in enumerate(task.files):
            hit = touching[normal_glob(glob)] & earlier
            if hit and first is None:
                first = position
            others |= hit
        if first is not None:
            found.append(_clash(index, first, others))
    return tuple(found)


def _related(plan: Plan) -> list[int]:
    """For each task a bit set of the tasks that come before or after it, and itself."""
    before = dependencies(plan)
    index = {name: position for position, name in enumerate(before)}
    first = {task.id: position for position, task in reversed(list(enumerate(plan.tasks)))}
    order = topological(plan)
    above = dict.fromkeys(before, 0)
    for name in order:
        mask = 1 << first[name]
        for need in before[name]:
            mask |= above[need]
        above[name] = mask
    below = dict.fromkeys(before, 0)
    for name in reversed(order):
        mask = below[name] | 1 << first[name]
        below[name] = mask
        for need in before[name]:
            below[need] |= mask
    everything = (1 << len(plan.tasks)) - 1
    sorted_out = set(order)
    return [
        above[task.id] | below[task.id]
        if task.id in sorted_out and task.id in index
        else everything
        for task in plan.tasks
    ]


def _beside(tasks: Sequence[Task], related: Sequence[int]) -> list[int]:
    """For each task a bit set of the unfinished tasks of its repository unrelated to it."""
    mates: dict[str | None, int] = {}
    for index, task in enumerate(tasks):
        if not task.done:
            mates[task.repo] = mates.get(task.repo, 0) | 1 << index
    return [
        mates.get(task.repo, 0) & ~related[index] & ~(1 << index)
        for index, task in enumerate(tasks)
    ]


def _touching(tasks: Sequence[Task]) -> dict[str, int]:
    """For each glob a bit set of the unfinished tasks with a glob that overlaps it."""
    holders: dict[str, int] = {}
    for index, task in enumerate(tasks):
        if not task.done:
            for glob in task.files:
                name = normal_glob(glob)
                holders[name] = holders.get(name, 0) | 1 << index
    touching = dict(holders)
    for glob, other in overlapping_pairs(holders):
        touching[glob] |= holders[other]
        touching[other] |= holders[glob]
    return touching


def _clash(index: int, glob: int | None, bits: int) -> Clash:
    return Clash(index=index, glob=glob, count=bits.bit_count(), others=_first_few(bits))


def _first_few(bits: int) -> tuple[int, ...]:
    found: list[int] = []
    while bits and len(found) < _NAMED:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return tuple(found)
