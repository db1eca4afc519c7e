"""Checks of the tasks among themselves: ids, dependencies, cycles, side-by-side writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.plans.globs import leaves_repository
from makeitso.plans.lines import Extent
from makeitso.plans.order import cycles
from makeitso.plans.overlap import clashes
from makeitso.plans.problems import fix, nearest, problem, replace_fix
from makeitso.plans.read import FreeIds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.plans.read import ReadPlan
    from makeitso.plans.taskvalues import TaskPlaces
    from makeitso.plans.values import Value
    from makeitso.protocol.plan import Task
    from makeitso.protocol.text import Fix, Problem


def check_ids(read: ReadPlan) -> Iterator[Problem]:
    """Ids used twice, and names in `after` that no task has."""
    seen: dict[str, int] = {}
    free = FreeIds(task.id for task in read.plan.tasks)
    for task, places in zip(read.plan.tasks, read.places, strict=True):
        if task.id in seen:
            name = free.take()
            message = f"`{task.id}` is already the id of the task on line {seen[task.id] + 1}."
            fixes = [replace_fix(places.id, name)] if places.item.id is not None else []
            yield problem("task-id-repeated", message, places.id, fixes=fixes)
        else:
            seen[task.id] = places.item.first
    for places in read.places:
        for value in places.after:
            if value.text not in seen:
                near = nearest(value.text, seen)
                fixes = [replace_fix(value.span, near)] if near else []
                fixes.append(_removal(places, value))
                message = f"No task is called `{value.text}`."
                yield problem("dependency-unknown", message, value.span, fixes=fixes)


def check_cycles(read: ReadPlan) -> Iterator[Problem]:
    """Tasks that wait for each other; the fix takes out the first wait of the cycle."""
    by_id = {task.id: places for task, places in reversed(_pairs(read))}
    for cycle in cycles(read.plan):
        places = by_id[cycle[0]]
        path = [*cycle, cycle[0]]
        value = next(value for value in places.after if value.text == path[1])
        message = f"`{path[0]}` waits for itself."
        if path[1] != path[0]:
            shown = " → ".join(f"`{name}`" for name in path)
            message = f"These tasks wait for each other: {shown}."
        yield problem("dependency-cycle", message, value.span, fixes=[_removal(places, value)])


def check_writes(read: ReadPlan) -> Iterator[Problem]:
    """Tasks side by side that may write the same file, and paths outside the repository."""
    tasks = read.plan.tasks
    for clash in clashes(read.plan):
        task, places = tasks[clash.index], read.places[clash.index]
        names = ", ".join(f"`{tasks[index].id}`" for index in clash.others)
        if clash.count > len(clash.others):
            names += f" and {clash.count - len(clash.others)} more"
        if clash.glob is None:
            message = (
                f"`{task.id}` names no files and may write what {names} write at the same time; "
                "name its `files`, or put it after them."
            )
            yield problem("parallel-writes-anywhere", message, places.id)
            continue
        value = places.files[clash.glob]
        message = (
            f"`{task.id}` runs beside {names} and may write the same files (`{value.text}`); "
            "put one after the other, or narrow the globs."
        )
        other = tasks[clash.others[0]].id
        yield problem("parallel-writes", message, value.span, fixes=[_wait_fix(places, other)])
    for places in read.places:
        outside = [value for value in places.files if leaves_repository(value.text)]
        for value in outside:
            message = f"`{value.text}` leaves the repository; paths start at its root."
            yield problem("path-outside", message, value.span)
        for check in places.checks:
            if check.cwd_span is not None and leaves_repository(check.check.cwd):
                message = f"`{check.check.cwd}` leaves the repository; paths start at its root."
                yield problem("path-outside", message, check.cwd_span)
        wait = places.wait
        if wait is not None and wait.cwd_span is not None and leaves_repository(wait.wait.cwd):
            message = f"`{wait.wait.cwd}` leaves the repository; paths start at its root."
            yield problem("path-outside", message, wait.cwd_span)


def _pairs(read: ReadPlan) -> list[tuple[Task, TaskPlaces]]:
    return list(zip(read.plan.tasks, read.places, strict=True))


def _removal(places: TaskPlaces, value: Value) -> Fix:
    """Take one id out of `after`; the whole key when it is the only one."""
    title = f"Do not wait for `{value.text}`"
    if len(places.after) == 1:
        key = next(key for key in places.item.keys if key.key == "after" and key.flows)
        last = places.item.lines[key.end - 1 - places.item.first]
        whole = Extent(key.first, 0, key.end, 0)
        if not last.eol:
            whole = Extent(key.first, 0, key.end - 1, len(last.text))
        return fix(title, whole, "")
    span = value.span
    line = places.item.lines[span.line - places.item.first].text
    start, end = span.column, span.end_column
    while end < len(line) and line[end] in ", ":
        end += 1
    if end == len(line):
        while start > 0 and line[start - 1] in ", ":
            start -= 1
        if line[start - 1] in ":-*+":  # the only id on its line: the blank after the mark stays
            start += 1
    cut = Extent(span.line, start, span.line, end)
    return fix(title, cut, "")


def _wait_fix(places: TaskPlaces, other: str) -> Fix:
    """Add an id to `after`, or the key where there is none."""
    title = f"Run it after `{other}`"
    if places.after:
        span = places.after[-1].span
        end = Extent(span.end_line, span.end_column, span.end_line, span.end_column)
        return fix(title, end, f", {other}")
    return key_fix(places, f"after: {other}", title=title)


def key_fix(places: TaskPlaces, key: str, *, title: str) -> Fix:
    """Add a key line under the last key of a task, or under its first line."""
    item = places.item
    number = item.keys[-1].end - 1 if item.keys else item.first
    line = item.lines[number - item.first]
    end = len(line.text)
    eol = next((held.eol for held in item.lines if held.eol), "\n")
    span = Extent(number, end, number, end)
    margin = " " * (item.indent + 2)
    if item.keys:
        written = item.lines[item.keys[0].first - item.first].text
        margin = written[: len(written) - len(written.lstrip(" \t"))]
    return fix(title, span, f"{eol}{margin}- {key}")
