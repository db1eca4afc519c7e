"""`mis/hunk/*`: mark, split, edit. A mark can be taken back until its hunk has landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol.methods_review import HunkSplitResult, HunkStates
from makeitso.requests.changes import write_document
from makeitso.runs import reviewing
from makeitso.runs.editing import edit_hunk

if TYPE_CHECKING:
    from makeitso.protocol.methods_review import (
        HunkEditParams,
        HunkMarkParams,
        HunkSplitParams,
    )
    from makeitso.protocol.words import HunkState
    from makeitso.requests.place import Workplace


async def mark(at: Workplace, params: HunkMarkParams) -> HunkStates:
    """Mark hunks, all or none; what is settled by it lands as the config says.

    Raises:
        NotFoundError: an id names no hunk.
        StateError: a hunk has landed, or can never land.
    """
    at.require_runs(params.hunks[0])
    reviewing.mark(at.book, list(params.hunks), params.mark, because=params.because)
    at.runner.settle()
    return await _states(at, params.hunks)


async def split(at: Workplace, params: HunkSplitParams) -> HunkSplitResult:
    """Let a hunk stand as its parts.

    Raises:
        NotFoundError: there is no such hunk.
        StateError: it cannot be split.
    """
    at.require_runs(params.hunk)
    parts = reviewing.split_hunk(at.book, at.bridge.repo, params.hunk)
    await _states(at, parts)
    return HunkSplitResult(parts=parts)


async def edit(at: Workplace, params: HunkEditParams) -> HunkStates:
    """Let what a person made of a hunk land instead of it; the states of all hunks of its task.

    Raises:
        NotFoundError: there is no such hunk.
        StateError: it has landed, stands as its parts, or is no hunk of lines.
        UsageError: the text does not fit the file; nothing changed.
    """
    at.require_runs(params.hunk)
    run, task = reviewing.locate(at.book, params.hunk)
    edit_hunk(at.book, at.bridge.repo, params.hunk, params.diff)
    await write_document(at, run, task)
    at.runner.settle()
    return HunkStates(hunks=dict(at.run(run.id).tasks[task.id].hunks))


async def _states(at: Workplace, hunks: tuple[str, ...]) -> HunkStates:
    """The states of hunks; review documents are brought up to date on the way."""
    found = {hunk: reviewing.locate(at.book, hunk) for hunk in hunks}
    for run, task in {(run.id, task.id): (run, task) for run, task in found.values()}.values():
        await write_document(at, run, task)
    states: dict[str, HunkState] = {
        part: task.hunks[part]
        for hunk, (_, task) in found.items()
        for part in task.splits.get(hunk, (hunk,))
    }
    return HunkStates(hunks=states)
