"""Holds a judgement to what is measured and to its limits: no model can go on for ever. Pure.

A manager may say what it likes; a red check is not done, and rounds come to an end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.prompts.evidence import check_text
from makeitso.protocol.plan import Judgement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.managers.port import CheckOutcome, JudgeRequest


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How far a manager may go.

    Attributes:
        max_no_progress: rounds in a row without a new difference before it stops, at least 1.
        least_wait_s: shortest wait in seconds, of those that say how long.
        longest_wait_s: longest wait in seconds.
    """

    max_no_progress: int = 2
    least_wait_s: float = 1.0
    longest_wait_s: float = 900.0


def hold(judgement: Judgement, request: JudgeRequest, *, limits: Limits) -> Judgement:
    """The judgement as it may stand; applying it twice changes nothing more."""
    verdict = judgement.verdict
    if verdict == "done" and (red := failing(request.checks)):
        judgement = Judgement(
            verdict="continue",
            instructions=fix_instructions(red),
            note=f"Called done, but {_count(len(red))} failed.",
            wait_s=0.0,
        )
    if judgement.verdict == "continue":
        judgement = _end_of_rounds(judgement, request, limits=limits)
    return judgement.model_copy(update=_wait(judgement, limits))


def failing(checks: Sequence[CheckOutcome]) -> tuple[CheckOutcome, ...]:
    """The checks that did not exit 0, in order."""
    return tuple(check for check in checks if check.exit_code != 0)


def fix_instructions(red: Sequence[CheckOutcome]) -> str:
    """FIX instructions from failed checks alone: each command and the tail of its output."""
    shown = "\n\n".join(
        check_text(check.command, exit_code=check.exit_code, output=check.output_tail)
        for check in red
    )
    return (
        f"{_count(len(red)).capitalize()} failed on your work. Find the cause and mend it in the "
        f"code, not in the check.\n\n{shown}"
    )


def _end_of_rounds(judgement: Judgement, request: JudgeRequest, *, limits: Limits) -> Judgement:
    if request.round >= request.max_rounds:
        reason = f"Stopped after round {request.round} of at most {request.max_rounds}."
    elif request.no_progress >= limits.max_no_progress:
        reason = f"Stopped after {request.no_progress} rounds without a new difference."
    else:
        return judgement
    return judgement.model_copy(
        update={
            "verdict": "abort",
            "instructions": "",
            "note": f"{reason} {judgement.note}".strip(),
        }
    )


def _wait(judgement: Judgement, limits: Limits) -> dict[str, object]:
    """What a judgement says of waiting, at most one thing; no seconds: as waits are paced."""
    if judgement.verdict != "wait":
        return {"wait_s": 0.0, "wait_until": "", "wait_command": ""}
    if judgement.wait_until.strip() or judgement.wait_command.strip():
        return {"wait_s": 0.0}
    seconds = 0.0 if math.isnan(judgement.wait_s) else max(0.0, judgement.wait_s)
    least = limits.least_wait_s if seconds else 0.0
    return {"wait_s": min(max(seconds, least), limits.longest_wait_s)}


def _count(number: int) -> str:
    return "one check" if number == 1 else f"{number} checks"
