"""Events → state, one function an event type. `fold(a + b) == fold(b, onto=fold(a))`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal import timers
from makeitso.journal.conversation import converse
from makeitso.journal.foreign import open_review
from makeitso.journal.landings import take_landing
from makeitso.journal.marking import note_edit, take_mark
from makeitso.journal.rescheduling import put_down, reschedule, take_change, went_well
from makeitso.journal.spending import grant, spend
from makeitso.journal.state import AskingState, PhaseState, RunState, TaskState
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Approval

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.events import Event

UNFOLDED = frozenset({"command.ran", "record.found", "miss.found", "output.parsed"})
"""Types that change no state: what a worker put out, most of a long run's events by far. Whoever
wants nothing but the states need not read them."""


def fold_all(events: Iterable[Event]) -> dict[str, RunState]:
    """Every run in the journal, in order of creation."""
    runs: dict[str, RunState] = {}
    for event in events:
        apply(runs, event)
    return runs


def apply(runs: dict[str, RunState], event: Event) -> None:
    """Take one event into the states."""
    if event.run is None:
        return
    data = event.data
    if isinstance(data, ev.TimeCounted | ev.UsageCounted):
        _count(runs, event)
        return
    if isinstance(data, ev.RunCreated):
        runs[event.run] = RunState(
            id=event.run,
            goal=data.goal,
            options=data.options,
            policies=data.policies,
            plan_path=data.plan,
            started_at=event.at,
            active=True,
        )
        return
    if isinstance(data, ev.ReviewOpened):
        open_review(runs, event.run, data, at=event.at)
        return
    run = runs.get(event.run)
    if run is None:
        return
    if event.task is not None and event.task in run.tasks:
        _task(run, run.tasks[event.task], event)
    _run(run, event)


def _count(runs: dict[str, RunState], event: Event) -> None:
    """Take what was spent: apart from the rest, for of what is folded most is this."""
    run = runs.get(event.run or "")
    if run is None:
        return
    if event.task is not None and (task := run.tasks.get(event.task)) is not None:
        match event.data:
            case ev.UsageCounted(source="worker") as usage:
                task.thread_input, task.thread_output = usage.thread_input, usage.thread_output
            case _:
                pass
    spend(run, event)


def _run(run: RunState, event: Event) -> None:
    match event.data:
        case ev.PlanMade() as made:
            _plan(run, made)
            _asking(run, event)
        case ev.ManagerAsked() | ev.ManagerJudged() | ev.MonitorInterrupted():
            _asking(run, event)
        case ev.RunResumed() as resumed:
            run.paused, run.stop_requested, run.active = None, None, True
            if resumed.yes or resumed.asks:  # neither: the consent it was started with holds
                run.options = run.options.model_copy(update={"yes": resumed.yes})
            if resumed.manager is not None:
                run.options = run.options.model_copy(update={"manager": resumed.manager})
        case ev.StopRequested(reason=reason) if event.task is None:
            run.stop_requested = reason
        case ev.RunPaused() as paused:
            run.paused, run.active = paused, False
            put_down(run)
        case ev.RetryPlanned() as planned if event.task is None:
            run.retry, run.retries = planned, planned.attempt
        case ev.RunFinished() as finished:
            run.finished, run.active, run.ended_at = finished, False, event.at
        case ev.BudgetNeared():
            spend(run, event)
        case (
            ev.ApprovalAsked()
            | ev.ApprovalDecided()
            | ev.ApprovalVoided()
            | ev.ApprovalUsed()
            | ev.RuleStored()
        ):
            _approval(run, event)
        case _:
            pass


def _asking(run: RunState, event: Event) -> None:
    """What the manager is asked and has not answered."""
    asking = run.asking.setdefault(event.task or "", AskingState())
    match event.data:
        case ev.ManagerAsked():
            asking.tries, asking.alarm = asking.tries + 1, None
        case ev.MonitorInterrupted(who="manager") as alarm:
            asking.alarm, asking.alarms = alarm, asking.alarms + 1
        case ev.PlanMade() | ev.ManagerJudged():
            asking.tries, asking.alarm = 0, None
        case _:
            pass


def _plan(run: RunState, made: ev.PlanMade) -> None:
    """Take the first plan, or the text that a person made of it: approved is only what was."""
    run.plan_path, run.plan, run.plan_digest = made.path, made.plan, made.digest
    run.plan_drafted = made.attempts > 0
    run.plan_accepted = any(
        (a.kind, a.state, a.digest) == ("plan", "granted", made.digest)
        for a in run.approvals.values()
    )
    known = {
        task.id: task
        for task in run.tasks.values()
        if task.started or task.digest == made.task_digests.get(task.id)
    }
    tasks = {
        task.id: known.pop(task.id, None)
        or TaskState(id=task.id, spec=task, digest=made.task_digests.get(task.id, ""))
        for task in made.plan.tasks
        if not task.done or task.id in known
    }
    run.tasks = {**tasks, **{task.id: task for task in known.values() if task.started}}


def _approval(run: RunState, event: Event) -> None:
    match event.data:
        case ev.ApprovalAsked() as asked if asked.id in run.approvals:
            # Another task has the same question; whatever was answered stays.
            known = run.approvals[asked.id]
            tasks = tuple(dict.fromkeys((*known.tasks, *asked.tasks)))
            run.approvals[asked.id] = known.model_copy(update={"tasks": tasks})
        case ev.ApprovalAsked() as asked:
            run.approvals[asked.id] = Approval(
                id=asked.id,
                run=run.id,
                tasks=asked.tasks,
                phase=asked.enters,
                kind=asked.kind,
                subject=asked.subject,
                detail=asked.detail,
                digest=asked.digest,
                unsandboxed=asked.unsandboxed,
                scopes=asked.scopes,
                choices=asked.choices,
                closed=asked.closed,
                pattern=asked.pattern,
                ceiling=asked.ceiling,
                asked_at=event.at,
            )
        case ev.ApprovalDecided() as decided:
            approval = run.approvals.get(decided.id)
            if approval is None or approval.state != "pending":
                return  # the first decision holds
            run.approvals[decided.id] = approval.model_copy(
                update={
                    "state": "granted" if decided.grant else "denied",
                    "scope": decided.scope if decided.grant or decided.scope == "always" else None,
                    "pattern": decided.pattern,
                    "because": decided.because,
                    "answer": decided.answer,
                    "decided_at": event.at,
                    "who": decided.who,
                    "client": event.client,
                }
            )
            if approval.kind == "plan" and decided.grant:
                run.plan_accepted = approval.digest == run.plan_digest
            if approval.kind == "budget" and decided.grant:
                grant(run, approval, decided.extend)
        case ev.ApprovalVoided() as voided:
            approval = run.approvals.get(voided.id)
            if approval is not None and approval.state == "pending":
                run.approvals[voided.id] = approval.model_copy(
                    update={"state": "void", "because": voided.reason, "decided_at": event.at}
                )
        case ev.ApprovalUsed(id=used):
            run.used.add((used, event.task))
        case ev.RuleStored(id=answer, rule=rule) if answer in run.approvals:
            approval = run.approvals[answer]
            run.approvals[answer] = approval.model_copy(update={"rule": rule})
        case _:
            pass


def _task(run: RunState, task: TaskState, event: Event) -> None:
    match event.data:
        case ev.PhaseStarted() | ev.PhaseEnded():
            _phase(task, event)
        case (
            ev.SnapshotTaken()
            | ev.WorktreeCreated()
            | ev.WorktreeRemoved()
            | ev.WorktreePrepared()
            | ev.SetupRan()
            | ev.CheckRan()
        ):
            _tree(task, event)
        case (
            ev.WorkerStarted()
            | ev.WorkerEnded()
            | ev.TurnStarted()
            | ev.TurnEnded()
            | ev.MonitorInterrupted()
            | ev.ManagerJudged()
        ):
            _work(task, event)
        case ev.WaitStarted() | ev.WaitLooked() | ev.WaitEnded():
            timers.take(task, event)
        case ev.ChangeProposed() as change:
            before, states = task.change, task.hunks
            take_change(task, change)
            note_edit(task, event, before=before, states=states)
        case ev.HunkMarked() | ev.HunkSplit():
            take_mark(task, event)
        case ev.ReviewLooked(hunks=seen):
            task.looked.update(seen)
        case (
            ev.LandRequested()
            | ev.LandingStarted()
            | ev.LandingEnded()
            | ev.UndoRequested()
            | ev.LandingUndone()
        ):
            take_landing(task, event)
        case ev.SummaryWritten(text=text):
            task.summary = text
        case ev.ArtifactCaptured(kind="patch", path=path):
            task.patch = path
        case ev.NoteAdded(text=text):
            task.notes.append(text)
        case _:
            converse(run, task, event)
            reschedule(run, task, event)  # and what is shown as it came and not folded


def _phase(task: TaskState, event: Event) -> None:
    if event.phase is None:
        return
    phase = task.phases.setdefault(event.phase, PhaseState(name=event.phase))
    match event.data:
        case ev.PhaseStarted():
            phase.state, phase.reason = "running", ""
        case ev.PhaseEnded() as ended:
            phase.state, phase.reason, phase.effects = ended.state, ended.reason, ended.effects
        case _:
            pass


def _tree(task: TaskState, event: Event) -> None:
    match event.data:
        case ev.SnapshotTaken(name="base") as snapshot:
            task.base = snapshot
        case ev.SnapshotTaken(name=name, tree=tree) if name.startswith("round-"):
            if name == task.round_name:
                task.round_trees.pop()
            task.round_name = name
            task.round_trees.append(tree)
        case ev.WorktreeCreated(path=path):
            task.worktree, task.prepared = path, False
            task.setup_done.clear()
        case ev.WorktreeRemoved():
            task.worktree, task.prepared = None, False
        case ev.SetupRan(command=command, exit_code=0):
            task.setup_done.append(command)
        case ev.WorktreePrepared():
            task.prepared = True
        case ev.CheckRan() as check:
            task.checks.append(check)
            if check.where == "landed":
                task.checked_since_landing.add((check.command, check.cwd))
        case _:
            pass


def _work(task: TaskState, event: Event) -> None:
    match event.data:
        case ev.WorkerStarted() as started:
            if started.thread != task.thread:
                task.thread_input = task.thread_output = 0
            task.worker, task.thread = started, started.thread
        case ev.WorkerEnded():
            task.worker = None
        case ev.TurnStarted() as turn:
            task.turn, task.rounds, task.alarm = turn, turn.round, None
        case ev.MonitorInterrupted(who="worker") as alarm:
            task.alarm = alarm
            task.alarms += 1
        case ev.TurnEnded() as turn:
            task.turn, task.last_turn = None, turn
            if turn.status == "completed":
                went_well(task)
        case ev.ManagerJudged() as judged:
            task.judgements.append(judged)
            went_well(task)
        case _:
            pass
