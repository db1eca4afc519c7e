"""Events about where a task stands → state: started, held, stale, ended, taken up again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.marking import MARKABLE
from makeitso.journal.parts import inside, leaves, parent_of
from makeitso.journal.state import TaskState
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.journal.state import RunState
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import HunkState, PhaseName


def reschedule(run: RunState, task: TaskState, event: Event) -> None:
    """Take one such event into the state of its task; others are left alone."""
    match event.data:
        case ev.TaskStarted():
            task.started = True
        case ev.TaskReviewing():
            task.reviewing = True
        case ev.TaskEnded() as ended:
            task.ended, task.reason, task.reviewing = ended.state, ended.reason, False
            task.stop_requested = None
        case ev.StopRequested(reason=reason):
            task.stop_requested = reason
        case ev.RetryPlanned() as planned if planned.what != "check":
            task.retry, task.retries = planned, planned.attempt
        case ev.TaskHeld() as held:
            task.held = held
        case ev.TaskStale() as stale:
            _stale(task, stale)
        case ev.TaskTakenUp() as taken:
            _taken_up(run, task, taken)
        case _:
            pass


def _stale(task: TaskState, stale: ev.TaskStale) -> None:
    task.stale, task.stale_question = stale.reason, stale.question
    task.stale_times += bool(stale.reason)
    if stale.reason:
        # What a policy accepted, it accepted on top of what is gone; a person's marks stay.
        task.hunks = {
            hunk: "pending" if state == "accepted" and hunk not in task.explicit else state
            for hunk, state in task.hunks.items()
        }


def _taken_up(run: RunState, task: TaskState, taken: ev.TaskTakenUp) -> None:
    match taken:
        case ev.TaskTakenUp(how="redo"):
            _again_from_the_start(run, task)
        case ev.TaskTakenUp(how="keep") as kept:
            open_again(run, task)
            reopen(task, "verify", "summarize")
            task.base = kept.base or task.base
            if kept.change is not None:
                take_change(task, kept.change)
                task.round_trees, task.round_name = [kept.change.tree], ""
        case ev.TaskTakenUp():
            open_again(run, task)
            task.rounds_before = task.rounds
            # Red in the end means there is more to do, so that the worker goes on, too.
            reopen(task, "task", "verify", "summarize")
            if task.phases["bootstrap"].state == "failed":
                reopen(task, "bootstrap")


def went_well(task: TaskState) -> None:
    """What was tried again went well: the next failure is a first one."""
    task.retry, task.retries = None, 0


def put_down(run: RunState) -> None:
    """The run stands still: whoever takes it up again may try as often as ever."""
    run.retry, run.retries = None, 0
    for task in run.tasks.values():
        went_well(task)


def open_again(run: RunState, task: TaskState, *, entered: PhaseName | None = None) -> None:
    """A task goes on that had ended or stood for review.

    Args:
        run: its run, which is open again, too.
        task: the task.
        entered: a phase that a person let it enter, and lets it enter again.
    """
    run.finished = run.ended_at = None
    task.ended, task.reason, task.reviewing = None, "", False
    task.stale = task.stale_question = ""
    task.stop_requested = task.held = task.alarm = None
    went_well(task)
    for approval in run.approvals.values():
        # A yes or no to a boundary of the attempt before says nothing about this one.
        answered = approval.state == "denied" or (
            approval.state == "granted" and approval.scope in (None, "once")
        )
        if approval.kind != "phase" or (entered is not None and approval.phase == entered):
            continue
        if task.id in approval.tasks and answered:
            run.used.add((approval.id, task.id))


def take_change(task: TaskState, change: ev.ChangeProposed) -> None:
    """What is proposed now; hunks that were proposed before keep where they stand."""
    before, states = task.hunks, dict[str, "HunkState"]()
    task.splits.update(change.splits)
    for cut in change.cuts:
        for name in inside(task.splits, cut.hunk):
            del task.splits[name]
            task.cuts.pop(name, None)
        task.splits[cut.hunk], task.cuts[cut.hunk] = cut.parts, cut
    for now, then in change.carried.items():
        _carry(task, now, then)
    for hunk in change.hunks:
        for part in leaves(task.splits, hunk.id):
            known = change.carried.get(part, part)
            states[part] = "refused" if hunk.refused else before.get(known, "pending")
    for hunk, mark in change.marks.items():
        if states.get(hunk) in MARKABLE:
            states[hunk] = mark
    task.change, task.hunks = change, states
    _follow(task, change)


def _follow(task: TaskState, change: ev.ChangeProposed) -> None:
    """Comments stay with their hunk, also when an edit that renamed it is taken back."""
    there = {hunk.id for hunk in change.hunks}
    names = {then: now for now, then in change.carried.items()} | change.follows
    for known in task.comments:
        now = names.get(known.hunk)
        if now is not None and parent_of(known.hunk) not in there:
            known.names = (*known.names, now)
        standing = (name for name in reversed(known.names) if parent_of(name) in there)
        known.hunk = next(standing, "")


def _carry(task: TaskState, now: str, then: str) -> None:
    """What else is known of a hunk under the name it had before."""
    if now != parent_of(now):
        task.kept.add(now)
    if then in task.explicit:
        task.explicit.add(now)
    if then in task.looked or parent_of(then) in task.looked:
        task.looked.add(now)
    if then in task.hunk_reasons:
        task.hunk_reasons[now] = task.hunk_reasons[then]


def reopen(task: TaskState, *names: PhaseName) -> None:
    """Phases that are over are to be gone through again."""
    for name in names:
        if task.phases[name].state != "running":
            task.phases[name].state, task.phases[name].reason = "pending", ""


def _again_from_the_start(run: RunState, task: TaskState) -> None:
    open_again(run, task)
    run.tasks[task.id] = TaskState(
        id=task.id,
        spec=task.spec,
        digest=task.digest,
        attempt=task.attempt + 1,
        stale_times=task.stale_times,
        comments=task.comments,
        tokens=task.tokens,
        active_ms=task.active_ms,
    )
