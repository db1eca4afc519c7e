"""State → the views doors show. `alive` is what the fold cannot know: whether its owner lives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.protocol.run import CheckView, PhaseView, RunView, TaskView, Tokens
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.words import RunStateName, TaskStateName


def run_view(run: RunState, *, alive: bool = True) -> RunView:
    """A run as people see it."""
    state, reason = _run_state(run, alive=alive)
    return RunView(
        id=run.id,
        plan=run.plan_path,
        goal=run.goal,
        state=state,
        reason=reason,
        tasks=tuple(task_view(run, task) for task in run.tasks.values()),
        tokens=Tokens(used=run.tokens, budget=budget_of(run)),
        started_at=run.started_at,
        ended_at=run.ended_at,
    )


def budget_of(run: RunState) -> int:
    """Token ceiling: the lower of the run's and the plan's, once more for each grant; 0: none."""
    ceilings = [run.options.budget_tokens]
    if run.plan is not None and run.plan.budget_tokens is not None:
        ceilings.append(run.plan.budget_tokens)
    granted = sum(1 for a in run.approvals.values() if (a.kind, a.state) == ("budget", "granted"))
    return min((c for c in ceilings if c > 0), default=0) * (1 + granted)


def _run_state(run: RunState, *, alive: bool) -> tuple[RunStateName, str]:
    if run.finished is not None:
        return run.finished.state, run.finished.reason
    if run.paused is not None:
        return run.paused.state, run.paused.reason
    if not alive:
        return "stopped", "its process ended; `mis resume` goes on"
    waiting = run.pending
    busy = any(task_state(run, task) == "running" for task in run.tasks.values())
    if waiting and not busy:
        return "waiting", f"{waiting[0].kind}: {waiting[0].subject}"
    return "running", ""


def task_state(run: RunState, task: TaskState) -> TaskStateName:
    """The word for where a task stands."""
    if task.ended == "landed":
        return "landed"
    if task.ended == "failed":
        return "failed"
    if task.ended == "stopped":
        return "stopped"
    if task.reviewing:
        return "reviewing"
    if any(task.id in a.tasks and a.kind != "plan" for a in run.pending):
        return "waiting"
    return "running" if task.started else "pending"


def task_view(run: RunState, task: TaskState) -> TaskView:
    """A task as people see it."""
    asked = {a.phase for a in run.pending if a.kind == "phase" and task.id in a.tasks}
    return TaskView(
        id=task.id,
        title=task.spec.title,
        state=task_state(run, task),
        reason=task.reason,
        phases=tuple(
            PhaseView(name=name, state="waiting" if name in asked else task.phases[name].state)
            for name in PHASES
        ),
        checks=tuple(
            CheckView(
                command=check.command,
                base=_outcome(task, check.command, check.cwd, "base"),
                proposal=_outcome(task, check.command, check.cwd, "proposal"),
                landed=_outcome(task, check.command, check.cwd, "landed"),
            )
            for check in task.spec.checks
        ),
        round=task.rounds,
        worktree=task.worktree,
        summary=task.summary,
        hunks=dict(Counter(task.hunks.values())),
    )


def _outcome(task: TaskState, command: str, cwd: str, where: str) -> str:
    found = task.latest_check(command, cwd, where)
    if found is None:
        return "not run"
    return "passed" if found.passed else "failed"
