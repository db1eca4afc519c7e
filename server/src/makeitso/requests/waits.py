"""Requests about waits: a person does not want to wait any longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol.methods_run import RunResult
from makeitso.runs.skipping import skip_waits

if TYPE_CHECKING:
    from makeitso.protocol.methods_run import WaitSkipParams
    from makeitso.requests.place import Workplace


async def skip(at: Workplace, params: WaitSkipParams) -> RunResult:
    """End waits of a run; one that nobody drives goes on when it is resumed.

    Raises:
        NotFoundError: there is no such run or task.
        StateError: nothing waits there.
    """
    at.run(params.run)
    skip_waits(at.book, params.run, params.task)
    return RunResult(run=at.view(at.run(params.run)))
