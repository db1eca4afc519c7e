"""The question at a phase boundary, with the difference so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.boundary import policy_of
from makeitso.policy.digest import approval_digest
from makeitso.protocol.words import PHASES
from makeitso.runs.ask import ask, withdraw
from makeitso.workspace.patches import stat

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context


@dataclass(frozen=True)
class _Told:
    """What the question says of a task."""

    tree: str
    lines: tuple[str, ...]


async def ask_phase(ctx: Context, tasks: tuple[str, ...], phase: PhaseName) -> None:
    """One question for all tasks that stand at this boundary together.

    Those that came to it before and still wait are asked about anew with them: their question falls
    away, unless a person is at it right now.
    """
    open_before = _open_there(ctx, tasks, phase)
    told = {name: await _told(ctx, name) for known in open_before for name in known.tasks}
    told |= {name: await _told(ctx, name) for name in tasks}
    # From here on nothing is awaited: nobody else asks about a task whose question is withdrawn.
    joined: list[str] = []
    for known in _open_there(ctx, tasks, phase):
        waiting = [name for name in known.tasks if ctx.task(name).ended is None]
        fresh = told.keys() >= set(waiting)
        if fresh and withdraw(ctx, known.id, reason=f"asked anew with {', '.join(tasks)}"):
            joined += waiting
    asked = tuple(dict.fromkeys((*joined, *tasks)))
    names = ", ".join(asked)
    trees = " ".join(told[name].tree for name in asked if told[name].tree)
    ask(
        ctx,
        kind="phase",
        subject=f"enter {phase} with {names}",
        detail="\n".join(line for name in asked for line in told[name].lines),
        digest=approval_digest("phase", f"{ctx.run_id} {phase} {names}", base_tree=trees),
        tasks=asked,
        enters=phase,
        scopes=("once", "task", "until-red", "run"),
    )


async def _told(ctx: Context, task_id: str) -> _Told:
    task = ctx.task(task_id)
    head = f"{task_id}  {task.spec.title}"
    if task.base is None or task.change is None:
        return _Told(tree="", lines=(head,))
    tree = task.change.tree
    stats = await to_thread.run_sync(stat, ctx.ports.repo, task.base.tree, tree)
    return _Told(tree=tree, lines=(head, *(f"    {line}" for line in stats.splitlines())))


def _open_there(ctx: Context, tasks: tuple[str, ...], phase: PhaseName) -> list[Approval]:
    """Open questions at the same boundary that may be asked anew; with `manual` none may."""
    if any(_by_itself(ctx, name, phase) for name in tasks):
        return []
    return [
        known
        for known in ctx.run.pending
        if (known.kind, known.phase) == ("phase", phase)
        and known.id != ctx.door.asking()
        and not any(_by_itself(ctx, name, phase) for name in known.tasks)
    ]


def _by_itself(ctx: Context, task_id: str, phase: PhaseName) -> bool:
    """Whether a task is asked about alone at a boundary, with its difference."""
    left = PHASES[PHASES.index(phase) - 1]
    return policy_of(ctx.run, ctx.task(task_id), left) == "manual"
