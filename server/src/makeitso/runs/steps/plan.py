"""PLAN: the document a run goes by, and the question whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import BudgetExceeded, PlanError
from makeitso.plans.digest import plan_digest, task_digest
from makeitso.plans.write import write
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask
from makeitso.runs.asking import ask_manager
from makeitso.runs.ceilings import bounded
from makeitso.runs.outlook import outlook, refusal
from makeitso.runs.plan_words import described
from makeitso.runs.planning import draft_plan, place, runnable, runnable_text
from makeitso.runs.rounds.endings import Given
from makeitso.runs.steps.ending import end_task

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from makeitso.managers.port import Answer, PlanRequest
    from makeitso.protocol.plan import Plan, PlanDraft
    from makeitso.runs.book import Book
    from makeitso.runs.context import Context
    from makeitso.runs.ports import Ports


async def make_plan(ctx: Context, *, nobody: Callable[[], bool]) -> None:
    """Have the plan made and write its document, or read the one the person gave.

    The plan is recorded before its document is written: it cost tokens, and a document that a
    crash kept from being written is made again from the record (`refresh_plan`).

    Raises:
        Unanswered: the monitor interrupted the manager, and nobody is there to say how it goes on.
        PlanError: the given document cannot run; the problems are in the data.
        BudgetExceeded: a ceiling was reached, and a person does not raise it.
        ModelError: the manager failed or answered what is not a plan.
    """
    root = ctx.ports.places.root
    given = ctx.run.plan_path
    if given is not None:
        ctx.append(_made(ctx.ports, root / given), actor="person")
        return
    ports = ctx.ports

    async def progress(text: str) -> None:
        ctx.door.output("", "manager", ctx.ports.redactor.text(text))

    def asked(request: PlanRequest) -> Awaitable[Answer[PlanDraft]]:
        def ask_once() -> Awaitable[Answer[PlanDraft]]:
            return ask_manager(
                ctx,
                lambda saw: ctx.manager.plan(request, progress, saw=saw),
                intent="PLAN",
                root=root,
                nobody=nobody,
            )

        return bounded(ctx, ask_once, task=None, phase=None, nobody=nobody)

    goal, options = ctx.run.goal, ctx.run.options
    try:
        drafted = await draft_plan(ports, asked, goal=goal, options=options)
    except Given as given:
        raise BudgetExceeded(given.reason, hint="run it again with a higher ceiling") from given
    try:
        plan = runnable_text(drafted.text, drafted.path, root, ports.config)
    except PlanError:
        place(ports, drafted.path, drafted.text)  # the way out is to edit it
        raise
    made = _made_of(plan, drafted.path, root).model_copy(
        update={
            "prompt_digest": drafted.answer.prompt_digest,
            "attempts": drafted.answer.attempts,
        }
    )
    ctx.append(made, actor="manager")
    place(ports, drafted.path, drafted.text)


def refresh_plan(ports: Ports, book: Book, run_id: str) -> None:
    """If the person edited the plan meanwhile, its new text must be approved.

    A task whose own text changed after work on it began stops; what it made can still be reviewed.

    Raises:
        PlanError: it cannot run any more.
    """
    run = book.run(run_id)
    if run.plan is None or run.plan_path is None:
        return
    path = ports.places.root / run.plan_path
    if run.plan_unseen and not path.exists():
        place(ports, path, write(run.plan))
    made = _made(ports, path, ended=True)
    if made.digest == run.plan_digest:
        return
    for task in run.tasks.values():
        if task.started and not task.ended and made.task_digests.get(task.id) != task.digest:
            reason = "its text in the plan was edited after work on it began"
            end_task(ports.journal, run, task.id, "stopped", reason)
    ports.journal.append(made, actor="person", run=run_id)


async def ask_plan(ctx: Context) -> None:
    """Put the plan before a person; the answer holds for exactly this text."""
    run = ctx.run
    plan = run.plan
    if plan is None:
        return
    for open_one in run.pending:
        if open_one.kind == "plan":
            ctx.append(ev.ApprovalVoided(id=open_one.id, reason="the plan changed"))
    ports = ctx.ports
    lines = described(run, pause_s=ports.config.wait.pre_task_wait_s)
    seen = await to_thread.run_sync(
        lambda: outlook(
            ports.repo,
            ports.places.root,
            ports.config.bootstrap,
            refuse=refusal(ports.redactor),
        )
    )
    lines += [ports.redactor.text(line) for line in seen.lines]
    ask(
        ctx,
        kind="plan",
        subject=f"run {run.plan_path}: {plan.title}",
        detail="\n".join(lines),
        digest=run.plan_digest,
    )


def _made(ports: Ports, path: Path, *, ended: bool = False) -> ev.PlanMade:
    root = ports.places.root
    return _made_of(runnable(path, root, ports.config, ended=ended), path, root)


def _made_of(plan: Plan, path: Path, root: Path) -> ev.PlanMade:
    return ev.PlanMade(
        path=path.relative_to(root).as_posix(),
        plan=plan,
        digest=plan_digest(plan),
        task_digests={task.id: task_digest(task) for task in plan.tasks},
    )
