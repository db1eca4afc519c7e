"""State → the views doors show. `alive` is what the fold cannot know: whether its owner lives."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.journal.awaited import awaited, paused_for
from makeitso.journal.ceilings import all_ceilings, ceilings, nearest
from makeitso.journal.conversation import accepted_result, told, unsent
from makeitso.journal.landings import OPEN, since_landed, whole
from makeitso.protocol.run import CheckView, PhaseView, RunView, TaskView, Tokens, WorkTime
from makeitso.protocol.wait import WaitView
from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.journal.state import PhaseState, RunState, TaskState
    from makeitso.protocol.budget import Ceiling
    from makeitso.protocol.words import (
        CeilingScope,
        Measure,
        PhaseName,
        RunStateName,
        TaskStateName,
    )


def run_view(run: RunState, *, alive: bool = True) -> RunView:
    """A run as people see it."""
    state, reason = _run_state(run, alive=alive)
    whole = ceilings(run)
    return RunView(
        id=run.id,
        plan=run.plan_path,
        goal=run.goal,
        source=run.opened.source if run.opened is not None else None,
        state=state,
        reason=reason,
        tasks=tuple(task_view(run, task) for task in run.tasks.values()),
        tokens=Tokens(used=run.tokens, budget=lowest(whole, "tokens")),
        time=WorkTime(used_ms=run.active_ms, budget_ms=lowest(whole, "time")),
        nearest=nearest(all_ceilings(run)),
        started_at=run.started_at,
        ended_at=run.ended_at,
    )


def lowest(found: Iterable[Ceiling], measure: Measure) -> int:
    """The lowest ceiling of a measure; 0: there is none."""
    return min((c.limit for c in found if c.measure == measure), default=0)


def own_tokens(found: Iterable[Ceiling], scope: CeilingScope, used: int) -> Tokens:
    """Spending of a task or phase and the ceiling it has of its own."""
    return Tokens(used=used, budget=lowest((c for c in found if c.scope == scope), "tokens"))


def own_time(found: Iterable[Ceiling], scope: CeilingScope, used_ms: int) -> WorkTime:
    """Time of a task or phase and the ceiling it has of its own."""
    own = (c for c in found if c.scope == scope)
    return WorkTime(used_ms=used_ms, budget_ms=lowest(own, "time"))


def _run_state(run: RunState, *, alive: bool) -> tuple[RunStateName, str]:
    if run.finished is not None:
        return run.finished.state, run.finished.reason
    if run.opened is not None and not run.active:
        return "waiting", "its hunks wait: `mis review`"
    if run.paused is not None:
        return run.paused.state, paused_for(run, run.paused)
    if not alive:
        return "stopped", "its process ended; `mis resume` goes on"
    if run.stop_requested is not None:
        return "running", f"stopping: {run.stop_requested}"
    waiting = run.pending
    busy = any(task_state(run, task) == "running" for task in run.tasks.values())
    if waiting and not busy:
        return "waiting", awaited(waiting)
    timers = [task for task in run.tasks.values() if task.wait is not None]
    if timers and not busy:
        return "waiting", "; ".join(f"{task.id} {_waits(task)}" for task in timers)
    return "running", ""


TAKEN_BACK = "what had landed was taken back"
"""Why a task that ended as landed is not so any more."""


def only_timers(view: RunView) -> bool:
    """Whether a run that waits does so for time or commands alone, and for no person."""
    timers = [(task.id, task.wait) for task in view.tasks if task.wait is not None]
    said = "; ".join(f"{name} waits {wait.because}" for name, wait in timers)
    return view.state == "waiting" and bool(timers) and view.reason == said


def task_state(run: RunState, task: TaskState) -> TaskStateName:
    """The word for where a task stands."""
    if task.ended == "landed":
        if whole(task):
            return "landed"
        return "stopped" if set(OPEN).isdisjoint(task.hunks.values()) else "reviewing"
    if task.ended == "failed":
        return "failed"
    if task.ended == "stopped":
        return "stopped"
    if task.stale:
        return "stale"
    if task.reviewing:
        return "reviewing"
    if task.wait is not None or any(task.id in a.tasks and a.kind != "plan" for a in run.pending):
        return "waiting"
    return "running" if task.started else "pending"


def standing(run: RunView, task: TaskView) -> str:
    """The word for people: a task is not running while nothing of its run goes on."""
    return "halted" if task.state == "running" and run.state != "running" else task.state


def _waits(task: TaskState) -> str:
    return f"waits {task.wait.started.because}" if task.wait is not None else ""


def wait_view(task: TaskState) -> WaitView | None:
    """What a task waits for, as people see it; None: for nothing, or for a person."""
    wait = task.wait
    if wait is None:
        return None
    looked = wait.looked
    return WaitView(
        by=wait.started.by,
        because=wait.started.because,
        until=wait.started.until,
        command=wait.started.wait.command,
        looks=wait.looks,
        exit_code=looked.exit_code if looked is not None else None,
        next_look=looked.next_at if looked is not None else None,
    )


def _held(task: TaskState) -> str:
    """Why a task that could start does not, because what is proposed does not fit together."""
    return task.held.reason if task.held is not None and not task.started else ""


def _stopping(task: TaskState) -> str:
    """That what a task does is being ended."""
    going = task.stop_requested is not None and task.ended is None
    return f"stopping: {task.stop_requested}" if going else ""


def _taken_back(task: TaskState) -> str:
    """That a task is not what it ended as."""
    return TAKEN_BACK if task.ended == "landed" and not whole(task) else ""


def task_view(run: RunState, task: TaskState) -> TaskView:
    """A task as people see it."""
    asked = {a.phase for a in run.pending if a.kind == "phase" and task.id in a.tasks}
    under_way: PhaseName | None = next(
        (p.name for p in task.phases.values() if p.state == "running"), None
    )
    found = ceilings(run, task=task.id, phase=under_way)
    return TaskView(
        id=task.id,
        title=task.spec.title,
        state=task_state(run, task),
        reason=(
            task.reason
            or _taken_back(task)
            or _stopping(task)
            or task.stale
            or _held(task)
            or _waits(task)
        ),
        wait=wait_view(task),
        phases=tuple(
            _phase_view(run, task.phases[name], task.id, asked=name in asked) for name in PHASES
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
        accepted=told(proved) if (proved := accepted_result(task)) is not None else "",
        comments=len(unsent(task)),
        sent_back=len(task.sent_back),
        tokens=own_tokens(found, "task", task.tokens),
        time=own_time(found, "task", task.active_ms),
        nearest=nearest(found),
    )


def _phase_view(run: RunState, phase: PhaseState, task_id: str, *, asked: bool) -> PhaseView:
    found = ceilings(run, task=task_id, phase=phase.name)
    return PhaseView(
        name=phase.name,
        state="waiting" if asked else phase.state,
        tokens=own_tokens(found, "phase", phase.tokens),
        time=own_time(found, "phase", phase.active_ms),
    )


def _outcome(task: TaskState, command: str, cwd: str, where: str) -> str:
    found = task.latest_check(command, cwd, where)
    if found is None:
        return "not run"
    if since := since_landed(task, found):
        return since
    return "ended early" if found.cut else "passed" if found.passed else "failed"
