"""PLAN: from a goal to a plan document, and the question whether it may run."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.errors import PlanError
from makeitso.managers.facts import repository_facts
from makeitso.managers.port import PlanRequest
from makeitso.plans.digest import plan_digest, task_digest
from makeitso.plans.draft import plan_of_draft
from makeitso.plans.read import read_text
from makeitso.plans.slug import stem
from makeitso.plans.write import write
from makeitso.protocol import events as ev
from makeitso.runs.ask import ask
from makeitso.store.outputs import keep
from makeitso.workspace import listing

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.plan import Plan
    from makeitso.runs.book import Book
    from makeitso.runs.context import Context
    from makeitso.runs.ports import Ports


async def make_plan(ctx: Context) -> None:
    """Write the plan document, or read the one the person gave.

    Raises:
        PlanError: the given document cannot run; the problems are in the data.
        ModelError: the manager failed or answered what is not a plan.
    """
    given = ctx.run.plan_path
    if given is not None:
        record_plan(ctx, ctx.ports.places.root / given)
        return

    async def progress(text: str) -> None:
        ctx.door.output("", "manager", ctx.ports.redactor.text(text))

    paths, documents = await to_thread.run_sync(listing.overview, ctx.ports.repo)
    answer = await ctx.manager.plan(
        PlanRequest(
            goal=ctx.run.goal,
            repository=ctx.ports.places.root,
            facts=ctx.ports.redactor.text(repository_facts(paths, documents)),
            policy=ctx.run.options.policy,
            seed=ctx.run.options.seed,
        ),
        progress,
    )
    ctx.append(
        ev.UsageCounted(
            source="manager",
            input_tokens=answer.spent.input_tokens,
            output_tokens=answer.spent.output_tokens,
        ),
        actor="manager",
    )
    path = new_plan_path(ctx, answer.value.title or ctx.run.goal)
    plan = plan_of_draft(answer.value, plan_id=path.name.removesuffix(".plan.md"))
    keep(path.parent, path.name, ctx.ports.redactor.text(write(plan)).encode("utf-8"))
    record_plan(ctx, path, prompt_digest=answer.prompt_digest, attempts=answer.attempts)


def new_plan_path(ctx: Context, title: str) -> Path:
    """A path for a new plan document that does not exist yet, its directory made."""
    folder = ctx.ports.places.dot / "plans"
    folder.mkdir(parents=True, exist_ok=True)
    taken = {path.name.removesuffix(".plan.md") for path in folder.glob("*.plan.md")}
    day = dt.datetime.fromtimestamp(ctx.ports.clock.now_ms() / 1000).astimezone().date()
    return folder / f"{stem(title, day=day, taken=taken)}.plan.md"


def record_plan(ctx: Context, path: Path, *, prompt_digest: str = "", attempts: int = 0) -> None:
    """Read a plan document and record what it says now.

    Raises:
        PlanError: it cannot run.
    """
    plan = runnable(path, ctx.ports.places.root)
    ctx.append(
        ev.PlanMade(
            path=path.relative_to(ctx.ports.places.root).as_posix(),
            plan=plan,
            digest=plan_digest(plan),
            task_digests={task.id: task_digest(task) for task in plan.tasks},
            prompt_digest=prompt_digest,
            attempts=attempts,
        ),
        actor="manager" if prompt_digest else "person",
    )


def refresh_plan(ports: Ports, book: Book, run_id: str) -> None:
    """After a pause: if the person edited the plan meanwhile, its new text must be approved.

    Raises:
        PlanError: it cannot run any more.
    """
    run = book.run(run_id)
    if run.plan is None or run.plan_path is None:
        return
    plan = runnable(ports.places.root / run.plan_path, ports.places.root)
    digest = plan_digest(plan)
    if digest == run.plan_digest:
        return
    ports.journal.append(
        ev.PlanMade(
            path=run.plan_path,
            plan=plan,
            digest=digest,
            task_digests={task.id: task_digest(task) for task in plan.tasks},
        ),
        actor="person",
        run=run_id,
    )


def runnable(path: Path, root: Path) -> Plan:
    """The meaning of a plan document that has no errors.

    Raises:
        PlanError: it is not there, not text, or has errors; the first is in the message.
    """
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise PlanError(f"cannot read the plan {shown}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PlanError(
            f"the plan {shown} is not UTF-8 text (byte {error.start})",
            hint="save it as UTF-8",
        ) from error
    found = read_text(text, plan_id=path.name.removesuffix(".plan.md"))
    plan = found.plan
    errors = [p for p in found.problems if p.severity == "error"]
    if errors:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise PlanError(
            f"{shown}:{first.span.line + 1}:{first.span.column + 1}: {first.message}{more}",
            hint=f"edit {shown}, then run it again",
            data={"diagnostics": [p.model_dump(mode="json") for p in errors]},
        )
    if not [task for task in plan.tasks if not task.done]:
        raise PlanError(
            f"{shown} has no open task",
            hint="add a line like `- [ ] **T1** what to do`, or untick a box to run it again",
        )
    return plan


def ask_plan(ctx: Context) -> None:
    """Put the plan before a person; the answer holds for exactly this text."""
    run = ctx.run
    plan = run.plan
    if plan is None:
        return
    lines = [
        f"{task.id}  {task.title}"
        + (f"  (done when: {'; '.join(c.command for c in task.checks)})" if task.checks else "")
        for task in run.tasks.values()
        for task in [task.spec]
    ]
    for open_one in run.pending:
        if open_one.kind == "plan":
            ctx.append(ev.ApprovalVoided(id=open_one.id, reason="the plan changed"))
    ask(
        ctx,
        kind="plan",
        subject=f"run {run.plan_path}: {plan.title}",
        detail="\n".join(lines),
        digest=run.plan_digest,
    )
