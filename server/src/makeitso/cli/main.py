"""The entry of `mis`: options of all verbs, and the boundary where every error gets its answer.

Exit codes: 0 done, 1 failed, 2 usage, config or trust, 3 stopped and waiting for a person,
4 budget reached, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso import __version__
from makeitso.cli import verbs
from makeitso.cli.console import Console
from makeitso.cli.context import Context, context_of
from makeitso.cli.innermost import innermost
from makeitso.errors import MisError, UsageError
from makeitso.plans.collecting import collect_seldom

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130

app = typer.Typer(
    cls=verbs.VerbGroup,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"mis {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _root(  # pyright: ignore[reportUnusedFunction] -- typer calls it
    ctx: typer.Context,
    directory: Annotated[
        Path | None, typer.Option("-C", metavar="DIR", help=verbs.DIRECTORY_HELP)
    ] = None,
    override: Annotated[
        list[str] | None, typer.Option("-c", metavar="KEY=VALUE", help=verbs.OVERRIDE_HELP)
    ] = None,
    profile: Annotated[
        str, typer.Option("--profile", metavar="NAME", help=verbs.PROFILE_HELP)
    ] = "",
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """State a goal; agents do the work in isolation; you decide hunk by hunk."""
    ctx.obj = replace(
        context_of(ctx), directory=directory, overrides=tuple(override or ()), profile=profile
    )
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def main(argv: Sequence[str] | None = None) -> int:
    """Run `mis` and return its exit code; no exception leaves."""
    collect_seldom()
    args = list(sys.argv[1:] if argv is None else argv)
    before_dashes = args[: args.index("--")] if "--" in args else args
    console = Console(as_json="--json" in before_dashes)
    code = _run(args, console)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return _reader_gone()
    return code


def _run(args: list[str], console: Console) -> int:
    try:
        result: object = app(
            args, prog_name="mis", standalone_mode=False, obj=Context(console=console)
        )
    except BaseException as error:  # noqa: BLE001 -- the boundary of the program
        return _answer(error, console)
    return result if isinstance(result, int) else 0


def _answer(error: BaseException, console: Console) -> int:
    """Say what an error means to a person, or to a script, and give its exit code."""
    cause = innermost(error)
    match cause:
        case MisError():
            return console.report(cause)
        case typer.TyperException() if not cause.format_message():
            return cause.exit_code  # a group called without its command: help has been shown
        case typer.TyperException():
            usage = UsageError(cause.format_message(), hint="`mis --help` shows what there is.")
            return console.report(usage)
        case KeyboardInterrupt() | typer.Abort():
            console.note("interrupted")
            return INTERRUPTED
        case BrokenPipeError():
            return 1  # the flush in `main` finds it closed once more
        case SystemExit():
            return cause.code if isinstance(cause.code, int) else int(cause.code is not None)
        case Exception():
            from makeitso.cli.crash import report_crash

            return report_crash(cause, console)
        case _:
            raise cause


def _reader_gone() -> int:
    """The reader of stdout went away, as `head` does: nothing can be said to it, now or at exit."""
    # Python flushes stdout once more at exit and would complain about the closed pipe.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
    return 1
