"""The steps of a run: what the engine can be asked to carry out, one small class each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from makeitso.protocol.words import PhaseName


@dataclass(frozen=True)
class MakePlan:
    """Ask the manager for a plan and write the document."""


@dataclass(frozen=True)
class AskPlan:
    """Put the plan before a person."""


@dataclass(frozen=True)
class AskPhase:
    """One question for all tasks that stand at a boundary together."""

    tasks: tuple[str, ...]
    phase: PhaseName


@dataclass(frozen=True)
class RunPhase:
    """Carry out a phase, or take it up again."""

    task: str
    phase: PhaseName


@dataclass(frozen=True)
class Wait:
    """Begin the wait before a task, or sit out the one that is open: nothing else of it runs."""

    task: str


@dataclass(frozen=True)
class OpenReview:
    """All phases are passed: put the change before a person."""

    task: str


@dataclass(frozen=True)
class AskReview:
    """Something of the change waits for a person and no question says so: ask again."""

    task: str


@dataclass(frozen=True)
class Land:
    """Write what is accepted into the workspace."""

    task: str


@dataclass(frozen=True)
class Undo:
    """Take a landing back."""

    task: str


@dataclass(frozen=True)
class WantCheck:
    """Landing waits for the checks on what is accepted: ask for them."""

    task: str


@dataclass(frozen=True)
class CheckAccepted:
    """Run the checks on exactly the accepted hunks."""

    task: str


@dataclass(frozen=True)
class CheckLanded:
    """Run the checks on the workspace as it is after a landing."""

    task: str


@dataclass(frozen=True)
class CloseReview:
    """Every hunk has its answer: the open question about the change falls away."""

    task: str


@dataclass(frozen=True)
class TakeAnswer:
    """The question about the change was answered as a whole: mark what it covers."""

    task: str


@dataclass(frozen=True)
class Cleanup:
    """Remove the worktree of a task whose change is settled."""

    task: str


@dataclass(frozen=True)
class MarkStale:
    """What a task is built on is no longer so; with an empty reason: it is so again."""

    task: str
    reason: str


@dataclass(frozen=True)
class AskStale:
    """Ask what becomes of a task whose ground has gone."""

    task: str


@dataclass(frozen=True)
class TakeStale:
    """Do with a stale task what a person answered."""

    task: str


@dataclass(frozen=True)
class EndTask:
    """A task is over."""

    task: str
    state: Literal["landed", "failed", "stopped"]
    reason: str = ""


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    state: Literal["done", "failed", "stopped"]
    reason: str = ""


Step = (
    MakePlan
    | AskPlan
    | AskPhase
    | RunPhase
    | Wait
    | OpenReview
    | AskReview
    | Land
    | Undo
    | WantCheck
    | CheckAccepted
    | CheckLanded
    | CloseReview
    | TakeAnswer
    | Cleanup
    | MarkStale
    | AskStale
    | TakeStale
    | EndTask
    | Finish
)


def tasks_of(step: Step) -> tuple[str, ...]:
    """Tasks a step is about; none: it is about the run."""
    match step:
        case MakePlan() | AskPlan() | Finish():
            return ()
        case AskPhase(tasks=tasks):
            return tasks
        case _:
            return (step.task,)
