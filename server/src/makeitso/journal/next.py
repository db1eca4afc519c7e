"""What a run does next, as a pure function of its state. The scheduler only carries it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.boundary import boundary, policy_of
from makeitso.journal.ready import blocked, in_order, room
from makeitso.journal.settle import after_end, review_steps
from makeitso.journal.staleness import set_aside
from makeitso.journal.steps import (
    AskPhase,
    AskPlan,
    AskReview,
    AskStale,
    EndTask,
    Finish,
    Land,
    MakePlan,
    OpenReview,
    RunPhase,
    Step,
    TakeStale,
    Wait,
    tasks_of,
)
from makeitso.journal.timers import before_start
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.journal.rules import Rules
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import PhaseName


def next_steps(
    run: RunState, rules: Rules, *, busy: Collection[Step] = (), settle_only: bool = False
) -> list[Step]:
    """Every step that could start now and is not in `busy`; empty: wait for a person, or over.

    Args:
        run: the folded state.
        rules: what of the config matters here.
        busy: steps under way in this process.
        settle_only: only what lands and ends things; nothing that spends tokens or asks.
    """
    steps = _all(run, rules, busy)
    if settle_only:
        spends = MakePlan | AskPlan | AskPhase | RunPhase | Wait | AskReview | AskStale | TakeStale
        steps = [s for s in steps if not isinstance(s, spends)]
    # One step a task at a time: a step may record its result before it is done with the worktree.
    taken = {task for step in busy for task in tasks_of(step)}
    return [s for s in steps if s not in busy and not taken.intersection(tasks_of(s))]


def _all(run: RunState, rules: Rules, busy: Collection[Step]) -> list[Step]:
    if run.finished is not None:
        return [step for task in run.tasks.values() for step in after_end(task)]
    if run.plan is None:
        return [MakePlan()]
    if not run.plan_accepted:
        return _unapproved(run, rules, busy)
    steps: list[Step] = []
    asking: dict[PhaseName, list[str]] = {}
    starting = {name for step in busy for name in tasks_of(step)}
    waiting: list[TaskState] = []
    for task in run.tasks.values():
        aside = set_aside(run, task)
        if aside is not None:
            steps += aside
        elif task.started or task.ended is not None or task.wait is not None:
            steps += _go_on(run, task, rules, asking)
        else:
            held = blocked(run, task, rules)
            waiting += [task] if held is None and task.id not in starting else []
            steps += [held] if isinstance(held, EndTask) else []
    free = max(0, room(run, rules, busy))
    first, may_start = before_start(run, in_order(run, waiting), rules, free=free)
    steps += first
    for task in may_start[:free]:
        steps += _advance(run, task, asking)
    steps += [AskPhase(tuple(tasks), phase) for phase, tasks in asking.items()]
    if not steps and not busy and all(task.ended for task in run.tasks.values()):
        steps.append(_finish(run))
    return steps


def _unapproved(run: RunState, rules: Rules, busy: Collection[Step]) -> list[Step]:
    """The plan has no approval as it is now: what has begun goes on, nothing new starts.

    Denied, what is at work stops; a change that is proposed still stands for its marks.
    """
    answer = _plan_answer(run)
    steps: list[Step] = [] if answer is not None else [AskPlan()]
    reason = ""
    if answer is not None and answer.state == "denied":
        reason = f"the plan was denied: {answer.because or 'no reason'}"
    asking: dict[PhaseName, list[str]] = {}
    for task in run.tasks.values():
        begun = task.started or task.wait is not None
        if reason and task.ended is None and not task.reviewing:
            steps += [EndTask(task.id, "stopped", reason)] if task.started else []
        elif (aside := set_aside(run, task)) is not None:
            steps += aside
        elif begun or task.ended is not None:
            steps += _go_on(run, task, rules, asking)
    steps += [AskPhase(tuple(tasks), phase) for phase, tasks in asking.items()]
    if reason and not steps and not busy and not any(t.reviewing for t in run.tasks.values()):
        steps.append(Finish("stopped", reason))
    return steps


def _plan_answer(run: RunState) -> Approval | None:
    """The question about the plan as it is now, open or denied; None: it is not asked."""
    for approval in reversed(run.approvals.values()):
        same = approval.kind == "plan" and approval.digest == run.plan_digest
        if same and approval.state in ("pending", "denied"):
            return approval
    return None


def _go_on(
    run: RunState, task: TaskState, rules: Rules, asking: dict[PhaseName, list[str]]
) -> list[Step]:
    """What a task needs that has begun."""
    if task.ended is not None:
        return after_end(task)
    if task.reviewing:
        return review_steps(run, task, rules)
    if task.landing is not None:
        return [Land(task.id)]  # begun as it was sent back: it comes to its end first
    if task.wait is not None:
        return [Wait(task.id)]
    return _advance(run, task, asking)


def _advance(run: RunState, task: TaskState, asking: dict[PhaseName, list[str]]) -> list[Step]:
    """The next phase of a task, or the question before it."""
    previous = None
    for name in PHASES:
        phase = task.phases[name]
        if phase.state in ("passed", "skipped"):
            previous = phase
            continue
        if phase.state == "failed":
            return [EndTask(task.id, "failed", phase.reason)]
        if phase.state == "running" or previous is None:
            return [RunPhase(task.id, name)]
        answer = boundary(run, task, previous=previous, enters=name)
        if answer == "go":
            return [RunPhase(task.id, name)]
        if answer == "ask":
            if policy_of(run, task, previous.name) == "manual":
                return [AskPhase((task.id,), name)]  # each task by itself, with its difference
            asking.setdefault(name, []).append(task.id)
        elif answer != "wait":
            return [EndTask(task.id, "stopped", answer.because)]
        return []
    if task.change is None or not task.change.hunks:
        return [EndTask(task.id, "landed", "there was nothing to change")]
    return [OpenReview(task.id)]


def _finish(run: RunState) -> Finish:
    states = {task.ended for task in run.tasks.values()}
    reasons = [f"{t.id}: {t.reason}" for t in run.tasks.values() if t.ended != "landed"]
    if "failed" in states:
        return Finish("failed", "; ".join(reasons))
    if "stopped" in states:
        return Finish("stopped", "; ".join(reasons))
    return Finish("done")
