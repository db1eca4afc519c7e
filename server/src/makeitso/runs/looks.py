"""One look at a command that is waited for: whether it may run, and how it ends.

It runs in the sandbox like a check, and may write nowhere but in a directory of its own that is
gone when it ends: waiting changes neither the workspace nor what the worker made.
"""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.boundary import permissions_of
from makeitso.policy.commands import Rules, judge
from makeitso.policy.shell_paths import Place
from makeitso.store.outputs import OutputFile

if TYPE_CHECKING:
    from makeitso.journal.timers import WaitState
    from makeitso.protocol.events import OutputRef
    from makeitso.runs.context import Context
    from makeitso.workers.port import CommandOutcome

LONGEST_LOOK_S = 600.0
"""A command that takes longer has not succeeded."""
KEPT_BYTES = 64_000
"""Of the output of one look: a wait may take thousands."""
TAIL_CHARS = 2_000


def objection(ctx: Context, task_id: str, wait: WaitState) -> str:
    """Why the command may not run, whoever wants it; empty: nothing is known against it."""
    here = _here(ctx, task_id, wait)
    denying = ctx.ports.rules().denying(str(ctx.ports.places.root))
    rules = Rules(
        deny=tuple(rule.pattern for rule in denying),
        dangerous=ctx.ports.monitor().dangerous_regexes,
    )
    place = Place(cwd=str(here), root=str(_root(ctx, task_id)))
    verdict = judge(wait.started.wait.command or "", place=place, rules=rules)
    return verdict.reason if verdict.stops else ""


async def look(
    ctx: Context, task_id: str, wait: WaitState, *, left_s: float
) -> tuple[CommandOutcome, OutputRef]:
    """Run the command once.

    Args:
        ctx: the run.
        task_id: the task that waits.
        wait: what it waits for.
        left_s: seconds the wait still takes; the look takes no longer, but a second at least.

    Raises:
        EnvironmentFault: the sandbox is unavailable.
        StoreError: its output cannot be kept.
    """
    output = OutputFile(ctx.ports.places.artifacts, f"{ctx.folder(task_id)}/waits/{wait.id}.log")
    redaction = ctx.ports.redactor.stream()
    room = KEPT_BYTES

    def take(clean: bytes) -> None:
        nonlocal room
        kept = clean[: max(0, room)]
        room -= len(kept)
        if kept:
            output.write(kept)

    async def on_output(channel: str, data: bytes) -> None:
        del channel  # people read both as one
        take(redaction.feed(data))

    may = permissions_of(ctx.run, ctx.task(task_id))
    here = _here(ctx, task_id, wait)
    scratch = await to_thread.run_sync(_scratch, ctx.ports.places.tmp)
    try:
        outcome = await ctx.ports.checks.run(
            f"cd {shlex.quote(str(here))} || exit\n{wait.started.wait.command}",
            cwd=Path(scratch.name),
            root=Path(scratch.name),
            timeout_s=min(LONGEST_LOOK_S, max(1.0, left_s)),
            network=may.network == "auto" and "network" not in ctx.run.options.halt_on,
            on_output=on_output,
        )
        take(redaction.close())
        return outcome, output.mark()
    finally:
        output.drop()
        scratch.cleanup()


def _scratch(tmp: Path) -> tempfile.TemporaryDirectory[str]:
    tmp.mkdir(parents=True, exist_ok=True, mode=0o700)
    return tempfile.TemporaryDirectory(prefix="look-", dir=tmp, ignore_cleanup_errors=True)


def _root(ctx: Context, task_id: str) -> Path:
    """Where a task is at home: its worktree, or the workspace before it has one."""
    worktree = ctx.task(task_id).worktree
    return Path(worktree) if worktree is not None else ctx.ports.places.root


def _here(ctx: Context, task_id: str, wait: WaitState) -> Path:
    return _root(ctx, task_id) / wait.started.wait.cwd
