"""What a crash left of a landing: finished, taken back, or shown to a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.errors import ConflictError, EnvironmentFault, StoreError
from makeitso.landing import git_side, transaction
from makeitso.landing.intent import read_intent
from makeitso.workspace import files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.landing.intent import Intent

Outcome = Literal["landed", "undone", "stuck"]


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """What became of one transaction."""

    id: str
    outcome: Outcome
    """landed: all files are new; undone: all are old; stuck: one is neither, none was touched."""
    payload: str
    """The caller's own record; empty when the crash came before it was written."""
    reason: str = ""


def recover_all(root: Path, *, fault: Callable[[str], None]) -> tuple[Recovered, ...]:
    """Bring every transaction that a crash left to an end. Safe to be killed and called again.

    Landed and stuck ones stay until they are forgotten, so their outcome is not lost with a second
    crash.
    """
    homes = sorted((root / transaction.DIRECTORY).glob("*/"))
    return tuple(_recover(root, home, fault=fault) for home in homes)


def _recover(root: Path, home: Path, *, fault: Callable[[str], None]) -> Recovered:
    try:
        intent = read_intent(home)
    except StoreError:
        transaction.drop(root, home)  # the intent is written before anything it speaks of
        return Recovered(id=home.name, outcome="undone", payload="")
    try:
        return _decide(root, home, intent, fault=fault)
    except (ConflictError, EnvironmentFault, OSError) as error:
        return Recovered(id=intent.id, outcome="stuck", payload=intent.payload, reason=str(error))


def _decide(root: Path, home: Path, intent: Intent, *, fault: Callable[[str], None]) -> Recovered:
    def ended(outcome: Outcome, reason: str = "") -> Recovered:
        return Recovered(id=intent.id, outcome=outcome, payload=intent.payload, reason=reason)

    if (home / "done").exists():
        return ended("landed")
    if not (home / "go").exists() and not (home / "abort").exists():
        transaction.drop(root, home)
        return ended("undone")
    states = [_state(root, intent, number) for number in range(len(intent.targets))]
    in_git = git_side.states(root, intent.id, intent.git)
    if "other" in (*states, *in_git):
        if "new" not in (*states, *in_git):
            transaction.drop(root, home)
            return ended("undone")
        path = intent.targets[states.index("other")].path if "other" in states else "what git has"
        return ended("stuck", f"{path} is neither as it was nor as it was to be")
    complete = all(
        state == "new" or transaction.has_new(root, home, intent, number)
        for number, state in enumerate(states)
    )
    if "new" in in_git or (complete and not (home / "abort").exists()):
        transaction.roll_forward(root, home, intent, fault=fault)
        return ended("landed")
    transaction.roll_back(root, home, intent)
    return ended("undone")


def _state(root: Path, intent: Intent, number: int) -> Literal["old", "new", "other"]:
    target = intent.targets[number]
    present = files.fingerprint(files.read(root, target.path))
    if present == target.new:
        return "new"
    return "old" if present == target.old else "other"
