"""Running a task's checks: on a named tree, in the sandbox, with the output kept as evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from makeitso.journal.boundary import permissions_of
from makeitso.protocol import events as ev
from makeitso.store.outputs import OutputFile
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.events import CheckPlace, CheckRan
    from makeitso.protocol.plan import Check
    from makeitso.protocol.words import PhaseName
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree


KILLED = frozenset({-9, -15, 137, 143})
"""Exit statuses of a command that SIGKILL or SIGTERM ended, as itself or as its shell says it."""


async def run_checks(
    ctx: Context,
    task_id: str,
    *,
    where: CheckPlace,
    tree: str,
    worktree: Worktree,
    phase: PhaseName | None,
    reuse: bool = False,
) -> list[CheckRan]:
    """Run every check of a task in a worktree, whose content is `tree`, and record each result.

    With `reuse`, a result of the same check on the same tree counts again instead of running it.
    What a check writes into the worktree is taken out again, so that it is no part of the change.
    """
    task = ctx.task(task_id)
    results: list[CheckRan] = []
    for number, check in enumerate(task.spec.checks, start=1):
        earlier = _earlier(task.checks, check, tree) if reuse else None
        if earlier is not None:
            result = earlier.model_copy(update={"where": where, "reused": True})
        else:
            result = await _on_tree(ctx, task_id, number, where=where, tree=tree, worktree=worktree)
            if result.exit_code in KILLED:
                # Somebody else ended it, mostly for want of memory: that says nothing of the tree.
                _say_again(ctx, task_id, result)
                result = await _on_tree(
                    ctx, task_id, number, where=where, tree=tree, worktree=worktree
                )
        ctx.append(result, task=task_id, phase=phase)
        results.append(result)
    return results


async def _on_tree(
    ctx: Context, task_id: str, number: int, *, where: CheckPlace, tree: str, worktree: Worktree
) -> CheckRan:
    """Run one check and put the worktree back to the tree."""
    check = ctx.task(task_id).spec.checks[number - 1]
    try:
        return await _run(ctx, task_id, check, number, where=where, tree=tree, root=worktree.path)
    finally:  # also of a check that is ended in the middle
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(restore, ctx.ports.repo, worktree, tree)


def _say_again(ctx: Context, task_id: str, result: CheckRan) -> None:
    reason = f"`{result.command}` was killed (exit status {result.exit_code})"
    now = ctx.ports.clock.now_ms()
    ctx.append(ev.RetryPlanned(what="check", attempt=1, at=now, reason=reason), task=task_id)
    ctx.note(f"{reason}; run once more", task=task_id, level="warning")


def _earlier(results: list[CheckRan], check: Check, tree: str) -> CheckRan | None:
    for found in reversed(results):
        if (found.command, found.cwd, found.tree) == (check.command, check.cwd, tree):
            return found if found.exit_code is not None else None
    return None


async def _run(
    ctx: Context,
    task_id: str,
    check: Check,
    number: int,
    *,
    where: CheckPlace,
    tree: str,
    root: Path,
) -> CheckRan:
    output = OutputFile(
        ctx.ports.places.artifacts, f"{ctx.folder(task_id)}/checks/{where}-{number}.log"
    )
    redaction = ctx.ports.redactor.stream()
    may = permissions_of(ctx.run, ctx.task(task_id))
    ctx.door.output(task_id, "check", f"$ {check.command}\n")

    def take(clean: bytes) -> None:
        if clean:
            output.write(clean)
            ctx.door.output(task_id, "check", clean.decode("utf-8", "replace"))

    async def on_output(channel: str, data: bytes) -> None:
        del channel  # people read both as one
        take(redaction.feed(data))

    try:
        outcome = await ctx.ports.checks.run(
            check.command,
            cwd=root / check.cwd,
            root=root,
            timeout_s=check.timeout_s,
            network=may.network == "auto" and "network" not in ctx.run.options.halt_on,
            on_output=on_output,
        )
        take(redaction.close())
        ref = output.mark()
    finally:
        output.drop()
    return ev.CheckRan(
        command=check.command,
        cwd=check.cwd,
        where=where,
        tree=tree,
        exit_code=outcome.exit_code,
        timed_out=outcome.timed_out,
        duration_ms=outcome.duration_ms,
        sandboxed=ctx.ports.checks.sandboxed,
        output=ref,
        tail=ctx.ports.redactor.text(outcome.tail),
    )
