"""EVAL: evidence first, then the manager's word on a round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.managers.port import CheckOutcome, JudgeRequest
from makeitso.protocol import events as ev
from makeitso.runs.asking import ask_manager
from makeitso.runs.checks import run_checks
from makeitso.runs.rounds import instructions
from makeitso.runs.rounds.differences import difference
from makeitso.runs.times import here
from makeitso.runs.waits import told
from makeitso.workspace import snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.protocol.plan import Judgement
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree


async def keep_round(ctx: Context, task_id: str, worktree: Worktree) -> snapshots.Snapshot:
    """Keep what the worktree holds as the tree of the present round, in the place of an earlier."""
    name = f"round-{ctx.task(task_id).rounds}"
    taken = await to_thread.run_sync(
        lambda: snapshots.take(ctx.ports.repo, worktree, run=ctx.run_id, task=task_id, name=name)
    )
    ctx.append(
        ev.SnapshotTaken(name=name, tree=taken.tree, commit=taken.commit, ref=taken.ref, notes=()),
        task=task_id,
        phase="task",
    )
    return taken


async def judge(
    ctx: Context, task_id: str, worktree: Worktree, *, nobody: Callable[[], bool]
) -> Judgement:
    """EVAL: evidence first, then the manager's word, held to the bounds.

    Raises:
        Unanswered: the monitor interrupted the manager, and nobody is there to say how it goes on.
        Given: a person said that it does not.
    """
    task = ctx.task(task_id)
    number, waited = task.rounds, told(task)
    again = task.round_name == f"round-{number}"  # taken up in the middle of this judgement
    earlier = task.round_trees[:-1] if again else task.round_trees
    before = earlier[-1] if earlier else (task.base.tree if task.base else "")
    taken = await keep_round(ctx, task_id, worktree)
    results = await run_checks(
        ctx, task_id, where="round", tree=taken.tree, worktree=worktree, phase="task",
        reuse=not waited,  # what was waited for may be what a check looks at
    )  # fmt: skip
    task = ctx.task(task_id)
    stale = instructions.rounds_without_progress(task)
    if taken.tree == before:
        stale = max(stale, 1)
    request = JudgeRequest(
        task_id=task_id,
        title=task.spec.title,
        goal=task.spec.goal or task.spec.title,
        repository=worktree.path,
        round=max(1, number - task.rounds_before),
        max_rounds=ctx.ports.config.manager.max_rounds,
        worker_message=task.last_turn.message if task.last_turn else "",
        diff=await difference(ctx, task_id, worktree),
        checks=tuple(
            CheckOutcome(command=r.command, exit_code=r.exit_code, output_tail=r.tail)
            for r in results
        ),
        declared_checks=len(task.spec.checks),
        no_progress=stale,
        waited=waited,
        now=here(ctx.ports.clock.now_ms()).isoformat(timespec="minutes"),
        comments=instructions.comments(ctx, task_id),
        seed=ctx.run.options.seed,
        intent_word=ctx.ports.dictionary.intent_word("EVAL"),
    )

    async def progress(text: str) -> None:
        ctx.door.output(task_id, "manager", ctx.ports.redactor.text(text))

    answer = await ask_manager(
        ctx,
        lambda saw: ctx.manager.judge(request, progress, saw=saw),
        intent="EVAL",
        root=worktree.path,
        nobody=nobody,
        task=task_id,
        round_number=number,
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
            wait_until=judged.wait_until,
            wait_command=judged.wait_command,
        ),
        task=task_id,
        phase="task",
        actor="manager",
    )
    return judged
