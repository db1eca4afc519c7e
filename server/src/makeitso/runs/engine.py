"""The engine: asks the pure scheduler what comes next, carries it out, and knows when to stop.

It holds no state of its own that matters: whatever dies, the journal says where things stand.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

import anyio

from makeitso.errors import BudgetExceeded, MisError, StoreError
from makeitso.journal import steps as todo
from makeitso.journal.awaited import awaited
from makeitso.journal.next import next_steps
from makeitso.journal.rules import Rules
from makeitso.journal.staleness import interrupted
from makeitso.protocol import events as ev
from makeitso.runs import waits
from makeitso.runs.bases import ready_to_start
from makeitso.runs.context import Context
from makeitso.runs.mending import mend
from makeitso.runs.meter import Meter
from makeitso.runs.replaying import keep_replays
from makeitso.runs.rounds.endings import Unanswered
from makeitso.runs.steps import ending, land, plan, review, undo
from makeitso.runs.steps.boundary import ask_phase
from makeitso.runs.steps.check_accepted import check_accepted
from makeitso.runs.steps.check_landed import check_landed
from makeitso.runs.steps.phase import run_phase
from makeitso.runs.steps.stale import ask_stale, mark_stale, take_stale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anyio.abc import TaskGroup

    from makeitso.journal.state import RunState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.config import Config
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.book import Book
    from makeitso.runs.meter import Record
    from makeitso.runs.ports import Door, Ports

log = logging.getLogger(__name__)

EXIT_DONE, EXIT_FAILED, EXIT_WAITING, EXIT_BUDGET, EXIT_INTERRUPTED = 0, 1, 3, 4, 130


@dataclass(frozen=True)
class Outcome:
    """How driving a run ended in this process."""

    state: Literal["waiting", "done", "failed", "stopped"]
    exit_code: int
    reason: str = ""


async def drive(
    ports: Ports, book: Book, door: Door, run_id: str, *, settle_only: bool = False
) -> Outcome:
    """Carry out every step of a run that can be, until none can.

    Args:
        ports: the world.
        book: the runs.
        door: the person's side.
        run_id: the run.
        settle_only: only land and end what is decided; start nothing that spends or asks.

    Raises:
        StoreError: the journal cannot be written; what was recorded stays valid.
        MisError: what made it impossible to go on.
    """
    async with ports.manager(run_id) as manager:
        meter = Meter(_recorder(ports, run_id), now=ports.clock.monotonic)
        ctx = Context(
            run_id=run_id, ports=ports, book=book, door=door, manager=manager, meter=meter
        )
        outcome = await _Engine(ctx, settle_only=settle_only).drive()
    if ctx.run.finished is not None:
        await keep_replays(ctx)
    return outcome


def _recorder(ports: Ports, run_id: str) -> Record:
    def record(counted: ev.TimeCounted, task: str | None, phase: PhaseName | None) -> ev.Event:
        return ports.journal.append(counted, actor="engine", run=run_id, task=task, phase=phase)

    return record


def rules_of(config: Config) -> Rules:
    """What of the config decides the order of steps."""
    return Rules(
        land=config.review.land,
        check=config.review.check,
        max_concurrency=config.manager.max_concurrency,
        pre_task_wait_s=config.wait.pre_task_wait_s,
    )


class _Engine:
    """One drive of one run."""

    def __init__(self, ctx: Context, *, settle_only: bool) -> None:
        self.ctx = ctx
        self._settle_only = settle_only
        self._busy: dict[todo.Step, anyio.CancelScope] = {}
        self._parked: set[todo.Step] = set()
        self._nobody = False
        self._attended: frozenset[str] = frozenset()
        self._attending: anyio.CancelScope | None = None
        self._broken: MisError | None = None
        self._resting = False
        self._outage: MisError | None = None
        """What keeps the run from going on; what is under way is let come to its end."""
        self._rules = rules_of(ctx.ports.config)

    async def drive(self) -> Outcome:
        await mend(self.ctx, settle_only=self._settle_only)
        while True:
            await self._until_rest()
            if (outcome := self._outcome()) is not None:
                return outcome
            self.ctx.book.refresh()  # somebody decided just now, and counts on this process

    async def _until_rest(self) -> None:
        """Carry out steps until there is none, or the run is to be put down.

        Raises:
            MisError: what made it impossible to go on.
        """
        ctx = self.ctx
        async with anyio.create_task_group() as group:
            group.start_soon(ctx.book.watch)
            group.start_soon(ctx.meter.beat)
            while True:
                run = ctx.run
                if self._broken is not None or run.stop_requested is not None:
                    break
                self._interrupt(run)
                steps = next_steps(
                    run,
                    self._rules,
                    busy=self._busy.keys() | self._parked,
                    settle_only=self._settle_only or self._outage is not None,
                )
                for step in steps:
                    self._busy[step] = anyio.CancelScope()
                    group.start_soon(self._carry, step)
                if not self._busy and not steps:
                    if run.finished is not None or self._settle_only or self._outage is not None:
                        break
                    if self._nobody or not run.pending:
                        break
                self._call_person(group, run)
                if await self._came_to_rest():
                    continue  # what happened meanwhile has not been looked at
                await ctx.book.changed()
            group.cancel_scope.cancel()
        if self._broken is not None:
            raise self._broken
        if self._outage is not None and self.ctx.run.finished is None:
            raise self._outage

    async def _came_to_rest(self) -> bool:
        """Hold no process while all that goes on is waiting; True when some may have been ended.

        Nobody asks the manager meanwhile: only the loop that calls this starts steps.
        """
        waits_only = bool(self._busy) and all(isinstance(step, todo.Wait) for step in self._busy)
        rests, self._resting = self._resting, waits_only
        if rests or not waits_only:
            return False
        await self.ctx.manager.rest()
        return True

    def _outcome(self) -> Outcome | None:
        """How it ended; None: something was recorded that no step has been looked for since."""
        ctx, run = self.ctx, self.ctx.run
        if run.finished is not None:
            code = EXIT_DONE if run.finished.state == "done" else EXIT_FAILED
            return Outcome(run.finished.state, code, run.finished.reason)
        if self._settle_only:
            return Outcome("waiting", EXIT_WAITING)
        if run.stop_requested is not None:
            reason = run.stop_requested
            ctx.append(ev.RunPaused(state="stopped", reason=reason, exit_code=EXIT_INTERRUPTED))
            return Outcome("stopped", EXIT_INTERRUPTED, reason)
        pending = run.pending
        budget = any(a.kind == "budget" for a in pending)
        proposed = not run.options.land and all(
            t.reviewing or t.ended is not None for t in run.tasks.values()
        )
        code = EXIT_BUDGET if budget else EXIT_DONE if proposed else EXIT_WAITING
        reason = awaited(pending)
        try:
            ctx.append(
                ev.RunPaused(state="waiting", reason=reason, exit_code=code), guard=self._unseen
            )
        except StoreError:
            if self._unseen() is None:
                raise
            return None
        return Outcome("waiting", code, reason)

    def _unseen(self) -> str | None:
        """A refusal to put the run down over what another process recorded and nobody looked at.

        Asked inside the transaction: who decides after it finds that the run stands still, and acts
        by itself.
        """
        fresh = self.ctx.ports.journal.last_seq() > self.ctx.book.seq
        return "something was decided meanwhile" if fresh else None

    def _is_nobody(self) -> bool:
        # Who only settles brings no question before a door.
        return self._nobody or self._settle_only

    def _call_person(self, group: TaskGroup, run: RunState) -> None:
        """Bring the open questions before the door; not again before it is done with some.

        A new question does not tear a person away from the one they are answering; when all they
        were asked was answered elsewhere, they are let go.
        """
        open_now = frozenset(a.id for a in run.pending)
        if open_now == self._attended or self._settle_only or self._outage is not None:
            return
        if self._attending is not None:
            if not open_now & self._attended:
                self._attending.cancel()
            return
        self._attended = open_now
        if open_now and not self._nobody:
            group.start_soon(self._attend, run.pending)

    async def _attend(self, pending: Sequence[Approval]) -> None:
        answered = True
        with anyio.CancelScope() as scope:
            self._attending = scope
            answered = await self.ctx.door.attend(pending)
        self._attending = None
        self.ctx.book.refresh()  # the door may have written through a connection of its own
        if not answered:
            self._nobody = True
        else:
            self._attended = frozenset()
        self.ctx.book.wake()

    def _interrupt(self, run: RunState) -> None:
        """End checks nobody wants any more, and what tasks do that stop or lost their ground."""
        gone = {task.id for task in run.tasks.values() if interrupted(task)}
        for step, scope in self._busy.items():
            if isinstance(step, todo.RunPhase) and step.task in gone:
                scope.cancel()
            if isinstance(step, todo.CheckAccepted) and not run.tasks[step.task].check_wanted:
                scope.cancel()
        self._parked = {s for s in self._parked if not gone.intersection(todo.tasks_of(s))}

    async def _carry(self, step: todo.Step) -> None:
        """Supervise one step: what goes wrong in it becomes part of the record, never a crash."""
        try:
            with self._busy[step]:
                await self._do(step)
        except Unanswered:
            self._parked.add(step)  # it waits for a person, who is elsewhere
        except StoreError as error:
            self._broken = error
        except MisError as error:
            if error.resumable:
                self._hold(step, error)
            else:
                self._fail(step, error)
        except Exception as error:
            log.exception("step.failed", extra={"step": repr(step)})
            self._fail(step, MisError(f"internal error: {error!r}"))
        finally:
            del self._busy[step]
            self.ctx.book.wake()

    def _hold(self, step: todo.Step, error: MisError) -> None:
        """Leave a step where it is: what stopped it is put right from outside, then it goes on."""
        self._parked.add(step)
        self._outage = self._outage or error
        others = [other for other in self._busy if other != step]
        for other in others:
            if isinstance(other, todo.Wait):
                self._busy[other].cancel()  # its end is on record: it is waited for after a resume
        task = step.task if isinstance(step, todo.RunPhase) else None
        if others and task is not None:
            text = f"held: {error.message}; what else is under way comes to its end first"
            try:
                self.ctx.note(text, task=task, level="warning")
            except StoreError as broken:
                self._broken = broken

    def _fail(self, step: todo.Step, error: MisError) -> None:
        ctx = self.ctx
        reason = f"{error.message} {f'({error.hint})' if error.hint else ''}".strip()
        try:
            match step:
                case todo.RunPhase(task=task_id, phase=phase):
                    ctx.append(
                        ev.PhaseEnded(state="failed", reason=reason), task=task_id, phase=phase
                    )
                case todo.MakePlan() | todo.AskPlan():
                    received = error.data.get("received")
                    if isinstance(received, str) and received:
                        kept = ctx.keep("received.txt", received, kind="output")
                        reason = f"{reason} What came is kept in {kept.path}."
                    ctx.append(ev.RunFinished(state="failed", reason=reason))
                    self._broken = error if not isinstance(error, BudgetExceeded) else None
                case _:
                    ctx.note(reason, level="error")
                    self._broken = error
        except StoreError as broken:
            self._broken = broken

    async def _do(self, step: todo.Step) -> None:  # noqa: C901 -- one flat match over a closed union
        ctx = self.ctx
        match step:
            case todo.MakePlan():
                with ctx.meter.running():
                    await plan.make_plan(ctx, nobody=self._is_nobody)
            case todo.AskPlan():
                await plan.ask_plan(ctx)
            case todo.AskPhase(tasks=tasks, phase=phase):
                await ask_phase(ctx, tasks, phase)
            case todo.RunPhase(task=task_id, phase=phase):
                if not ctx.task(task_id).started:
                    plan.refresh_plan(ctx.ports, ctx.book, ctx.run_id)
                    if not ctx.run.plan_accepted:
                        return  # edited since it was approved: the next step asks again
                    if not await ready_to_start(ctx, task_id):
                        return
                    ctx.append(ev.TaskStarted(), task=task_id)
                await run_phase(ctx, task_id, phase, nobody=self._is_nobody)
            case todo.Wait(task=task_id):
                if ctx.task(task_id).wait is None:
                    plan.refresh_plan(ctx.ports, ctx.book, ctx.run_id)
                if ctx.run.plan_accepted:
                    await waits.wait(ctx, task_id, rules=self._rules)
            case todo.OpenReview(task=task_id):
                review.open_review(ctx, task_id)
            case todo.AskReview(task=task_id):
                review.ask_review(ctx, task_id)
            case todo.TakeAnswer(task=task_id):
                review.take_answer(ctx, task_id)
            case todo.CloseReview(task=task_id):
                review.close_review(ctx, task_id)
            case todo.Land(task=task_id):
                await land.land(ctx, task_id)
            case todo.Undo(task=task_id):
                await undo.undo(ctx, task_id)
            case todo.WantCheck(task=task_id):
                ctx.append(ev.CheckRequested(), task=task_id)
            case todo.CheckAccepted(task=task_id):
                holds = self._rules.check == "before-landing"
                await check_accepted(ctx, task_id, holds=holds, nobody=self._is_nobody)
            case todo.CheckLanded(task=task_id):
                await check_landed(ctx, task_id, nobody=self._is_nobody)
            case todo.Cleanup(task=task_id):
                await ending.clean_up(ctx, task_id)
            case todo.MarkStale(task=task_id, reason=reason):
                mark_stale(ctx, task_id, reason)
            case todo.AskStale(task=task_id):
                ask_stale(ctx, task_id)
            case todo.TakeStale(task=task_id):
                await take_stale(ctx, task_id)
            case todo.EndTask(task=task_id, state=state, reason=reason):
                ending.end_task(ctx.ports.journal, ctx.run, task_id, state, reason)
                if state == "landed":
                    ending.tick_box(ctx, task_id)
            case todo.Finish(state=state, reason=reason):
                ending.finish(ctx, state, reason)
            case _:
                assert_never(step)
