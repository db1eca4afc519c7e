"""Every kind of event in the journal, one model each, and the row that holds them.

Events are facts in the past tense. States are folds over them and are never stored. Fields that
could hold a secret are redacted before an event is made.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, computed_field

from makeitso.protocol.base import Wire
from makeitso.protocol.change import Landing
from makeitso.protocol.plan import Plan, RunOptions
from makeitso.protocol.record import Miss, Record, StreamChannel
from makeitso.protocol.words import (
    Actor,
    ApprovalKind,
    ApprovalScope,
    Intent,
    Mark,
    Permission,
    PhaseName,
    Verdict,
)

CheckPlace = Literal["base", "round", "proposal", "landed"]


class OutputRef(Wire):
    """A stretch of an output file beside the journal, fsynced before the event was written."""

    path: str = Field(description="File, relative to the artifacts directory.")
    offset: int = Field(ge=0, description="First byte.")
    length_bytes: int = Field(ge=0, description="Bytes.")
    digest: str = Field(description="SHA-256 of those bytes, hex.")


class PoliciesInForce(Wire):
    """What is allowed in this run, after config, trust, plan and flags were laid together."""

    write_files: Permission = Field(description="Landing.")
    run_shell: Permission = Field(description="Shell commands.")
    network: Permission = Field(description="Network.")


class RunCreated(Wire):
    """A run exists from here on."""

    type: Literal["run.created"] = "run.created"
    goal: str = Field(description="The goal as given, or the plan's.")
    plan: str | None = Field(description="Plan document given, relative to the workspace.")
    options: RunOptions = Field(description="How it was asked for.")
    policies: PoliciesInForce = Field(description="What is allowed.")
    config_digest: str = Field(description="SHA-256 of the effective config.")
    version: str = Field(description="Version of makeitso.")


class PlanMade(Wire):
    """The plan document stands; the manager wrote it or a person did."""

    type: Literal["plan.made"] = "plan.made"
    path: str = Field(description="Document, relative to the workspace.")
    plan: Plan = Field(description="Its meaning at this moment.")
    digest: str = Field(description="Digest of the plan.")
    task_digests: dict[str, str] = Field(description="Digest of each task's intent.")
    prompt_digest: str = Field(default="", description="Prompt it came from; empty: a person.")
    attempts: int = Field(default=0, ge=0, description="Answers needed; 0: a person wrote it.")


class RunResumed(Wire):
    """A process took the run up again."""

    type: Literal["run.resumed"] = "run.resumed"
    yes: bool = Field(default=False, description="Resumed with --yes.")


class StopRequested(Wire):
    """Somebody wants the run to stop; its owner acts."""

    type: Literal["run.stop_requested"] = "run.stop_requested"
    reason: str = Field(description="Why.")


class RunPaused(Wire):
    """The run stands still and can be resumed: it waits for a person or was interrupted."""

    type: Literal["run.paused"] = "run.paused"
    state: Literal["waiting", "stopped"] = Field(description="waiting: for a person.")
    reason: str = Field(description="What it waits for or who stopped it.")
    exit_code: int = Field(description="What the process ends with.")


class RunFinished(Wire):
    """The run is over; nothing of it runs or waits any more."""

    type: Literal["run.finished"] = "run.finished"
    state: Literal["done", "failed", "stopped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not done.")


class TaskStarted(Wire):
    """A task left the queue."""

    type: Literal["task.started"] = "task.started"


class TaskReviewing(Wire):
    """All phases are passed; the change waits for marks."""

    type: Literal["task.reviewing"] = "task.reviewing"


class TaskEnded(Wire):
    """A task is over."""

    type: Literal["task.ended"] = "task.ended"
    state: Literal["landed", "failed", "stopped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not landed whole.")


class PhaseStarted(Wire):
    """A phase began or was taken up again."""

    type: Literal["phase.started"] = "phase.started"


class PhaseEnded(Wire):
    """A phase is over."""

    type: Literal["phase.ended"] = "phase.ended"
    state: Literal["passed", "failed", "skipped"] = Field(description="How.")
    reason: str = Field(default="", description="Why, when not passed.")
    effects: bool = Field(default=True, description="False: it changed nothing and proved nothing.")


class SnapshotTaken(Wire):
    """A tree was recorded under a private ref; index, stash and HEAD of the user are untouched."""

    type: Literal["snapshot.taken"] = "snapshot.taken"
    name: str = Field(description="base, round-N, landed-N.")
    tree: str = Field(description="Git tree.")
    commit: str = Field(description="Commit that holds it.")
    ref: str = Field(description="Private ref.")
    notes: tuple[str, ...] = Field(default=(), description="What is not in it.")


class WorktreeCreated(Wire):
    """A worktree stands outside the repository."""

    type: Literal["worktree.created"] = "worktree.created"
    path: str = Field(description="Absolute path.")
    commit: str = Field(description="Commit it started at.")


class WorktreeRemoved(Wire):
    """A worktree is gone; what was in it is in refs."""

    type: Literal["worktree.removed"] = "worktree.removed"
    path: str = Field(description="Absolute path.")


class SetupRan(Wire):
    """A bootstrap command ran in the worktree."""

    type: Literal["setup.ran"] = "setup.ran"
    command: str = Field(description="The command.")
    exit_code: int | None = Field(description="Exit status; null: ended by us.")
    duration_ms: int = Field(ge=0, description="Wall time.")
    tail: str = Field(default="", description="End of its output.")


class WorkerStarted(Wire):
    """A worker program runs; pid and start time let a later process end it."""

    type: Literal["worker.started"] = "worker.started"
    worker: str = Field(description="Adapter: codex or codex-exec.")
    pid: int = Field(description="Process id.")
    start_time: float = Field(description="Start time of the process, Unix seconds.")
    thread: str = Field(description="Thread id, for resuming.")
    program: str = Field(description="Name and version.")


class WorkerEnded(Wire):
    """The worker program is gone."""

    type: Literal["worker.ended"] = "worker.ended"
    reason: str = Field(description="done, interrupted, or what went wrong.")
    outputs: tuple[OutputRef, ...] = Field(
        default=(), description="What it put out that belongs to no turn."
    )


class TurnStarted(Wire):
    """An instruction goes to the worker."""

    type: Literal["turn.started"] = "turn.started"
    intent: Intent = Field(description="EXEC or FIX.")
    round: int = Field(ge=1, description="Worker turns of this task, this one included.")
    prompt_digest: str = Field(description="SHA-256 of the text sent.")
    prompt: OutputRef | None = Field(default=None, description="The text sent.")


class TurnEnded(Wire):
    """The worker's turn is over."""

    type: Literal["turn.ended"] = "turn.ended"
    status: Literal["completed", "interrupted", "failed"] = Field(description="How.")
    message: str = Field(default="", description="The agent's final message.")
    error: str = Field(default="", description="What went wrong.")
    error_kind: str | None = Field(default=None, description="Short name of the failure.")
    outputs: tuple[OutputRef, ...] = Field(default=(), description="What it put out.")


class CommandRan(Wire):
    """The worker ran a command."""

    type: Literal["command.ran"] = "command.ran"
    command: str = Field(description="Command line.")
    exit_code: int | None = Field(description="Exit status; null: declined or unknown.")
    duration_ms: int | None = Field(default=None, description="Wall time.")


class RecordFound(Wire):
    """The parser understood something."""

    type: Literal["record.found"] = "record.found"
    record: Record = Field(description="What.")


class MissFound(Wire):
    """The parser did not understand something; kept for learning."""

    type: Literal["miss.found"] = "miss.found"
    miss: Miss = Field(description="What.")


class OutputParsed(Wire):
    """How much of a channel the parser could explain since the last such count.

    Only what commands put out is counted: an agent's own words are prose, and blank lines are
    nothing.
    """

    type: Literal["output.parsed"] = "output.parsed"
    channel: StreamChannel = Field(description="Stream it was read from.")
    lines: int = Field(ge=0, description="Lines that are not blank.")
    explained_lines: int = Field(ge=0, description="Those of them that a pattern knows.")
    size_bytes: int = Field(ge=0, description="Bytes of those lines, cleaned, without line ends.")
    explained_bytes: int = Field(ge=0, description="Bytes of the explained ones.")
    unlisted_records: int = Field(
        default=0, ge=0, description="Records past the most that are journalled of one channel."
    )
    unlisted_misses: int = Field(default=0, ge=0, description="Misses past it.")


class UsageCounted(Wire):
    """Tokens spent since the last count, never cumulative."""

    type: Literal["usage.counted"] = "usage.counted"
    source: Literal["manager", "worker"] = Field(description="Who spent them.")
    input_tokens: int = Field(ge=0, description="Input, cached ones included.")
    output_tokens: int = Field(ge=0, description="Output, reasoning included.")
    thread_input: int = Field(default=0, ge=0, description="The thread's cumulative input.")
    thread_output: int = Field(default=0, ge=0, description="The thread's cumulative output.")


class MonitorInterrupted(Wire):
    """The monitor interrupts the worker's turn; recorded before it does."""

    type: Literal["monitor.interrupted"] = "monitor.interrupted"
    cause: Literal["stall", "danger", "loop", "flood"] = Field(description="What was found.")
    detail: str = Field(description="In words, for a person and for the worker.")


class ManagerJudged(Wire):
    """The manager's EVAL of a round."""

    type: Literal["manager.judged"] = "manager.judged"
    verdict: Verdict = Field(description="done, continue, need_input, wait, abort.")
    instructions: str = Field(default="", description="FIX instructions or the question.")
    note: str = Field(default="", description="For the person.")
    prompt_digest: str = Field(default="", description="Prompt it came from.")
    round: int = Field(ge=0, description="The round judged.")
    wait_s: float = Field(default=0, ge=0, description="Seconds to wait.")


class CheckRan(Wire):
    """A check ran on a named tree: the evidence."""

    type: Literal["check.ran"] = "check.ran"
    command: str = Field(description="The check.")
    cwd: str = Field(default=".", description="Where in the tree.")
    where: CheckPlace = Field(description="base, round, proposal or landed.")
    tree: str = Field(description="Git tree it ran on.")
    exit_code: int | None = Field(description="Exit status; null: timed out or ended by us.")
    timed_out: bool = Field(default=False, description="It took longer than it may.")
    duration_ms: int = Field(ge=0, description="Wall time.")
    sandboxed: bool = Field(description="It ran in the sandbox.")
    output: OutputRef | None = Field(default=None, description="All it put out.")
    tail: str = Field(default="", description="End of its output.")
    reused: bool = Field(default=False, description="Same check on the same tree ran before.")

    @property
    def passed(self) -> bool:
        """Whether it proved what it checks."""
        return self.exit_code == 0 and not self.timed_out


class HunkRef(Wire):
    """A hunk as the journal knows it; its text is in git."""

    id: str = Field(description="Hunk id.")
    path: str = Field(description="Path.")
    must_ask: bool = Field(default=False, description="A person must decide, whatever is set.")
    refused: str = Field(default="", description="Why it can never land; empty: it may.")


class ChangeProposed(Wire):
    """A task's work as a difference of two trees, ready for marks.

    Recorded again, by a person, when they edit a hunk: hunks with the same id keep their marks.
    """

    type: Literal["change.proposed"] = "change.proposed"
    base_tree: str = Field(description="Tree the task started from.")
    tree: str = Field(description="Tree it proposes.")
    commit: str = Field(description="Commit that holds it, under a private ref.")
    files: int = Field(ge=0, description="Changed files.")
    hunks: tuple[HunkRef, ...] = Field(description="In review order.")
    held: bool = Field(default=False, description="A protected path holds the task as a whole.")
    notes: tuple[str, ...] = Field(default=(), description="What is on disk and not in it.")
    digest: str = Field(description="Digest of base tree and hunk ids.")


class HunkMarked(Wire):
    """Hunks were marked."""

    type: Literal["hunk.marked"] = "hunk.marked"
    hunks: tuple[str, ...] = Field(description="Hunk ids.")
    mark: Mark = Field(description="pending takes a mark back.")
    because: str = Field(default="", description="Reason of a rejection.")


class HunkSplit(Wire):
    """A hunk stands from now on as its parts."""

    type: Literal["hunk.split"] = "hunk.split"
    hunk: str = Field(description="Hunk id.")
    parts: tuple[str, ...] = Field(description="Ids of the parts, in order.")


class LandRequested(Wire):
    """Somebody asked to land what is accepted now."""

    type: Literal["landing.requested"] = "landing.requested"


class LandingStarted(Wire):
    """A landing transaction is about to write."""

    type: Literal["landing.started"] = "landing.started"
    id: str = Field(description="Landing id.")
    hunks: tuple[str, ...] = Field(description="Hunks it will land.")
    files: tuple[str, ...] = Field(description="Paths it will write.")


class LandingEnded(Wire):
    """A landing transaction is whole, or nothing of it happened."""

    type: Literal["landing.ended"] = "landing.ended"
    landing: Landing = Field(description="What it did.")
    reasons: dict[str, str] = Field(
        default_factory=dict, description="Why hunks were set aside, by hunk id."
    )
    error: str = Field(default="", description="Why nothing happened; empty: it did.")


class ArtifactCaptured(Wire):
    """A file was kept with the run."""

    type: Literal["artifact.captured"] = "artifact.captured"
    kind: Literal["patch", "summary", "plan", "file", "output"] = Field(description="What it is.")
    path: str = Field(description="Relative to the artifacts directory.")
    size_bytes: int = Field(ge=0, description="Size.")
    digest: str = Field(description="SHA-256.")


class SummaryWritten(Wire):
    """What was done, in words; heads the review."""

    type: Literal["summary.written"] = "summary.written"
    text: str = Field(description="The summary.")
    source: Literal["manager", "worker", "engine"] = Field(description="Who wrote it.")


class NoteAdded(Wire):
    """Something said to people: a manager's note, a notice of a program, a warning of ours."""

    type: Literal["note.added"] = "note.added"
    text: str = Field(description="The text.")
    level: Literal["info", "warning", "error"] = Field(default="info", description="Weight.")


class ApprovalAsked(Wire):
    """A question stands."""

    type: Literal["approval.asked"] = "approval.asked"
    id: str = Field(description="Approval id.")
    kind: ApprovalKind = Field(description="What for.")
    tasks: tuple[str, ...] = Field(default=(), description="Tasks it stands for.")
    enters: PhaseName | None = Field(default=None, description="Phase to be entered.")
    subject: str = Field(description="What exactly.")
    detail: str = Field(default="", description="What helps to decide.")
    digest: str = Field(description="Binds the answer to the subject.")
    unsandboxed: bool = Field(default=False, description="A grant runs outside the sandbox.")
    scopes: tuple[ApprovalScope, ...] = Field(default=("once",), description="Possible scopes.")
    choices: tuple[str, ...] = Field(default=(), description="Suggested answers.")


class ApprovalDecided(Wire):
    """A question is answered; the first answer holds."""

    type: Literal["approval.decided"] = "approval.decided"
    id: str = Field(description="Approval id.")
    grant: bool = Field(description="Granted or denied.")
    scope: ApprovalScope = Field(default="once", description="Reach of a grant.")
    because: str = Field(default="", description="Reason of a denial.")
    answer: str = Field(default="", description="Answer to a question.")
    who: str = Field(description="User name, or the flag that answered.")


class ApprovalVoided(Wire):
    """A question fell away: what it asked about is no longer so."""

    type: Literal["approval.voided"] = "approval.voided"
    id: str = Field(description="Approval id.")
    reason: str = Field(description="Why.")


class ApprovalUsed(Wire):
    """A grant was acted on; a grant with scope once is spent."""

    type: Literal["approval.used"] = "approval.used"
    id: str = Field(description="Approval id.")


EventData = Annotated[
    RunCreated | PlanMade | RunResumed | StopRequested | RunPaused | RunFinished
    | TaskStarted | TaskReviewing | TaskEnded | PhaseStarted | PhaseEnded
    | SnapshotTaken | WorktreeCreated | WorktreeRemoved | SetupRan
    | WorkerStarted | WorkerEnded | TurnStarted | TurnEnded | CommandRan
    | RecordFound | MissFound | OutputParsed | UsageCounted
    | MonitorInterrupted | ManagerJudged | CheckRan
    | ChangeProposed | HunkMarked | HunkSplit
    | LandRequested | LandingStarted | LandingEnded
    | ArtifactCaptured | SummaryWritten | NoteAdded
    | ApprovalAsked | ApprovalDecided | ApprovalVoided | ApprovalUsed,
    Field(discriminator="type"),
]  # fmt: skip


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
