"""Puts what a person said and what checks printed into the words prompts use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.prompts.cut import cut_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.plan import Check

CHECK_OUTPUT_LIMIT = 6_000
"""Characters of one check's output in a prompt; failures stand near the end, so that is kept."""


def check_text(
    command: str, *, exit_code: int | None, output: str, limit: int = CHECK_OUTPUT_LIMIT
) -> str:
    """One check as it ran: the command, how it ended, and the tail of its output if it failed.

    Args:
        command: the shell command.
        exit_code: None when it was ended by its time limit or never started.
        output: what it printed.
        limit: characters of output that are kept, at least `cut.SHORTEST`.
    """
    if exit_code == 0:
        return f"$ {command}\npassed"
    ended = "did not end by itself" if exit_code is None else f"failed with exit code {exit_code}"
    tail = cut_text(output.rstrip(), limit, head=0.15)
    return f"$ {command}\n{ended}\n{tail}".rstrip()


def numbered(texts: Sequence[str]) -> str:
    """Several texts as one numbered list; the empty text for none."""
    return "\n".join(f"{number}. {text.strip()}" for number, text in enumerate(texts, start=1))


def declared_checks(checks: Sequence[Check]) -> str:
    """The commands that decide, one a line, with the directory where it is not the root."""
    return "\n".join(
        check.command if check.cwd == "." else f"{check.command}    (in {check.cwd})"
        for check in checks
    )
