"""`mis review fix`: a change goes back to its worker with what was said to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import anyio
import typer

from makeitso import wiring
from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.driving import drive
from makeitso.cli.review.commenting import line_of
from makeitso.cli.review.selecting import RunOption
from makeitso.cli.workspace import ensure_trusted, opened
from makeitso.errors import NotFoundError, StateError, UsageError
from makeitso.journal.conversation import may_go_back, unsent
from makeitso.protocol.counts import counted
from makeitso.runs import commenting
from makeitso.runs.sending_back import send_back

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.wiring import Bridge


def register(group: typer.Typer) -> None:
    """Add the action."""
    group.command("fix")(fix)


def fix(
    ctx: typer.Context,
    task: Annotated[
        str, typer.Argument(metavar="TASK", help="The one with comments if left out.")
    ] = "",
    message: Annotated[
        str, typer.Option("-m", "--message", metavar="TEXT", help="One more comment, on all of it.")
    ] = "",
    run: RunOption = "",
    json: JsonFlag = False,
) -> int:
    """Send a change back to its worker with your comments; it takes another turn.

    Accepted hunks stay and keep their marks, open ones stay, rejected ones are taken out. The run
    goes on here, or in the process that drives it.
    """
    context = context_of(ctx)
    ensure_trusted(context)
    with opened(context) as bridge:
        found, chosen = which(bridge, run=run, task=task, message=message)
        owner = bridge.owner
        driven = owner is not None and found.active and found.paused is None
        if not driven:
            anyio.run(wiring.preflight, bridge)
        pair = (found.id, chosen.id)
        if message:
            commenting.comment(
                bridge.book, bridge.repo, task=pair, text=message, redact=bridge.redactor.text
            )
        sent = send_back(
            bridge.book,
            bridge.repo,
            task=pair,
            max_rounds=bridge.config.review.max_rounds,
            redact=bridge.redactor.text,
        )
        for said in commenting.comments(bridge.book, run=found.id, task=chosen.id):
            if said.id in sent.comments:
                context.console.note(line_of(said))
        taken = f"; {len(sent.rejected)} rejected taken out" if sent.rejected else ""
        open_ones = counted(len(sent.open), "open hunk")
        kept = f"{len(sent.accepted)} accepted and {open_ones} stay{taken}"
        context.console.note(f"{chosen.id} goes back to its worker: {kept}")
        if driven and owner is not None:
            context.console.data({"run": found.id, "task": chosen.id, "owner": owner.pid})
            return 0
        return drive(bridge, context.console, found.id, resume=True)


def which(bridge: Bridge, *, run: str, task: str, message: str) -> tuple[RunState, TaskState]:
    """The change that is meant: the one named, or the newest that there is something to say to.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: nothing is in review, or nothing was said.
        UsageError: several could be meant.
    """
    if not bridge.has_journal:
        raise StateError("nothing is in review", hint='start with `mis run "goal"`')
    bridge.book.refresh()
    runs = [bridge.book.run(run)] if run else list(bridge.book.runs.values())
    named = [(r, t) for r in runs for t in r.tasks.values() if t.id == task]
    if task:
        if not named:
            raise NotFoundError(f"there is no task {task}", hint="`mis status` shows the tasks")
        return next((pair for pair in reversed(named) if not may_go_back(pair[1])), named[-1])
    able = [(r, t) for r in runs for t in r.tasks.values() if not may_go_back(t) and t.reviewing]
    said = [(r, t) for r, t in able if unsent(t) or "rejected" in t.hunks.values()]
    chosen = able if message and len(able) == 1 else said
    if not chosen:
        raise StateError(
            "there is nothing to tell a worker" if able else "nothing is in review",
            hint="`mis review comment ID TEXT` says what is to be different",
        )
    if len(chosen) > 1:
        names = ", ".join(f"{t.id} of {r.id}" for r, t in chosen)
        raise UsageError(f"several changes have comments: {names}", hint="mis review fix TASK")
    return chosen[0]
