"""task: worker turns, with the manager's FIX rounds between, until it is done or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import anyio
from anyio import to_thread

from makeitso.journal.view import budget_of
from makeitso.managers.port import CheckOutcome, JudgeRequest
from makeitso.policy.digest import approval_digest
from makeitso.prompts.cut import cut_diff
from makeitso.protocol import events as ev
from makeitso.runs import alarms, instructions
from makeitso.runs.ask import ask, decided
from makeitso.runs.checks import run_checks
from makeitso.runs.failures import with_way_out
from makeitso.runs.host import Host
from makeitso.runs.jobs import end_leftover, make_job, run_nonce
from makeitso.runs.proposing import propose
from makeitso.runs.steps.bootstrap import ensure_worktree
from makeitso.workspace import snapshots
from makeitso.workspace.patches import patch

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.protocol.plan import Judgement
    from makeitso.runs.context import Context
    from makeitso.workers.port import TurnResult, WorkerSession
    from makeitso.workspace.worktrees import Worktree

DIFF_CHARS = 60_000
"""Most of a difference that a manager or worker is shown."""
MAX_WAITS = 20
"""Waits in one round; each is also bounded in length."""
WORKER_RETRIES = 1
"""A turn that failed for a passing reason is tried again so often."""

Outcome = Literal["done", "waiting", "failed"]


class Given(Exception):  # noqa: N818 -- control flow, never leaves this module
    """The task phase ends here, with a reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WorkerGone(Exception):  # noqa: N818 -- control flow, never leaves this module
    """The worker program died in a turn; another can take its thread up."""


class Unanswered(Exception):  # noqa: N818 -- control flow for the engine
    """A question stands that nobody is there to answer; the phase goes on after a resume."""


async def work(ctx: Context, task_id: str, *, nobody: Callable[[], bool]) -> None:
    """Run the rounds of a task.

    Raises:
        Unanswered: a person must decide first and nobody is there.
    """
    ctx.append(ev.PhaseStarted(), task=task_id, phase="task")
    task = ctx.task(task_id)
    if task.base is None:
        ctx.append(ev.PhaseEnded(state="failed", reason="no base"), task=task_id, phase="task")
        return
    await end_leftover(ctx, task_id)
    worktree = await ensure_worktree(ctx, task_id, task.base)
    try:
        await _rounds(ctx, task_id, worktree, nobody)
        state, reason = "passed", ""
    except Given as given:
        state, reason = "failed", given.reason
    finally:
        with anyio.CancelScope(shield=True):
            await propose(ctx, task_id, worktree)
    change = ctx.task(task_id).change
    ctx.append(
        ev.PhaseEnded.model_validate(
            {"state": state, "reason": reason, "effects": bool(change and change.hunks)}
        ),
        task=task_id,
        phase="task",
    )


async def _rounds(
    ctx: Context, task_id: str, worktree: Worktree, nobody: Callable[[], bool]
) -> None:
    for left in reversed(range(WORKER_RETRIES + 1)):
        try:
            await _session(ctx, task_id, worktree, nobody, retries=left)
        except WorkerGone as gone:
            text = f"{gone}; starting it once more"
            ctx.note(text, task=task_id, level="warning")
        else:
            return


async def _session(
    ctx: Context, task_id: str, worktree: Worktree, nobody: Callable[[], bool], *, retries: int
) -> None:
    """One worker program from its start to its end.

    Raises:
        WorkerGone: it died in a turn, and there are retries left.
    """
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
            await _supervise(ctx, task_id, worktree, session, host, retries=retries)
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
    *,
    retries: int,
) -> None:
    verdict = _pending_verdict(ctx, task_id)
    unjudged = _unjudged(ctx, task_id)
    while True:
        if verdict is not None and verdict.verdict == "done":
            return
        await _within_budget(ctx, task_id, host)
        verdict = await _how_on(ctx, task_id, host, verdict)
        if unjudged:
            unjudged = False
        elif verdict is None or verdict.verdict in ("continue", "need_input"):
            answer = await _input(ctx, task_id, verdict, host) if verdict else ""
            result = await _turn(ctx, task_id, worktree, session, host, verdict, answer)
            if host.unanswered:
                raise Unanswered
            if host.over_budget or ctx.task(task_id).alarm is not None:
                host.over_budget, verdict = False, None
                continue
            if result.status != "completed":
                if result.retryable and retries > 0:
                    if result.error_kind == "process":
                        raise WorkerGone(result.error)
                    retries -= 1
                    ctx.note(f"{result.error}; trying once more", task=task_id, level="warning")
                    verdict = None
                    continue
                error = result.error or f"the turn was {result.status}"
                raise Given(with_way_out(ctx.ports, error, result.error_kind))
        elif verdict.verdict == "wait":
            await _pause(ctx, task_id, verdict)
        verdict = await _judge(ctx, task_id, worktree)
        if verdict.verdict == "abort":
            raise Given(verdict.note or "the manager gave up")


async def _how_on(
    ctx: Context, task_id: str, host: Host, verdict: Judgement | None
) -> Judgement | None:
    """After an interrupt by the monitor: what the person lets the worker go on with."""
    if ctx.task(task_id).alarm is None:
        return verdict
    answered = await alarms.ask_how_on(ctx, task_id, host)
    if answered is None:
        raise Unanswered
    if not alarms.goes_on(answered):
        raise Given(f"stopped by {answered.who}: {answered.subject}")
    return alarms.after_alarm(ctx, task_id, answered)


async def _pause(ctx: Context, task_id: str, verdict: Judgement) -> None:
    """Wait as the manager asked, without spending anything; it may not ask for ever."""
    task = ctx.task(task_id)
    waits = sum(1 for j in task.judgements if (j.round, j.verdict) == (task.rounds, "wait"))
    if waits > MAX_WAITS:
        raise Given(f"the manager asked to wait {waits} times in round {task.rounds}")
    ctx.note(f"waiting {verdict.wait_s:g} s: {verdict.note}", task=task_id, actor="manager")
    await anyio.sleep(verdict.wait_s)


def _pending_verdict(ctx: Context, task_id: str) -> Judgement | None:
    """After a resume: the judgement whose instructions the worker has not had yet."""
    task = ctx.task(task_id)
    if task.turn is not None or not task.judgements:
        return None
    last = task.judgements[-1]
    return instructions.judgement_of(last) if last.round == task.rounds else None


def _unjudged(ctx: Context, task_id: str) -> bool:
    """After a resume: the last turn was whole, but nobody has judged it yet."""
    task = ctx.task(task_id)
    if task.turn is not None or task.last_turn is None or task.last_turn.status != "completed":
        return False
    return not task.judgements or task.judgements[-1].round != task.rounds


async def _turn(
    ctx: Context,
    task_id: str,
    worktree: Worktree,
    session: WorkerSession,
    host: Host,
    verdict: Judgement | None,
    answer: str,
) -> TurnResult:
    """One instruction to the worker, from the record of it to the record of its end."""
    task = ctx.task(task_id)
    resumed = task.rounds > 0 and verdict is None
    alarmed = task.alarm is not None  # the round that was interrupted goes on
    number = task.rounds if resumed or alarmed else task.rounds + 1
    diff = await _diff(ctx, task_id, worktree) if task.rounds else ""
    prompt = instructions.for_turn(
        ctx, task_id, round_number=number, verdict=verdict, answer=answer, diff=diff
    )
    suffix = f"-after-alarm-{task.alarms}" if alarmed else "-resumed" if resumed else ""
    name = f"prompts/round-{number}{suffix}.md"
    kept = ctx.keep(name, prompt.text, kind="output", task=task_id)
    ctx.append(
        ev.TurnStarted(
            intent=prompt.intent, round=number, prompt_digest=prompt.digest, prompt=kept
        ),
        task=task_id,
        phase="task",
    )
    ctx.ports.fault("turn.start")
    result = await alarms.watched_turn(ctx, task_id, session, host, prompt=prompt.text)
    refs = host.flush()
    ctx.append(
        ev.TurnEnded(
            status=result.status,
            message=ctx.ports.redactor.text(host.plain(result.message)),
            error=ctx.ports.redactor.text(host.plain(result.error)),
            error_kind=result.error_kind,
            outputs=refs,
        ),
        task=task_id,
        phase="task",
        actor="worker",
    )
    ctx.ports.fault("turn.end")
    return result


async def _judge(ctx: Context, task_id: str, worktree: Worktree) -> Judgement:
    """EVAL: evidence first, then the manager's word, held to the bounds."""
    task = ctx.task(task_id)
    number = task.rounds
    again = task.round_name == f"round-{number}"  # taken up in the middle of this judgement
    earlier = task.round_trees[:-1] if again else task.round_trees
    before = earlier[-1] if earlier else (task.base.tree if task.base else "")
    taken = await to_thread.run_sync(
        lambda: snapshots.take(
            ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name=f"round-{number}"
        )
    )
    ctx.append(
        ev.SnapshotTaken(
            name=f"round-{number}",
            tree=taken.tree,
            commit=taken.commit,
            ref=taken.ref,
            notes=(),
        ),
        task=task_id,
        phase="task",
    )
    results = await run_checks(
        ctx, task_id, where="round", tree=taken.tree, worktree=worktree, phase="task", reuse=True
    )
    task = ctx.task(task_id)
    stale = instructions.rounds_without_progress(task)
    if taken.tree == before:
        stale = max(stale, 1)
    request = JudgeRequest(
        task_id=task_id,
        title=task.spec.title,
        goal=task.spec.goal or task.spec.title,
        repository=worktree.path,
        round=number,
        max_rounds=ctx.ports.config.manager.max_rounds,
        worker_message=task.last_turn.message if task.last_turn else "",
        diff=await _diff(ctx, task_id, worktree),
        checks=tuple(
            CheckOutcome(command=r.command, exit_code=r.exit_code, output_tail=r.tail)
            for r in results
        ),
        declared_checks=len(task.spec.checks),
        no_progress=stale,
        comments=instructions.comments(ctx, task_id),
        seed=ctx.run.options.seed,
        intent_word=ctx.ports.dictionary.intent_word("EVAL"),
    )

    async def progress(text: str) -> None:
        ctx.door.output(task_id, "manager", ctx.ports.redactor.text(text))

    answer = await ctx.manager.judge(request, progress)
    if answer.spent.total:
        ctx.append(
            ev.UsageCounted(
                source="manager",
                input_tokens=answer.spent.input_tokens,
                output_tokens=answer.spent.output_tokens,
            ),
            task=task_id,
            phase="task",
            actor="manager",
        )
    judged = answer.value
    ctx.append(
        ev.ManagerJudged(
            verdict=judged.verdict,
            instructions=judged.instructions,
            note=judged.note,
            prompt_digest=answer.prompt_digest,
            round=number,
            wait_s=judged.wait_s,
        ),
        task=task_id,
        phase="task",
        actor="manager",
    )
    return judged


async def _input(ctx: Context, task_id: str, verdict: Judgement, host: Host) -> str:
    """The person's answer to the manager's question; empty when it asked none."""
    if verdict.verdict != "need_input":
        return ""
    digest = approval_digest("question", f"{task_id}: {verdict.instructions}")
    for approval in reversed(ctx.run.approvals.values()):
        if approval.digest == digest and approval.state in ("granted", "denied"):
            return approval.answer or approval.because
    asked = ask(
        ctx,
        kind="question",
        subject=verdict.instructions,
        detail=verdict.note,
        digest=digest,
        tasks=(task_id,),
    )
    answered = await decided(ctx, asked.id, unless=host.nobody)
    if answered is None:
        raise Unanswered
    return answered.answer or answered.because


async def _within_budget(ctx: Context, task_id: str, host: Host) -> None:
    """Spend nothing past the ceiling: the work is kept, and a person says whether it goes on."""
    run = ctx.run
    while (ceiling := budget_of(run)) and run.tokens >= ceiling:
        asked = ask(
            ctx,
            kind="budget",
            subject=f"{run.tokens:,} of {ceiling:,} tokens are spent; go on with as many again?",
            digest=approval_digest("budget", f"{ctx.run_id}: {ceiling}"),
            tasks=(task_id,),
        )
        answered = await decided(ctx, asked.id, unless=host.nobody)
        if answered is None:
            raise Unanswered
        if answered.state != "granted":
            raise Given("the token budget is spent")
        run = ctx.run


async def _diff(ctx: Context, task_id: str, worktree: Worktree) -> str:
    """The difference so far, from git, redacted and cut at hunk borders."""
    task = ctx.task(task_id)
    base = task.base.tree if task.base else ""

    def compute() -> str:
        now = snapshots.take(ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name="present")
        return patch(ctx.ports.repo, base, now.tree)

    return cut_diff(ctx.ports.redactor.text(await to_thread.run_sync(compute)), DIFF_CHARS)
