"""A change from elsewhere that is reviewed here → state: a run of one task that is all review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.parts import leaves
from makeitso.journal.rescheduling import take_change
from makeitso.journal.state import PhaseState, RunState, TaskState
from makeitso.protocol.plan import Plan, Task
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.protocol.events import ReviewOpened

_CARRIED = ("accepted", "rejected")


def open_review(runs: dict[str, RunState], run_id: str, opened: ReviewOpened, *, at: int) -> None:
    """Let the change stand for review; again: its next round, in which marks stay.

    A round that is taken twice is the same as once.

    Args:
        runs: the states.
        run_id: id of the review.
        opened: the round.
        at: Unix milliseconds.
    """
    run = runs.get(run_id)
    if run is None or opened.name not in run.tasks:
        run = runs[run_id] = _run(run_id, opened, at=at)
    task = run.tasks[opened.name]
    known, run.opened = run.opened, opened
    run.goal, run.finished, run.ended_at = opened.title, None, None
    task.spec = task.spec.model_copy(update={"title": opened.title, "goal": opened.summary})
    task.summary, task.base = opened.summary, opened.base
    task.ended, task.reason, task.reviewing = None, "", True
    if known is not None and (known.round, known.change.digest) == (
        opened.round,
        opened.change.digest,
    ):
        return
    before = task.change
    take_change(task, opened.change)
    for hunk, mark in opened.carried.items():
        if task.hunks.get(hunk) == "pending" and mark in _CARRIED:
            task.hunks[hunk] = mark
            task.explicit.add(hunk)
    if known is not None:
        old = {hunk.id for hunk in known.change.hunks}
        old |= opened.carried.keys() | set(_known_again(task, opened))
        old |= {hunk.id for hunk in before.hunks} if before is not None else set()
        task.fresh = frozenset(hunk.id for hunk in opened.change.hunks if hunk.id not in old)


def _known_again(task: TaskState, opened: ReviewOpened) -> Iterator[str]:
    """Hunks that are what one of the last round is, or all of whose parts are."""
    for hunk in opened.change.hunks:
        if opened.change.carried.keys() >= set(leaves(task.splits, hunk.id)):
            yield hunk.id


def _run(run_id: str, opened: ReviewOpened, *, at: int) -> RunState:
    spec = Task(id=opened.name, title=opened.title, goal=opened.summary)
    task = TaskState(
        id=spec.id,
        spec=spec,
        digest="",
        started=True,
        phases={name: PhaseState(name=name, state="skipped") for name in PHASES},
    )
    return RunState(
        id=run_id,
        goal=opened.title,
        options=opened.options,
        policies=opened.policies,
        started_at=at,
        plan=Plan(id=run_id, title=opened.title, goal=opened.title, tasks=(spec,)),
        plan_accepted=True,
        tasks={spec.id: task},
    )
