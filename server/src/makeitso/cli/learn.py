"""`mis learn`: what there is to learn from, and whether a pattern library is in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from makeitso.cli.context import JsonFlag, context_of
from makeitso.errors import UsageError

if TYPE_CHECKING:
    from makeitso.cli.context import Context
    from makeitso.protocol.text import Problem

_STYLES = {"error": "red", "warning": "yellow"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("learn")(learn)


def learn(
    ctx: typer.Context,
    check: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Say what is wrong in a pattern library or proposal; repeatable."
        ),
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Further files to check.")
    ] = None,
    json: JsonFlag = False,
) -> int:
    """Check pattern libraries.

    Exit code 0: no errors, though there may be warnings; 1: a file has errors.
    """
    context = context_of(ctx)
    if not check:
        raise UsageError("nothing to do", hint="Check a library: mis learn --check FILE")
    return _check(context, [*check, *(more or ())])


def _check(context: Context, files: list[Path]) -> int:
    import time

    from makeitso.cli.libraries import read_library
    from makeitso.parsing.library import load_library
    from makeitso.parsing.lint_file import check_text
    from makeitso.prompts.packaged import packaged_text
    from makeitso.protocol.proposal import Proposal

    packaged = packaged_text("regexes.toml")
    base, _ = load_library(packaged, origin="packaged")
    failed = False
    for path in files:
        text = read_library(path)
        keys = frozenset(Proposal.model_fields) if _is_proposal(text) else frozenset[str]()
        found = check_text(
            text,
            base=None if text == packaged else base,
            cpu=time.thread_time,
            other_keys=keys,
        )
        failed = failed or any(problem.severity == "error" for problem in found)
        _tell(context, path, found)
    return 1 if failed else 0


def _is_proposal(text: str) -> bool:
    """Whether a library's text begins with the keys of a proposal instead of a pattern."""
    head = text.partition("[[pattern]]")[0]
    return any(line.startswith("id = ") for line in head.splitlines())


def _tell(context: Context, path: Path, found: list[Problem]) -> None:
    context.console.data(
        {"file": str(path), "problems": [problem.model_dump(mode="json") for problem in found]}
    )
    for problem in found:
        at = f"{path}:{problem.span.line + 1}:{problem.span.column + 1}"
        context.console.say(
            f"{at}: {problem.severity}: {problem.message} [{problem.code}]",
            style=_STYLES.get(problem.severity),
        )
        for fix in problem.fixes:
            context.console.say(f"    {fix.title}")
            if fix.new_text:
                context.console.say(f"        {fix.new_text}", style="dim")
    if not found:
        context.console.say(f"{path}: nothing is wrong")
