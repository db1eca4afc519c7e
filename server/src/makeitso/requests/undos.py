"""`mis/change/undo`: a landing taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

from makeitso.errors import StateError
from makeitso.protocol.methods_review import ChangeUndoResult
from makeitso.requests.changes import LANDED_WITHIN_S
from makeitso.runs.undoing import request_undo, taken_back

if TYPE_CHECKING:
    from makeitso.protocol.methods_review import ChangeUndoParams
    from makeitso.requests.place import Workplace


async def undo(at: Workplace, params: ChangeUndoParams) -> ChangeUndoResult:
    """Take the last landing back, or the one that is named; its hunks are pending again.

    Raises:
        NotFoundError: there is no such run or landing.
        StateError: nothing has landed, it is taken back already, or its task is at work.
    """
    if not at.bridge.has_journal:
        raise StateError("nothing has landed", hint="`mis/run/start` first")
    if params.run is not None:
        at.run(params.run)
    at.runs()
    asked = request_undo(at.book, params.landing, run=params.run)
    at.runner.settle()
    with anyio.move_on_after(LANDED_WITHIN_S):
        while at.run(asked.run).tasks[asked.task].undo_requested is not None:
            await at.book.changed()
    return ChangeUndoResult(
        run=asked.run,
        task=asked.task,
        landing=asked.landing,
        done=taken_back(at.book, asked.request),
    )
