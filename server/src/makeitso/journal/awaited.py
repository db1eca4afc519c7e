"""What a run that stands still waits for, in a few words; the questions say the rest themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.journal.state import RunState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import RunPaused

MARKS = "hunks wait for marks"
"""Nothing is asked: what stands for review is all that is left."""
DECIDED = "decided; `mis resume` goes on"


def awaited(pending: Sequence[Approval]) -> str:
    """`a3 (command) waits for an answer`; the oldest question first."""
    names = [f"{approval.id} ({approval.kind})" for approval in pending]
    if not names:
        return MARKS
    waits = "waits for an answer" if len(names) == 1 else "wait for answers"
    return f"{', '.join(names)} {waits}"


def paused_for(run: RunState, paused: RunPaused) -> str:
    """What a run that was put down waits for now; its question may have been answered since."""
    if paused.state != "waiting":
        return paused.reason
    if run.pending:
        return awaited(run.pending)
    return MARKS if paused.reason == MARKS else DECIDED
