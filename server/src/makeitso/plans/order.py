"""What comes before what: dependencies, a stable order, cycles, what can start now."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from makeitso.protocol.plan import Plan, Task


def dependencies(plan: Plan) -> dict[str, tuple[str, ...]]:
    """For each id the ids that come before it, each once, unknown ones left out.

    Where an id is used twice the first task with it counts.
    """
    known = {task.id for task in plan.tasks}
    found: dict[str, tuple[str, ...]] = {}
    for task in plan.tasks:
        if task.id not in found:
            found[task.id] = tuple(dict.fromkeys(name for name in task.after if name in known))
    return found


def topological(plan: Plan) -> tuple[str, ...]:
    """Ids in an order that respects `after`; among free ones the order of the document.

    Ids on a cycle, or behind one, are left out: there is no order for them.
    """
    before = dependencies(plan)
    rank = {name: index for index, name in enumerate(before)}
    names = tuple(before)
    behind: dict[str, list[str]] = {name: [] for name in before}
    missing = {name: len(needs) for name, needs in before.items()}
    for name, needs in before.items():
        for need in needs:
            behind[need].append(name)
    heap = [rank[name] for name, count in missing.items() if count == 0]
    heapify(heap)
    order: list[str] = []
    while heap:
        name = names[heappop(heap)]
        order.append(name)
        for follower in behind[name]:
            missing[follower] -= 1
            if missing[follower] == 0:
                heappush(heap, rank[follower])
    return tuple(order)


def ready(plan: Plan, done_ids: Collection[str]) -> tuple[Task, ...]:
    """The tasks not done whose dependencies all are, in the order of the document.

    Args:
        plan: the plan.
        done_ids: ids that count as done; `ticked(plan)` gives those of earlier runs.

    A task that names an unknown task, or stands on a cycle, is never ready.
    """
    done = frozenset(done_ids)
    return tuple(task for task in plan.tasks if task.id not in done and done.issuperset(task.after))


def ticked(plan: Plan) -> frozenset[str]:
    """Ids of the tasks whose box is ticked."""
    return frozenset(task.id for task in plan.tasks if task.done)


def cycles(plan: Plan) -> tuple[tuple[str, ...], ...]:
    """One cycle for each knot of tasks that wait for each other.

    A cycle reads `a, b, c`: a waits for b, b for c, c for a. It begins with the task that stands
    first in the document; knots come in that order too.
    """
    before = dependencies(plan)
    sorted_out = set(topological(plan))
    left = {
        name: tuple(need for need in needs if need not in sorted_out)
        for name, needs in before.items()
        if name not in sorted_out
    }
    knots = _components(left)
    rank = {name: index for index, name in enumerate(before)}
    found = [
        _shortest_cycle(left, knot, start=min(knot, key=rank.__getitem__))
        for knot in knots
        if any(need in knot for name in knot for need in left[name])
    ]
    return tuple(sorted(found, key=lambda cycle: rank[cycle[0]]))


def _shortest_cycle(
    edges: Mapping[str, tuple[str, ...]], knot: Collection[str], *, start: str
) -> tuple[str, ...]:
    came_from: dict[str, str] = {}
    queue = [start]
    for name in queue:
        for need in edges[name]:
            if need == start:
                path = [name]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return tuple(reversed(path))
            if need in knot and need not in came_from:
                came_from[need] = name
                queue.append(need)
    raise AssertionError(start)  # every task of a knot lies on a cycle


def _components(edges: Mapping[str, tuple[str, ...]]) -> list[set[str]]:
    """Strongly connected components (Kosaraju), without recursion: plans may be long chains."""
    finished: list[str] = []
    seen: set[str] = set()
    for root in edges:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, iter(edges[root]))]
        while stack:
            name, needs = stack[-1]
            for need in needs:
                if need not in seen:
                    seen.add(need)
                    stack.append((need, iter(edges[need])))
                    break
            else:
                finished.append(name)
                stack.pop()
    reverse: dict[str, list[str]] = {name: [] for name in edges}
    for name, needs in edges.items():
        for need in needs:
            reverse[need].append(name)
    placed: set[str] = set()
    components: list[set[str]] = []
    for root in reversed(finished):
        if root in placed:
            continue
        placed.add(root)
        component = {root}
        queue = [root]
        for name in queue:
            fresh = [other for other in reverse[name] if other not in placed]
            placed.update(fresh)
            component.update(fresh)
            queue.extend(fresh)
        components.append(component)
    return components
