"""task: worker turns, with the manager's FIX rounds between, until it is done or given up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.errors import WorkerError
from makeitso.journal.conversation import fresh_round
from makeitso.journal.timers import of_verdict
from makeitso.parsing.stream import StreamParser
from makeitso.protocol import events as ev
from makeitso.protocol.plan import Judgement
from makeitso.runs.ceilings import BOTH, TIME, bounded, within
from makeitso.runs.failures import failure_of
from makeitso.runs.proposing import propose
from makeitso.runs.retries import again, until_due
from makeitso.runs.rounds import instructions
from makeitso.runs.rounds.endings import Given, Unanswered, Waits
from makeitso.runs.rounds.host import Host
from makeitso.runs.rounds.jobs import end_leftover, make_job, run_nonce
from makeitso.runs.rounds.judging import judge, keep_round
from makeitso.runs.rounds.questions import answer_to, how_on
from makeitso.runs.rounds.turns import turn
from makeitso.runs.steps.bootstrap import ensure_worktree, stand_worktree
from makeitso.runs.waits import begin_for
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.protocol.events import SnapshotTaken
    from makeitso.runs.context import Context
    from makeitso.workers.port import TurnResult, WorkerSession
    from makeitso.workspace.worktrees import Worktree


class WorkerGone(Exception):  # noqa: N818 -- control flow, never leaves this module
    """The worker program died in a turn; another can take its thread up."""

    def __init__(self, result: TurnResult) -> None:
        super().__init__(result.error)
        self.result = result


async def work(ctx: Context, task_id: str, *, nobody: Callable[[], bool]) -> None:
    """Run the rounds of a task.

    Raises:
        Unanswered: a person must decide first and nobody is there.
        ModelError: the worker's or the manager's model cannot be asked; a resume goes on here.
    """
    ctx.append(ev.PhaseStarted(), task=task_id, phase="task")
    task = ctx.task(task_id)
    if task.base is None:
        ctx.append(ev.PhaseEnded(state="failed", reason="no base"), task=task_id, phase="task")
        return
    await end_leftover(ctx, task_id)
    try:
        worktree = await _worktree(ctx, task_id, task.base, nobody)
    except Given as given:
        await _give_up(ctx, task_id, task.base, given.reason)
        return
    sent = fresh_round(task)
    if sent is not None:  # also after a crash in the middle of it: no turn has begun
        ctx.ports.fault("round.start")
        await to_thread.run_sync(restore, ctx.ports.repo, worktree, sent.tree)
    try:
        if not _only_judging(ctx, task_id):  # before the worker program is even started
            await within(ctx, task=task_id, phase="task", nobody=nobody)
        await _rounds(ctx, task_id, worktree, nobody)
        state, reason = "passed", ""
    except Given as given:
        state, reason = "failed", given.reason
    except Waits:
        return  # nothing of the task runs meanwhile; then this phase is taken up again
    finally:
        with anyio.CancelScope(shield=True):
            await propose(ctx, task_id, worktree)
    _ended(ctx, task_id, state, reason)


def _ended(ctx: Context, task_id: str, state: str, reason: str) -> None:
    change = ctx.task(task_id).change
    ctx.append(
        ev.PhaseEnded.model_validate(
            {"state": state, "reason": reason, "effects": bool(change and change.hunks)}
        ),
        task=task_id,
        phase="task",
    )


async def _worktree(
    ctx: Context, task_id: str, base: SnapshotTaken, nobody: Callable[[], bool]
) -> Worktree:
    """The worktree; where set-up has to run in it once more, within the ceilings on time.

    Raises:
        Given: a person does not raise one.
        Unanswered: a person must decide first and nobody is there.
    """
    path = ctx.task(task_id).worktree
    if ctx.task(task_id).prepared and path and await to_thread.run_sync(Path(path).is_dir):
        return await ensure_worktree(ctx, task_id, base, nobody=nobody)
    return await bounded(
        ctx,
        lambda: ensure_worktree(ctx, task_id, base, nobody=nobody),
        task=task_id,
        phase="task",
        nobody=nobody,
        measures=TIME,
    )


async def _give_up(ctx: Context, task_id: str, base: SnapshotTaken, reason: str) -> None:
    """End the phase before a worker is there again, with what it made until then for review."""
    worktree = await stand_worktree(ctx, task_id, base)
    rounds = ctx.task(task_id).round_trees
    await to_thread.run_sync(restore, ctx.ports.repo, worktree, rounds[-1] if rounds else base.tree)
    await propose(ctx, task_id, worktree)
    _ended(ctx, task_id, "failed", reason)


async def _rounds(
    ctx: Context, task_id: str, worktree: Worktree, nobody: Callable[[], bool]
) -> None:
    await until_due(ctx, task_id)
    while True:
        try:
            await _session(ctx, task_id, worktree, nobody)
        except WorkerGone as gone:
            if not await again(ctx, "worker", gone.result.error, task=task_id):
                raise failure_of(ctx.ports, gone.result) from gone
        except WorkerError as error:
            passing = error.retryable and await again(ctx, "worker", error.message, task=task_id)
            if not passing:
                raise
        else:
            return


async def _session(
    ctx: Context, task_id: str, worktree: Worktree, nobody: Callable[[], bool]
) -> None:
    """One worker program from its start to its end.

    Raises:
        WorkerGone: it died in a turn.
        WorkerError: it could not be started, or broke the contract.
    """
    # It takes some tenths of a second, and the first lines of a worker shall not wait for it.
    await to_thread.run_sync(StreamParser, "stdout", ctx.ports.library(ctx.run_id).library)
    nonce = run_nonce(ctx)
    host = Host(
        ctx,
        task=task_id,
        phase="task",
        delimiters=ctx.ports.dictionary.tokens,
        nonce=nonce,
        nobody=nobody,
    )
    job = make_job(ctx, task_id, worktree, nonce)
    reason = "done"
    try:
        async with ctx.ports.worker.open(job, host) as session:
            await _supervise(ctx, task_id, worktree, session, host)
    except BaseException as error:
        reason = str(error) or type(error).__name__
        raise
    finally:
        rest = host.close()
        if rest or ctx.task(task_id).worker is not None:
            ended = ev.WorkerEnded(reason=reason[:500], outputs=rest)
            ctx.append(ended, task=task_id, phase="task")


async def _supervise(
    ctx: Context,
    task_id: str,
    worktree: Worktree,
    session: WorkerSession,
    host: Host,
) -> None:
    verdict = _pending_verdict(ctx, task_id)
    unjudged = _unjudged(ctx, task_id)
    while True:
        if verdict is not None and verdict.verdict == "done":
            return
        verdict = await how_on(ctx, task_id, host, verdict)
        if unjudged:
            unjudged = False
        elif verdict is None or verdict.verdict in ("continue", "need_input"):
            await within(ctx, task=task_id, phase="task", nobody=host.nobody)
            answer = await answer_to(ctx, task_id, verdict, host) if verdict else ""
            result = await turn(ctx, task_id, worktree, session, host, verdict, answer)
            if await _cut_short(ctx, task_id, worktree, host):
                alarmed = ctx.task(task_id).alarm is not None
                verdict, unjudged = None, not alarmed and _unjudged(ctx, task_id)
                continue
            if result.status != "completed":
                if result.retryable and result.error_kind == "process":
                    raise WorkerGone(result)
                if result.retryable and await again(ctx, "turn", result.error, task=task_id):
                    verdict = None
                    continue
                raise failure_of(ctx.ports, result)
        elif verdict.verdict == "wait" and of_verdict(ctx.task(task_id)) is None:
            begin_for(ctx, task_id, verdict)
            raise Waits
        verdict = await _judged(ctx, task_id, worktree, nobody=host.nobody)
        if verdict.verdict == "abort":
            raise Given(verdict.note or "the manager gave up")


async def _cut_short(ctx: Context, task_id: str, worktree: Worktree, host: Host) -> bool:
    """Whether the turn was ended before the worker was done with it; its work is kept."""
    if host.unanswered:
        raise Unanswered
    if host.over_budget:
        host.over_budget = False
        await keep_round(ctx, task_id, worktree)
        return True
    return ctx.task(task_id).alarm is not None


async def _judged(
    ctx: Context, task_id: str, worktree: Worktree, *, nobody: Callable[[], bool]
) -> Judgement:
    """The manager's word on the round, within the ceilings; without a manager it is free."""
    return await bounded(
        ctx,
        lambda: judge(ctx, task_id, worktree, nobody=nobody),
        task=task_id,
        phase="task",
        nobody=nobody,
        measures=TIME if ctx.manager.kind == "none" else BOTH,
    )


def _only_judging(ctx: Context, task_id: str) -> bool:
    """After a resume or a wait: what comes next is a word on what is done, no instruction."""
    pending = _pending_verdict(ctx, task_id)
    return _unjudged(ctx, task_id) or (pending is not None and pending.verdict in ("done", "wait"))


def _pending_verdict(ctx: Context, task_id: str) -> Judgement | None:
    """After a resume: the judgement whose instructions the worker has not had yet."""
    task = ctx.task(task_id)
    sent = fresh_round(task)
    if sent is not None:
        return Judgement(verdict="continue", instructions=sent.instructions, note="", wait_s=0)
    if task.turn is not None or not task.judgements or task.rounds == task.rounds_before:
        return None
    last = task.judgements[-1]
    return instructions.judgement_of(last) if last.round == task.rounds else None


def _unjudged(ctx: Context, task_id: str) -> bool:
    """After a resume: the last turn was whole, but nobody has judged it yet."""
    task = ctx.task(task_id)
    if task.turn is not None or task.last_turn is None or task.last_turn.status != "completed":
        return False
    if fresh_round(task) is not None:
        return False
    return not task.judgements or task.judgements[-1].round != task.rounds
