"""`mis learn --check`: whether pattern libraries and proposals are in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.cli.context import Context
    from makeitso.protocol.text import Problem

_STYLES = {"error": "red", "warning": "yellow"}


def check_files(context: Context, files: list[Path]) -> int:
    """Say what is wrong in each file; 1: one has errors."""
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
