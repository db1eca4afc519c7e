"""`mis learn`: patterns from output that nothing explains, proposed, proved, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from makeitso.cli import completing
from makeitso.cli.context import JsonFlag, context_of
from makeitso.errors import UsageError

MODES = ("shadow", "canary", "auto")
PROPOSERS = ("offline", "manager")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("learn")(learn)


def _modes(incomplete: str) -> list[str]:
    return [name for name in MODES if name.startswith(incomplete)]


def _proposers(incomplete: str) -> list[str]:
    return [name for name in PROPOSERS if name.startswith(incomplete)]


def learn(
    ctx: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN|LOG]...",
            help="Runs, or log files each read as a run; none: the latest runs.",
            autocompletion=completing.runs,
        ),
    ] = None,
    check: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Say what is wrong in a pattern library or proposal; repeatable."
        ),
    ] = None,
    mode: Annotated[
        str,
        typer.Option(
            metavar="MODE",
            help="Let in by itself what passes: shadow (nothing), canary, auto; else as set.",
            autocompletion=_modes,
        ),
    ] = "",
    proposer: Annotated[
        str,
        typer.Option(
            metavar="WHO",
            help="Who proposes: offline (no model), or manager (redacted samples are sent to it).",
            autocompletion=_proposers,
        ),
    ] = "offline",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing.")] = False,
    ci: Annotated[
        bool,
        typer.Option(
            "--ci", help="Check golden logs, learn from them too, let nothing in; exit 3: proposed."
        ),
    ] = False,
    rollback: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="Take an applied proposal back.",
            autocompletion=completing.proposals,
        ),
    ] = "",
    because: Annotated[str, typer.Option(help="With --rollback: why; kept.")] = "",
    history: Annotated[
        bool, typer.Option("--history", help="Show all that was proposed and decided.")
    ] = False,
    json: JsonFlag = False,
) -> int:
    """Learn patterns from output that nothing explains.

    Exit code 0: done; 1: with --check a file has errors, with --ci a golden log reads differently;
    3: with --ci there are proposals.
    """
    context = context_of(ctx)
    named = sources or []
    _refuse_mixed(
        check=bool(check), ci=ci, rollback=bool(rollback), history=history, because=because
    )
    if mode and mode not in MODES:
        raise UsageError(f"no mode {mode}", hint=f"Modes: {', '.join(MODES)}.")
    if proposer not in PROPOSERS:
        raise UsageError(f"no proposer {proposer}", hint="Name offline or manager.")
    if check:
        from makeitso.cli.learn_check import check_files

        return check_files(context, [*check, *map(Path, named)])
    from makeitso.cli import learn_pass

    if history:
        return learn_pass.show_history(context)
    if rollback:
        return learn_pass.roll_back(context, rollback, because)
    if ci:
        return learn_pass.check_in_ci(context, named, dry=dry_run)
    ask = proposer == "manager"
    return learn_pass.make_a_pass(context, named, mode=mode, dry=dry_run, ask_manager=ask)


def _refuse_mixed(*, check: bool, ci: bool, rollback: bool, history: bool, because: str) -> None:
    if check + ci + rollback + history > 1:
        raise UsageError("--check, --ci, --rollback and --history exclude each other")
    if because and not rollback:
        raise UsageError("--because needs --rollback")
