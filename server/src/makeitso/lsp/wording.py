"""The way out in an editor's words: what would be typed in a terminal is a lens or a document here.

Errors, reasons and hints are written once, below the doors, and name commands of `mis`. Where the
editor has the same thing they name that; where it has none they say that a terminal is meant.
"""

from __future__ import annotations

import re

_COMMAND = re.compile(r"`mis ([^`]+)`")
_BARE = re.compile(
    r"^mis (approve --answer (?:\"[^\"]*\"|\S+) [^\s,]+|approve \S+ --always \"[^\"]*\")"
)
"""What a hint is that is nothing but a command, or begins with one."""

_PLAN = "in the plan"
_WAYS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), said)
    for pattern, said in (
        (r"resume\b.*--retry\b.*", f"“Retry” {_PLAN}"),
        (r"resume\b.*--skip-wait\b.*", f"“Go on now” {_PLAN}"),
        (r"resume\b.*", f"“Resume” {_PLAN}"),
        (r"approve --(?:rules|revoke|add-rule)\b.*", "the rules (`mis.rule.list`)"),
        (r"approve --answer (\"[^\"]*\"|\S+) \S+", rf"the answer \1 {_PLAN}"),
        (r"approve \S+ --always (\"[^\"]*\")", r"an answer for always with the pattern \1"),
        (r"approve --deny\b.*", f"“Deny” {_PLAN}"),
        (r"approve(?: --list)?", "the plan"),
        (r"approve\b.*", f"“Approve” {_PLAN}"),
        (r"status\b.*", "the plan"),
        (r"stop\b.*", f"“Stop” {_PLAN}"),
        (r"trust\b.*", f"“Trust these files” {_PLAN}"),
        (r"run\b.*", f"“Run” {_PLAN}"),
        (r"review (?:accept|reject)\b.*", "“Accept” or “Reject” in the review"),
        (r"review reopen\b.*", "“Take the mark back” in the review"),
        (r"review undo\b.*", f"“Undo landing” {_PLAN}"),
        (r"review land\b.*", f"“Land accepted” {_PLAN}"),
        (r"review fix\b.*", "“Send … to the worker” in the review"),
        (r"review comment ID TEXT", "“Comment…” in the review"),
        (r"review(?: --json| comments)?", "the review document"),
    )
)


def for_editor(text: str) -> str:
    """A text for people with the commands of a terminal put as an editor has them."""
    return _COMMAND.sub(_way, _BARE.sub(_way, text))


def _way(found: re.Match[str]) -> str:
    for pattern, said in _WAYS:
        match = pattern.fullmatch(found[1])
        if match is not None:
            return match.expand(said)
    return f"`mis {found[1]}` in a terminal"
