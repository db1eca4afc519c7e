"""What a run does next, as a pure function of its state. The scheduler only carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.journal.boundary import boundary, policy_of
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import PhaseName


@dataclass(frozen=True)
class MakePlan:
    """Ask the manager for a plan and write the document."""


@dataclass(frozen=True)
class AskPlan:
    """Put the plan before a person."""


@dataclass(frozen=True)
class AskPhase:
    """One question for all tasks that stand at a boundary together."""

    tasks: tuple[str, ...]
    phase: PhaseName


@dataclass(frozen=True)
class RunPhase:
    """Carry out a phase, or take it up again."""

    task: str
    phase: PhaseName


@dataclass(frozen=True)
class OpenReview:
    """All phases are passed: put the change before a person."""

    task: str


@dataclass(frozen=True)
class AskReview:
    """Something of the change waits for a person and no question says so: ask again."""

    task: str


@dataclass(frozen=True)
class Land:
    """Write what is accepted into the workspace."""

    task: str


@dataclass(frozen=True)
class CheckLanded:
    """Run the checks on the workspace as it is after a landing."""

    task: str


@dataclass(frozen=True)
class CloseReview:
    """Every hunk has its answer: the open question about the change falls away."""

    task: str


@dataclass(frozen=True)
class TakeAnswer:
    """The question about the change was answered as a whole: mark what it covers."""

    task: str


@dataclass(frozen=True)
class Cleanup:
    """Remove the worktree of a task whose change is settled."""

    task: str


@dataclass(frozen=True)
class EndTask:
    """A task is over."""

    task: str
    state: Literal["landed", "failed", "stopped"]
    reason: str = ""


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    state: Literal["done", "failed", "stopped"]
    reason: str = ""


Step = (
    MakePlan
    | AskPlan
    | AskPhase
    | RunPhase
    | OpenReview
    | AskReview
    | Land
    | CheckLanded
    | CloseReview
    | TakeAnswer
    | Cleanup
    | EndTask
    | Finish
)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What of the config decides the order of things."""

    land: Literal["when-settled", "on-accept", "manual"] = "when-settled"
    max_concurrency: int = 2


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
        spends = MakePlan | AskPlan | AskPhase | RunPhase | AskReview
        steps = [s for s in steps if not isinstance(s, spends)]
    # One step a task at a time: a step may record its result before it is done with the worktree.
    taken = {task for step in busy for task in _tasks_of(step)}
    return [s for s in steps if s not in busy and not taken.intersection(_tasks_of(s))]


def _tasks_of(step: Step) -> tuple[str, ...]:
    match step:
        case MakePlan() | AskPlan() | Finish():
            return ()
        case AskPhase(tasks=tasks):
            return tasks
        case _:
            return (step.task,)


def _all(run: RunState, rules: Rules, busy: Collection[Step]) -> list[Step]:
    if run.finished is not None:
        return [step for task in run.tasks.values() for step in _after_end(task)]
    if run.plan is None:
        return [MakePlan()]
    if not run.plan_accepted:
        return _plan_question(run, busy)
    steps: list[Step] = []
    asking: dict[PhaseName, list[str]] = {}
    room = min(
        rules.max_concurrency,
        run.options.max_concurrency,
        run.plan.max_concurrency or rules.max_concurrency,
    ) - sum(1 for task in run.tasks.values() if _occupies(task))
    for task in run.tasks.values():
        if task.ended is not None:
            steps += _after_end(task)
            continue
        if task.reviewing:
            steps += _review(run, task, rules)
            continue
        if not task.started:
            blocked = _blocked(run, task)
            if isinstance(blocked, EndTask):
                steps.append(blocked)
            if blocked is not None:
                continue
            if room <= 0:
                continue
            room -= 1
        steps += _advance(run, task, asking)
    steps += [AskPhase(tuple(tasks), phase) for phase, tasks in asking.items()]
    if not steps and not busy and all(task.ended for task in run.tasks.values()):
        steps.append(_finish(run))
    return steps


def _occupies(task: TaskState) -> bool:
    return task.started and not task.reviewing and task.ended is None


def _plan_question(run: RunState, busy: Collection[Step]) -> list[Step]:
    for approval in reversed(run.approvals.values()):
        if approval.kind != "plan" or approval.digest != run.plan_digest:
            continue
        if approval.state == "pending":
            return []
        if approval.state == "denied":
            reason = f"the plan was denied: {approval.because or 'no reason'}"
            under_way = [t for t in run.tasks.values() if t.started and t.ended is None]
            if under_way:
                return [EndTask(task.id, "stopped", reason) for task in under_way]
            return [] if busy else [Finish("stopped", reason)]
    return [AskPlan()]


def _blocked(run: RunState, task: TaskState) -> EndTask | str | None:
    for other_id in task.spec.after:
        other = run.tasks.get(other_id)
        if other is None or other.ended == "landed":
            continue
        if other.ended is not None:
            return EndTask(task.id, "stopped", f"{other_id}, which comes before, did not land")
        return other_id
    return None


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


def _review(run: RunState, task: TaskState, rules: Rules) -> list[Step]:
    states = list(task.hunks.values())
    if _answered(run, task):
        return [TakeAnswer(task.id)]
    if task.landing is not None or (
        "accepted" in states
        and (
            task.land_requested
            or (run.options.land and rules.land == "on-accept")
            or (run.options.land and rules.land == "when-settled" and task.settled)
        )
    ):
        return [Land(task.id)]
    if "pending" in states or "conflict" in states:
        return [] if _open_question(run, task) else [AskReview(task.id)]
    if "accepted" in states:
        return []
    if _open_question(run, task):
        return [CloseReview(task.id)]
    if task.landings and not task.landed_checked and task.spec.checks:
        return [CheckLanded(task.id)]
    if "landed" in states:
        left = states.count("rejected")
        rejected = f"{left} {'hunk' if left == 1 else 'hunks'} rejected" if left else ""
        return [EndTask(task.id, "landed", rejected)]
    reason = "every hunk was rejected" if "rejected" in states else "nothing of it may land"
    return [EndTask(task.id, "stopped", reason)]


def _open_question(run: RunState, task: TaskState) -> bool:
    return any(a.kind == "change" and task.id in a.tasks for a in run.pending)


def _answered(run: RunState, task: TaskState) -> bool:
    return any(
        a.kind == "change"
        and task.id in a.tasks
        and a.state in ("granted", "denied")
        and (a.id, task.id) not in run.used
        and task.change is not None
        and a.digest == task.change.digest
        for a in run.approvals.values()
    )


def _after_end(task: TaskState) -> list[Step]:
    if task.landing is not None or (task.land_requested and "accepted" in task.hunks.values()):
        return [Land(task.id)]
    if task.landings and not task.landed_checked and task.spec.checks:
        return [CheckLanded(task.id)]
    open_hunks = {"pending", "accepted", "conflict"} & set(task.hunks.values())
    if task.worktree is not None and not open_hunks:
        return [Cleanup(task.id)]
    return []


def _finish(run: RunState) -> Finish:
    states = {task.ended for task in run.tasks.values()}
    reasons = [f"{t.id}: {t.reason}" for t in run.tasks.values() if t.ended != "landed"]
    if "failed" in states:
        return Finish("failed", "; ".join(reasons))
    if "stopped" in states:
        return Finish("stopped", "; ".join(reasons))
    return Finish("done")
