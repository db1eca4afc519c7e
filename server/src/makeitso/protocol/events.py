"""Every kind of event in the journal, one model each, and the row that holds them.

Events are facts in the past tense. States are folds over them and are never stored. Fields that
could hold a secret are redacted before an event is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, cast, get_args

from pydantic import Field, computed_field

from makeitso.protocol.base import Wire
from makeitso.protocol.events_ask import (
    ApprovalAsked,
    ApprovalDecided,
    ApprovalUsed,
    ApprovalVoided,
    RuleStored,
)
from makeitso.protocol.events_budget import BudgetNeared, TimeCounted
from makeitso.protocol.events_comment import (
    AcceptedChecked,
    CheckRequested,
    CommentAdded,
    CommentWithdrawn,
    TaskSentBack,
)
from makeitso.protocol.events_foreign import ReviewOpened, ReviewSource
from makeitso.protocol.events_review import (
    ChangeProposed,
    HunkMarked,
    HunkRef,
    HunkSplit,
    LandingEnded,
    LandingStarted,
    LandingUndone,
    LandRequested,
    OverlapFound,
    OverlapKind,
    ReviewLooked,
    UndoRequested,
)
from makeitso.protocol.events_run import (
    PhaseEnded,
    PhaseStarted,
    PlanMade,
    PoliciesInForce,
    RunCreated,
    RunFinished,
    RunPaused,
    RunResumed,
    StopRequested,
    TaskEnded,
    TaskReviewing,
    TaskStarted,
)
from makeitso.protocol.events_schedule import RetryPlanned, TaskHeld, TaskStale, TaskTakenUp
from makeitso.protocol.events_tree import (
    ArtifactCaptured,
    BuiltOn,
    CheckPlace,
    CheckRan,
    NoteAdded,
    SetupRan,
    SnapshotTaken,
    SummaryWritten,
    WorktreeCreated,
    WorktreePrepared,
    WorktreeRemoved,
)
from makeitso.protocol.events_wait import WaitEnded, WaitLooked, WaitStarted
from makeitso.protocol.events_work import (
    CommandRan,
    ManagerAsked,
    ManagerJudged,
    MissFound,
    MonitorInterrupted,
    OutputParsed,
    OutputRef,
    RecordFound,
    TrialHits,
    TurnEnded,
    TurnStarted,
    UsageCounted,
    WorkerEnded,
    WorkerStarted,
)
from makeitso.protocol.words import Actor, PhaseName

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MODELS",
    "AcceptedChecked",
    "ApprovalAsked",
    "ApprovalDecided",
    "ApprovalUsed",
    "ApprovalVoided",
    "ArtifactCaptured",
    "BudgetNeared",
    "BuiltOn",
    "ChangeProposed",
    "CheckPlace",
    "CheckRan",
    "CheckRequested",
    "CommandRan",
    "CommentAdded",
    "CommentWithdrawn",
    "Event",
    "EventData",
    "HunkMarked",
    "HunkRef",
    "HunkSplit",
    "LandRequested",
    "LandingEnded",
    "LandingStarted",
    "LandingUndone",
    "ManagerAsked",
    "ManagerJudged",
    "MissFound",
    "MonitorInterrupted",
    "NoteAdded",
    "OutputParsed",
    "OutputRef",
    "OverlapFound",
    "OverlapKind",
    "PhaseEnded",
    "PhaseStarted",
    "PlanMade",
    "PoliciesInForce",
    "RecordFound",
    "RetryPlanned",
    "ReviewLooked",
    "ReviewOpened",
    "ReviewSource",
    "RuleStored",
    "RunCreated",
    "RunFinished",
    "RunPaused",
    "RunResumed",
    "SetupRan",
    "SnapshotTaken",
    "StopRequested",
    "SummaryWritten",
    "TaskEnded",
    "TaskHeld",
    "TaskReviewing",
    "TaskSentBack",
    "TaskStale",
    "TaskStarted",
    "TaskTakenUp",
    "TimeCounted",
    "TrialHits",
    "TurnEnded",
    "TurnStarted",
    "UndoRequested",
    "UsageCounted",
    "WaitEnded",
    "WaitLooked",
    "WaitStarted",
    "WorkerEnded",
    "WorkerStarted",
    "WorktreeCreated",
    "WorktreePrepared",
    "WorktreeRemoved",
]

EventData = Annotated[
    RunCreated | PlanMade | RunResumed | StopRequested | RunPaused | RunFinished
    | TaskStarted | TaskReviewing | TaskEnded | PhaseStarted | PhaseEnded
    | TaskHeld | TaskStale | TaskTakenUp | RetryPlanned
    | SnapshotTaken | WorktreeCreated | WorktreeRemoved | SetupRan | WorktreePrepared
    | WorkerStarted | WorkerEnded | TurnStarted | TurnEnded | CommandRan
    | RecordFound | MissFound | OutputParsed | UsageCounted
    | MonitorInterrupted | ManagerAsked | ManagerJudged | CheckRan
    | WaitStarted | WaitLooked | WaitEnded
    | ChangeProposed | ReviewLooked | HunkMarked | HunkSplit | ReviewOpened
    | CommentAdded | CommentWithdrawn | TaskSentBack | CheckRequested | AcceptedChecked
    | TimeCounted | BudgetNeared | LandRequested | LandingStarted | LandingEnded
    | UndoRequested | LandingUndone
    | ArtifactCaptured | SummaryWritten | NoteAdded
    | ApprovalAsked | ApprovalDecided | ApprovalVoided | ApprovalUsed
    | RuleStored,
    Field(discriminator="type"),
]  # fmt: skip

MODELS: Mapping[str, type[EventData]] = {
    cast("str", model.model_fields["type"].default): model
    for model in cast("tuple[type[EventData], ...]", get_args(get_args(EventData)[0]))
}
"""The model of each kind of event, so that one can be read without building those of all."""


class Event(Wire):
    """One row of the journal.

    `hash` is the SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of all other fields,
    `prev` among them, so that the rows are a chain.
    """

    seq: int = Field(ge=1, description="Number of the row, without gaps.")
    at: int = Field(description="Unix ms.")
    run: str | None = Field(default=None, description="Run.")
    task: str | None = Field(default=None, description="Task.")
    phase: PhaseName | None = Field(default=None, description="Phase.")
    actor: Actor = Field(description="Who caused it.")
    client: str = Field(description="Door it came through: cli, lsp, a name; empty: none.")
    cause: int | None = Field(default=None, description="seq of the event it follows from.")
    data: EventData = Field(description="What happened.")
    prev: str = Field(description="hash of the row before; empty for the first.")
    hash: str = Field(description="Hash of this row.")

    @computed_field(description="Kind of event, the same as data.type.")
    @property
    def type(self) -> str:
        """Kind of event, the same as `data.type`."""
        return self.data.type
