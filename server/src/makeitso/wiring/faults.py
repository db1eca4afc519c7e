"""Fault points: named durable steps at which this process can be made to end, as if by kill -9.

The table is the whole truth: a name that is not in it is refused, and every call names one of it.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, get_args

from makeitso.errors import UsageError
from makeitso.protocol.events import EventData

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FAULT_VARIABLE = "MAKEITSO_CRASH_AT"
"""`name` or `name:n`: end this process with SIGKILL at the n-th passing of a durable step."""

STEPS: Mapping[str, str] = {
    "workspace.own": "nothing is written yet by this process",
    "run.create": "the run is about to be recorded; where there was no run, nothing is there yet",
    "plan.written": "the plan is recorded and its document on disk, nobody asked",
    "snapshot.take": "a snapshot of the workspace is about to be taken",
    "worktree.create": "a worktree is about to be made",
    "worktree.added": "git knows the worktree; nothing says yet that it is ours",
    "worktree.owned": "the worktree says whose it is; it has no files yet",
    "worktree.filled": "the worktree has its files, not yet its private index",
    "setup.copied": "files that git ignores are copied in; nothing says so yet",
    "setup.aside": "what set-up made is copied aside, to be kept for other worktrees",
    "setup.kept": "what set-up made is kept; nothing says yet that the worktree is prepared",
    "setup.restored": "what set-up made before is in the worktree; nothing says so yet",
    "turn.start": "the instruction is recorded; the worker has not got it",
    "turn.end": "the worker's turn is over and recorded",
    "round.start": "the change was sent back; the worktree is about to be set to what is kept",
    "check.accepted": "the accepted hunks are about to be put into the worktree for a check",
    "landing.started": "the landing is recorded; nothing of it is on disk",
    "landing.intent": "the landing has a directory, and nothing in it",
    "landing.temp": "a new file is about to be written aside",
    "landing.check": "all new files are written aside",
    "landing.locked": "the index is locked with what it is to be; nothing is replaced yet",
    "landing.commit": "nothing has changed since; the commit point comes next",
    "landing.rename": "past the commit point; a file is about to be replaced",
    "landing.sync": "a file is replaced; its name is not durable yet",
    "landing.ref": "the files are replaced; the branch is about to go to the commit made before",
    "landing.index": "the branch is at its commit; the index is about to be replaced",
    "landing.done": "all files are replaced; the landing is not marked done",
    "landing.recorded": "the end of the landing is recorded; its files aside are still there",
    "box.tick": "the task's end is recorded, or a landing is taken back; its box is as before",
    "box.ticked": "the box is ticked, or its tick is gone",
    "worktree.remove": "the worktree of a settled task is about to be removed",
    "worktree.emptied": "the worktree's files are gone; git still knows it",
    "worktree.gone": "the worktree is gone; the worker's private directories are not",
    "learning.begun": "a change of library or prompt is recorded as begun; nothing is changed",
    "learning.agreed": "the person's agreement holds for the new text; the file is as before",
    "learning.replaced": "the file has its new text; nothing says yet that it is done",
    "learning.recorded": "the end of the change is recorded",
    "replay.written": "the run is over; its replay is written aside, not under its name",
    "replay.kept": "the replay of the run is kept",
    "recording": "any event is about to be recorded; `recording:n` is the n-th",
    "recorded": "any event is on disk; `recorded:n` is the n-th of this process",
}
"""Every named step, and what has just happened there."""


def event_types() -> tuple[str, ...]:
    """The types of all events, in the order of the contract."""
    union = get_args(EventData)[0]
    return tuple(model.model_fields["type"].default for model in get_args(union))


def points() -> Mapping[str, str]:
    """Every fault point by name: the steps, and before and after each type of event."""
    found = dict(STEPS)
    for kind in event_types():
        found[f"recording.{kind}"] = f"a {kind} is about to be recorded; its cause has happened"
        found[f"recorded.{kind}"] = f"a {kind} is on disk; nothing has followed from it"
    return found


def fault_from_environment() -> Callable[[str], None]:
    """The fault hook the environment asks for; without one, a hook that does nothing.

    Raises:
        UsageError: the environment names no point.
    """
    wanted = os.environ.get(FAULT_VARIABLE, "")
    if not wanted:
        return lambda name: None
    name, _, count = wanted.partition(":")
    if name not in points() or (count and not count.isdecimal()):
        raise UsageError(
            f"{FAULT_VARIABLE}={wanted} names no fault point",
            hint="`mis doctor --fault-points` lists them; `:n` means the n-th passing",
        )
    left = int(count or "1")

    def fault(passing: str) -> None:
        nonlocal left
        if passing == name:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return fault
