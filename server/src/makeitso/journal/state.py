"""What the journal says now: plain dataclasses that only the fold writes.

Internal: never stored, never sent. Doors get the models of `makeitso.protocol.run`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.protocol.words import PHASES

if TYPE_CHECKING:
    from makeitso.journal.conversation import CommentState
    from makeitso.journal.marking import Step
    from makeitso.journal.timers import WaitState
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.budget import CeilingKey
    from makeitso.protocol.change import Landing
    from makeitso.protocol.events import (
        AcceptedChecked,
        ChangeProposed,
        CheckRan,
        HunkSplit,
        ManagerJudged,
        MonitorInterrupted,
        PoliciesInForce,
        RetryPlanned,
        ReviewOpened,
        RunFinished,
        RunPaused,
        SnapshotTaken,
        TaskHeld,
        TaskSentBack,
        TurnEnded,
        TurnStarted,
        WorkerStarted,
    )
    from makeitso.protocol.plan import Plan, RunOptions, Task
    from makeitso.protocol.words import HunkState, LandTarget, PhaseName, PhaseStateName


@dataclass(kw_only=True)
class PhaseState:
    """One phase of one task."""

    name: PhaseName
    state: PhaseStateName = "pending"
    reason: str = ""
    effects: bool = True
    tokens: int = 0
    active_ms: int = 0


@dataclass(kw_only=True)
class TaskState:
    """One task of a run."""

    id: str
    spec: Task
    digest: str
    attempt: int = 1
    """How often it was begun; a new attempt starts from nothing."""
    stop_requested: str | None = None
    """Why it is to stop while others go on."""
    held: TaskHeld | None = None
    """It could not start on what earlier tasks propose."""
    stale: str = ""
    """Why what it is built on is no longer so; empty: it is."""
    stale_question: str = ""
    """Digest of the question what to do about it."""
    stale_times: int = 0
    """How often it became stale."""
    retry: RetryPlanned | None = None
    """What is tried again, and not before when."""
    retries: int = 0
    """Tries since it last went well."""
    rounds_before: int = 0
    """Rounds of before a person let it go on: they do not count against the limit."""
    started: bool = False
    reviewing: bool = False
    ended: str | None = None
    """landed, failed or stopped."""
    reason: str = ""
    phases: dict[PhaseName, PhaseState] = field(
        default_factory=lambda: {name: PhaseState(name=name) for name in PHASES}
    )
    base: SnapshotTaken | None = None
    worktree: str | None = None
    worker: WorkerStarted | None = None
    """The worker program that runs, or ran when our process died."""
    thread: str | None = None
    """Last thread of a worker, for resuming."""
    thread_input: int = 0
    thread_output: int = 0
    """The worker's own cumulative token counts."""
    turn: TurnStarted | None = None
    """The turn that is open."""
    rounds: int = 0
    last_turn: TurnEnded | None = None
    round_trees: list[str] = field(default_factory=list[str])
    """Tree after each finished round."""
    round_name: str = ""
    """Name of the newest of them: a round that is looked at again after a crash counts once."""
    alarm: MonitorInterrupted | None = None
    """Why the monitor interrupted the last turn; what follows from it is not decided yet."""
    alarms: int = 0
    """Interrupts by the monitor so far."""
    judgements: list[ManagerJudged] = field(default_factory=list["ManagerJudged"])
    waits: list[WaitState] = field(default_factory=list["WaitState"])
    checks: list[CheckRan] = field(default_factory=list["CheckRan"])
    change: ChangeProposed | None = None
    hunks: dict[str, HunkState] = field(default_factory=dict[str, "HunkState"])
    splits: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Hunks that stand as their parts."""
    cuts: dict[str, HunkSplit] = field(default_factory=dict[str, "HunkSplit"])
    """Where those are cut that are not split at their unchanged lines."""
    looked: set[str] = field(default_factory=set[str])
    """Hunks a person has looked at."""
    kept: set[str] = field(default_factory=set[str])
    """Parts that are hunks of a proposal before: what stands beside them may be new."""
    steps: list[Step] = field(default_factory=list["Step"])
    """What people did to hunks that can be taken back, oldest first."""
    fresh: frozenset[str] = frozenset()
    """Hunks that the newest round of a review of something else brought."""
    hunk_reasons: dict[str, str] = field(default_factory=dict[str, str])
    explicit: set[str] = field(default_factory=set[str])
    """Hunks a person marked, as opposed to a policy."""
    comments: list[CommentState] = field(default_factory=list["CommentState"])
    """What people said to the change and did not take back, oldest first."""
    sent_back: list[TaskSentBack] = field(default_factory=list["TaskSentBack"])
    """Each time a person sent the change back to the worker."""
    check_wanted: bool = False
    """The checks are to run on what is accepted."""
    accepted_check: AcceptedChecked | None = None
    """What they said the last time."""
    land_requested: bool = False
    land_target: LandTarget | None = None
    """Where that is to land; None: as the config says."""
    landing: str | None = None
    """A landing that started and has not ended."""
    undo_requested: str | None = None
    """A landing that is to be taken back."""
    undoing: str | None = None
    """The landing that the one under way takes back."""
    standing: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Hunks that are where they landed, by landing, oldest first."""
    undone: int = 0
    """How often a landing was taken back, or could not be."""
    landings: list[Landing] = field(default_factory=list["Landing"])
    checked_since_landing: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Command and directory of checks that ran on the workspace since the last landing."""
    setup_done: list[str] = field(default_factory=list[str])
    """Set-up commands that passed in the present worktree, in order."""
    prepared: bool = False
    """The present worktree has what set-up makes, and the files of the newest round."""
    summary: str = ""
    patch: str | None = None
    notes: list[str] = field(default_factory=list[str])
    tokens: int = 0
    active_ms: int = 0
    """Time at work, as counted."""

    @property
    def wait(self) -> WaitState | None:
        """What it waits for now, apart from people."""
        newest = self.waits[-1] if self.waits else None
        return newest if newest is not None and newest.ended is None and not self.ended else None

    @property
    def settled(self) -> bool:
        """Every hunk of the proposed change has its answer."""
        return self.change is not None and "pending" not in self.hunks.values()

    @property
    def landed_checked(self) -> bool:
        """Every check ran on the workspace since the last landing."""
        return all((c.command, c.cwd) in self.checked_since_landing for c in self.spec.checks)

    def latest_check(self, command: str, cwd: str, where: str) -> CheckRan | None:
        """Newest result of a check at a place."""
        for check in reversed(self.checks):
            if (check.command, check.cwd, check.where) == (command, cwd, where):
                return check
        return None


@dataclass(kw_only=True)
class AskingState:
    """A question to the manager, of a task or of the run, until it is answered."""

    tries: int = 0
    """How often it was asked."""
    alarm: MonitorInterrupted | None = None
    """Why the monitor interrupted the last answer; what follows from it is not decided yet."""
    alarms: int = 0
    """Interrupts of the manager here so far, those of answered questions too."""


@dataclass(kw_only=True)
class RunState:
    """One run."""

    id: str
    goal: str
    options: RunOptions
    policies: PoliciesInForce
    started_at: int
    opened: ReviewOpened | None = None
    """The newest round of a change from elsewhere that is reviewed; None: a run makes changes."""
    plan_path: str | None = None
    plan: Plan | None = None
    plan_digest: str = ""
    plan_accepted: bool = False
    plan_drafted: bool = False
    """The manager wrote the newest plan."""
    tasks: dict[str, TaskState] = field(default_factory=dict[str, "TaskState"])
    approvals: dict[str, Approval] = field(default_factory=dict[str, "Approval"])
    used: set[tuple[str, str | None]] = field(default_factory=set[tuple[str, str | None]])
    """Approvals with scope once that were acted on, and for which task."""
    asking: dict[str, AskingState] = field(default_factory=dict[str, AskingState])
    """What the manager is asked, by task; empty name: the plan."""
    tokens: int = 0
    active_ms: int = 0
    """Time in which any phase was at work, or the plan was made."""
    raised: dict[CeilingKey, int] = field(default_factory=dict["CeilingKey", int])
    """What people added to ceilings."""
    neared: set[tuple[CeilingKey, int]] = field(default_factory=set[tuple["CeilingKey", int]])
    """Ceilings that were said to come near, with their height then."""
    active: bool = False
    """A process took it up and has not put it down; it may have died since."""
    retry: RetryPlanned | None = None
    """What of the planning is tried again, and not before when."""
    retries: int = 0
    """Tries at the plan since it last went well."""
    stop_requested: str | None = None
    paused: RunPaused | None = None
    finished: RunFinished | None = None
    ended_at: int | None = None

    @property
    def plan_unseen(self) -> bool:
        """The manager's plan was not yet put before anybody, whatever became of its document."""
        return self.plan_drafted and all(a.kind != "plan" for a in self.approvals.values())

    @property
    def pending(self) -> list[Approval]:
        """Open questions, oldest first."""
        return [a for a in self.approvals.values() if a.state == "pending"]
