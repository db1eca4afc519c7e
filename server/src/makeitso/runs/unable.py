"""A check whose program is missing: a person is asked before anything is spent, `--yes` or not.

With `--yes` the work would be done and paid for, and could never be proved. What a task may be
about to make is not asked about: a path that is nowhere yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.policy.digest import approval_digest
from makeitso.runs.ask import ask, decided
from makeitso.runs.cannot_run import missing_program
from makeitso.runs.rounds.alarms import goes_on
from makeitso.runs.rounds.endings import Given, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import CheckRan
    from makeitso.runs.context import Context

GO_ON, STOP = "go on", "stop the task"


async def ask_unable(
    ctx: Context, task_id: str, results: Iterable[CheckRan], *, nobody: Callable[[], bool]
) -> None:
    """Return when the task may go on, although a check of it cannot run on its base.

    One question a command of a run: what was answered for one task holds for the others.

    Raises:
        Unanswered: a person must decide first and nobody is there.
        Given: a person stopped the task.
    """
    for result in results:
        program = missing_program(result)
        if not program or not _stays_missing(ctx.ports.places.root, program):
            continue
        answered = await decided(ctx, _question(ctx, task_id, result, program).id, unless=nobody)
        if answered is None:
            raise Unanswered
        if not goes_on(answered):
            raise Given(f"stopped by {answered.who}: `{result.command}` cannot run here")


def _stays_missing(root: Path, program: str) -> bool:
    """Whether no work in a worktree brings it: it is looked for in PATH, or git ignores it here."""
    return "/" not in program or (not program.startswith("/") and (root / program).exists())


def _question(ctx: Context, task_id: str, result: CheckRan, program: str) -> Approval:
    subject = f"`{result.command}` cannot run in a worktree: {program} is not there. Go on?"
    digest = approval_digest("question", f"{ctx.run_id} {subject}")
    for known in reversed(ctx.run.approvals.values()):
        if known.digest == digest and known.state in ("pending", "granted", "denied"):
            return known
    return ask(
        ctx,
        kind="question",
        subject=subject,
        detail="Nothing is spent yet, and as it is the check will prove nothing. `[bootstrap]"
        " commands` make an environment in a worktree, `[bootstrap] copy` brings files that git"
        " ignores: for those, stop and start the task again."
        f'\n"{GO_ON}": the task is worked on as it is.\n"{STOP}": the task fails.',
        digest=digest,
        tasks=(task_id,),
        choices=(GO_ON, STOP),
    )
