"""`mis/change/*`: what tasks propose, and landing what is accepted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.errors import NotFoundError
from makeitso.journal.overlapping import open_overlaps
from makeitso.journal.staleness import stale_line
from makeitso.protocol.methods_review import (
    ChangeGetResult,
    ChangeLandResult,
    ChangeListResult,
    ChangeLookResult,
    ChangeSummary,
    LandRequest,
)
from makeitso.runs import reviewing
from makeitso.runs.looking import record_look

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Change
    from makeitso.protocol.methods_review import (
        ChangeGetParams,
        ChangeLandParams,
        ChangeListParams,
        ChangeLookParams,
    )
    from makeitso.requests.place import Workplace

LANDED_WITHIN_S = 60.0
"""How long an answer to `change/land` waits for a landing under way in this process."""


async def list_(at: Workplace, params: ChangeListParams) -> ChangeListResult:
    """Proposed changes, without their text.

    Raises:
        NotFoundError: there is no such run.
    """
    runs = [at.run(params.run)] if params.run is not None else list(at.runs().values())
    return ChangeListResult(
        changes=tuple(
            summary(at, run, task)
            for run in runs
            for task in run.tasks.values()
            if task.change is not None
        )
    )


def summary(at: Workplace, run: RunState, task: TaskState) -> ChangeSummary:
    """A change without its hunks' text."""
    document = at.bridge.dot.review / f"{run.id}-{task.id}.diff"
    return ChangeSummary(
        run=run.id,
        task=task.id,
        title=task.spec.title,
        summary=task.summary,
        files=task.change.files if task.change else 0,
        hunks=dict(Counter(task.hunks.values())),
        held=bool(task.change and task.change.held),
        document=at.relative(document) if document.exists() else None,
    )


async def get(at: Workplace, params: ChangeGetParams) -> ChangeGetResult:
    """A change; its review document is written anew.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: the task has proposed nothing yet.
    """
    run = at.run(params.run)
    if params.task not in run.tasks:
        raise NotFoundError(
            f"{run.id} has no task {params.task}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    change, document = await write_document(at, run, run.tasks[params.task])
    change = sent(change, hunks=params.hunks)
    return ChangeGetResult(
        change=change,
        document=at.relative(document),
        uri=document.as_uri(),
        stale=stale_line(run, run.tasks[params.task]),
    )


def sent(change: Change, *, hunks: bool) -> Change:
    """A change as it is sent: the hunks are nearly all of it."""
    if hunks:
        return change
    files = tuple(file.model_copy(update={"hunks": ()}) for file in change.files)
    return change.model_copy(update={"files": files})


async def look(at: Workplace, params: ChangeLookParams) -> ChangeLookResult:
    """Record that a person has seen hunks of a change.

    Raises:
        NotFoundError: there is no such run or task.
    """
    run = at.run(params.run)
    if params.task not in run.tasks:
        raise NotFoundError(
            f"{run.id} has no task {params.task}", hint=f"its tasks: {', '.join(run.tasks)}"
        )
    task = run.tasks[params.task]
    hunks = task.hunks if params.hunks is None else params.hunks
    fresh = record_look(at.book, run.id, task.id, hunks)
    if fresh:
        await bring_up_to_date(at, at.run(run.id), at.run(run.id).tasks[task.id])
    return ChangeLookResult(hunks=fresh)


async def bring_up_to_date(at: Workplace, run: RunState, task: TaskState) -> None:
    """See to it that the review document of a task shows what was recorded."""
    if at.rewrite is not None:
        at.rewrite(run.id, task.id)
    else:
        await write_document(at, run, task)


async def write_document(
    at: Workplace, run: RunState, task: TaskState, *, wrote: Callable[[str], None] | None = None
) -> tuple[Change, Path]:
    """Compute a change as it stands and write its review document.

    `wrote` is told its text, and nothing waits for the disk then.
    """
    found = open_overlaps(at.known_runs(), run.id, task.id)

    def work() -> tuple[Change, Path]:
        change = reviewing.present_change(at.bridge.repo, run.id, task, overlaps=found)
        artifacts = at.bridge.places().artifacts
        path = reviewing.write_review_document(
            at.bridge.dot.path, run, task, change, artifacts=artifacts, wrote=wrote
        )
        return change, path

    async with at.writing:
        return await to_thread.run_sync(work)


async def land(at: Workplace, params: ChangeLandParams) -> ChangeLandResult:
    """Land what is accepted now; waits for a landing in this process, not for another's.

    Raises:
        NotFoundError: there is no such run.
    """
    if params.run is not None:
        at.run(params.run)
    at.runs()
    wanted = []
    if at.bridge.has_journal:
        wanted = reviewing.request_landing(at.book, params.run, target=params.target)

    if wanted:
        at.runner.settle()
        with anyio.move_on_after(LANDED_WITHIN_S):
            while any(_waits(at, run_id, task_id) for run_id, task_id in wanted):
                await at.book.changed()
    return ChangeLandResult(
        requested=tuple(
            LandRequest(run=run_id, task=task_id, hunks=at.run(run_id).tasks[task_id].hunks)
            for run_id, task_id in wanted
        )
    )


def _waits(at: Workplace, run_id: str, task_id: str) -> bool:
    task = at.run(run_id).tasks[task_id]
    return task.land_requested or task.landing is not None
