"""`mis/hunk/*`: mark, split, join, edit, undo. A mark can be taken back until its hunk landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError, UsageError
from makeitso.journal.parts import leaves
from makeitso.journal.staleness import stale_line
from makeitso.protocol.methods_review import HunkSplitResult, HunkStates
from makeitso.requests.changes import bring_up_to_date, write_document
from makeitso.runs import marking, reviewing
from makeitso.runs.editing import edit_hunk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.protocol.methods_review import (
        HunkEditParams,
        HunkJoinParams,
        HunkMarkParams,
        HunkSplitParams,
        HunkUndoParams,
    )
    from makeitso.protocol.words import HunkState
    from makeitso.requests.place import Workplace


async def mark(at: Workplace, params: HunkMarkParams) -> HunkStates:
    """Mark hunks, all or none; what is settled by it lands as the config says.

    Raises:
        NotFoundError: an id names no hunk.
        StateError: a hunk has landed, can never land, or cannot be taken by lines.
        UsageError: lines were chosen that are not there, or of a hunk that is not named.
    """
    at.require_runs(params.hunks[0])
    if not params.lines:
        marking.mark(at.book, params.hunks, params.mark, because=params.because)
        at.runner.settle()
        return await _states(at, params.hunks)
    unnamed = [name for name in params.lines if name not in params.hunks]
    if unnamed:
        raise UsageError(
            f"lines of {unnamed[0]} are chosen, and it is not among the hunks",
            hint="name it in `hunks`, too",
        )
    lines = {
        name: [(one.first, one.last) for one in ranges] for name, ranges in params.lines.items()
    }
    whole = [name for name in params.hunks if name not in lines]
    marking.mark_lines(
        at.book,
        at.bridge.repo,
        lines,
        params.mark,
        whole=whole,
        rest=params.rest,
        because=params.because,
    )
    at.runner.settle()
    return await _states(at, params.hunks)


async def split(at: Workplace, params: HunkSplitParams) -> HunkSplitResult:
    """Let a hunk stand as its parts.

    Raises:
        NotFoundError: there is no such hunk.
        StateError: it cannot be split.
        UsageError: nothing is changed on one side of the line.
    """
    at.require_runs(params.hunk)
    parts = marking.split_hunk(at.book, at.bridge.repo, params.hunk, at=params.at)
    await _states(at, parts)
    return HunkSplitResult(parts=parts)


async def join(at: Workplace, params: HunkJoinParams) -> HunkStates:
    """Let the parts of a hunk stand as one again.

    Raises:
        NotFoundError: there is no such hunk.
        StateError: it is not split, or a part of it has landed.
    """
    at.require_runs(params.hunk)
    name = marking.join_hunk(at.book, params.hunk)
    at.runner.settle()
    return await _states(at, (name,))


async def undo(at: Workplace, params: HunkUndoParams) -> HunkStates:
    """Take back the newest mark, edit, split or join; the hunks that stand otherwise now.

    Raises:
        NotFoundError: there is no such run.
        StateError: there is nothing to take back, or what was marked has landed.
    """
    if not at.bridge.has_journal:
        raise StateError("no mark can be taken back", hint="nothing was proposed here yet")
    undone = marking.undo_marks(at.book, run=params.run, task=params.task)
    for run, task in undone.hunks:
        await bring_up_to_date(at, at.run(run), at.run(run).tasks[task])
    return HunkStates(
        hunks={
            hunk: at.run(run).tasks[task].hunks[hunk]
            for (run, task), ids in undone.hunks.items()
            for hunk in ids
        }
    )


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
        await bring_up_to_date(at, run, task)
    states: dict[str, HunkState] = {
        part: task.hunks[part]
        for hunk, (_, task) in found.items()
        for part in leaves(task.splits, hunk)
    }
    return HunkStates(hunks=states, stale=_stale(at, states))


def _stale(at: Workplace, states: Mapping[str, HunkState]) -> tuple[str, ...]:
    """What is to be said of accepted hunks that do not land, once a task."""
    found = [reviewing.locate(at.book, h) for h, state in states.items() if state == "accepted"]
    lines = {(run.id, task.id): stale_line(run, task) for run, task in found}
    return tuple(line for line in lines.values() if line)
