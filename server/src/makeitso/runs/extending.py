"""How much more of a budget an answer gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.plans.amounts import readings

if TYPE_CHECKING:
    from makeitso.protocol.approval import Approval, Decision


def extension(found: Approval, decision: Decision) -> int:
    """What a grant adds to a ceiling, tokens or milliseconds; 0 for any other question.

    Raises:
        UsageError: the answer is no amount of what was used up.
    """
    at, answer = found.ceiling, decision.answer.strip()
    if at is None or not decision.grant:
        return 0
    if not answer:
        return at.grant
    for reading in readings(answer):
        if reading.measure == at.measure and reading.number > 0:
            return reading.number * (1 if at.measure == "tokens" else 1000)
    what, example = ("tokens", "50k") if at.measure == "tokens" else ("time", "10 min")
    raise UsageError(
        f"{found.id} asks for more {what}: `{answer[:40]}` is no amount of it",
        hint=f'mis approve --answer "{example}" {found.id}, or no answer for as much again',
    )
