"""`mis review` without an action: the loop on a terminal, a list for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.cli.review.foreign import FromOption, from_source
from makeitso.cli.review.listing import exit_code, list_hunks
from makeitso.cli.review.selecting import OPEN, RunOption, TaskOption, select
from makeitso.cli.workspace import opened
from makeitso.errors import UsageError

if TYPE_CHECKING:
    from makeitso.cli.console import Console
    from makeitso.cli.review.listing import Form
    from makeitso.cli.review.selecting import Reviewed
    from makeitso.wiring import Bridge

_QUICKFIX = "Write `path:line:col: text` and the hunk, as editors read it."


def review(
    ctx: typer.Context,
    run: RunOption = "",
    task: TaskOption = "",
    source: FromOption = "",
    tool: Annotated[
        str,
        typer.Option(
            metavar="TOOL",
            help="Show each file in a difference tool, such as `nvim -d`, a name git knows, or "
            "default; what is saved is accepted.",
        ),
    ] = "",
    quickfix: Annotated[bool, typer.Option("--quickfix", help=_QUICKFIX)] = False,
    stat: Annotated[bool, typer.Option("--stat", help="Count lines and hunks by file.")] = False,
    name_only: Annotated[bool, typer.Option("--name-only", help="Write paths only.")] = False,
    tell: Annotated[
        bool,
        typer.Option("--exit-code", help="Only list; exit with 3 if hunks wait, 1 on conflicts."),
    ] = False,
    only_new: Annotated[
        bool, typer.Option("--new", help="Only hunks that nobody has looked at yet.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Go through changes hunk by hunk; accept, reject, land.

    Exit codes: 0 done; with --exit-code, 3 if hunks wait and 1 if some are in conflict; 2 usage.
    """
    if ctx.invoked_subcommand is not None:
        if any((run, task, source, tool, quickfix, stat, name_only, tell, only_new)):
            raise UsageError(
                "mis review: options stand behind the action",
                hint=f"mis review {ctx.invoked_subcommand} … --run RUN --task TASK",
            )
        return 0
    if source and (run or task):
        raise UsageError("--from names the change, so --run and --task do not", hint="either one")
    form = _form(quickfix=quickfix, stat=stat, name_only=name_only)
    context = context_of(ctx)
    with opened(context) as bridge:
        if source:
            found = from_source(bridge, context, source)
            if not found:
                return 0
        else:
            found = select(bridge, run=run, task=task)
        if tool:
            from makeitso.cli.review.tool import review_with_tool

            review_with_tool(bridge, context.console, found, named=tool)
            return _after(bridge, context.console, found)
        if context.console.interactive and form is None and not tell:
            return _loop(bridge, context.console, found, only_new=only_new)
        list_hunks(bridge, context.console, found, form=form or "lines", only_new=only_new)
        return exit_code(found) if tell else 0


def _form(*, quickfix: bool, stat: bool, name_only: bool) -> Form | None:
    """The form that was asked for; None: none was.

    Raises:
        UsageError: several were.
    """
    forms: dict[Form, bool] = {"quickfix": quickfix, "stat": stat, "names": name_only}
    asked: list[Form] = [form for form, wanted in forms.items() if wanted]
    if len(asked) > 1:
        raise UsageError("--quickfix, --stat and --name-only are one or the other")
    return asked[0] if asked else None


def _loop(bridge: Bridge, console: Console, found: list[Reviewed], *, only_new: bool) -> int:
    open_ones = [(r, t) for r, t in found if set(OPEN) & set(t.hunks.values())]
    if not open_ones:
        console.note("nothing to review")
        return 0
    from makeitso.cli.review.loop import review_task

    for run, task in open_ones:
        if not review_task(bridge, console, run.id, task.id, only_new=only_new):
            break
    return _after(bridge, console, open_ones)


def _after(bridge: Bridge, console: Console, found: list[Reviewed]) -> int:
    """Land what is decided, unless nothing was: then looking has left no trace."""
    kept = set(bridge.journal.run_ids()) if bridge.has_journal else set[str]()
    from makeitso.cli.review.settling import settle  # the first hunk need not wait for it

    if all(run.id not in kept for run, _ in found):
        return 0
    bridge.book.refresh()
    tasks = [bridge.book.run(run.id).tasks[task.id] for run, task in found if run.id in kept]
    accepted = [name for task in tasks for name, state in task.hunks.items() if state == "accepted"]
    return settle(bridge, console, accepted=accepted)
