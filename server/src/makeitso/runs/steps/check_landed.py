"""The checks on what the workspace is after a landing: timed, and within the ceilings on time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.runs.ceilings import TIME, bounded
from makeitso.runs.checks import run_checks
from makeitso.runs.rounds.endings import Given
from makeitso.runs.steps.bootstrap import ensure_worktree
from makeitso.workspace import snapshots
from makeitso.workspace.restore import restore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree

DENIED = "what landed stays, and its checks do not come to their end."


async def check_landed(ctx: Context, task_id: str, *, nobody: Callable[[], bool]) -> None:
    """Run the checks on the result of a landing; their time is time at work on the task.

    At a ceiling they are ended and a person is asked; denied, they stay without a result. Of a task
    that has ended they are counted and not bounded: nothing goes on that a ceiling could stop, and
    somebody has just landed by hand and wants to know.

    Raises:
        Unanswered: a person must decide first and nobody is there.
    """
    with ctx.meter.running(task_id):
        if ctx.task(task_id).ended is not None:
            await _check(ctx, task_id, nobody=nobody)
            return
        try:
            await bounded(
                ctx,
                lambda: _check(ctx, task_id, nobody=nobody),
                task=task_id,
                phase=None,
                nobody=nobody,
                measures=TIME,
                denied=DENIED,
            )
        except Given as given:
            _without_result(ctx, task_id, given.reason)


def _without_result(ctx: Context, task_id: str, reason: str) -> None:
    """Record of each check that has not run since the landing that it was ended."""
    task = ctx.task(task_id)
    for check in task.spec.checks:
        if (check.command, check.cwd) in task.checked_since_landing:
            continue
        ended = ev.CheckRan(
            command=check.command,
            cwd=check.cwd,
            where="landed",
            tree="",
            exit_code=None,
            duration_ms=0,
            sandboxed=ctx.ports.checks.sandboxed,
            tail=f"ended: {reason}",
        )
        ctx.append(ended, task=task_id)
    ctx.note(f"not checked after landing: {reason}", task=task_id, level="warning")


def _unsaved(ctx: Context, task_id: str) -> dict[str, str]:
    """Text of the files that landed in an editor and are not saved yet: it is what is there now."""
    landed = {path for landing in ctx.task(task_id).landings for path in landing.files}
    opened = {path: ctx.ports.editor.open_document(path) for path in sorted(landed)}
    return {path: doc.text for path, doc in opened.items() if doc is not None and doc.dirty}


async def _check(ctx: Context, task_id: str, *, nobody: Callable[[], bool]) -> None:
    """Run the checks on what the workspace is now, in the task's worktree.

    A file that landed in an open document counts as the editor has it, saved or not.

    When all of a change landed on an unmoved workspace the tree is the proposal's, and its result
    counts again.
    """
    task = ctx.task(task_id)
    if task.base is None:
        return
    name = f"landed-{len(task.landings)}"
    unsaved = _unsaved(ctx, task_id)

    def snapshot(place: Path | Worktree) -> snapshots.Snapshot:
        return snapshots.take(ctx.ports.repo, place, run=ctx.run_id, task=task_id, name=name)

    now = await to_thread.run_sync(snapshot, ctx.ports.places.root)
    worktree = await ensure_worktree(ctx, task_id, task.base, nobody=nobody)
    await to_thread.run_sync(restore, ctx.ports.repo, worktree, now.tree)
    if unsaved:
        for path, text in unsaved.items():
            (worktree.path / path).write_bytes(text.encode("utf-8", "surrogatepass"))
        now = await to_thread.run_sync(snapshot, worktree)
    ctx.append(
        ev.SnapshotTaken(name=name, tree=now.tree, commit=now.commit, ref=now.ref), task=task_id
    )
    results = await run_checks(
        ctx, task_id, where="landed", tree=now.tree, worktree=worktree, phase=None, reuse=True
    )
    red = [result.command for result in results if not result.passed]
    if red:
        ctx.note(
            f"red on the workspace after landing: {'; '.join(red)}", task=task_id, level="warning"
        )
