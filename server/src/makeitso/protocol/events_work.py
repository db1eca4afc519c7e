"""Work on a task: the worker program, its turns and output, the manager's judgement."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.record import Miss, Record, StreamChannel
from makeitso.protocol.words import Intent, Verdict


class OutputRef(Wire):
    """A stretch of an output file beside the journal, fsynced before the event was written."""

    path: str = Field(description="File, relative to the artifacts directory.")
    offset: int = Field(ge=0, description="First byte.")
    length_bytes: int = Field(ge=0, description="Bytes.")
    digest: str = Field(description="SHA-256 of those bytes, hex.")


class WorkerStarted(Wire):
    """A worker program runs; pid and start time let a later process end it."""

    type: Literal["worker.started"] = "worker.started"
    worker: str = Field(description="Adapter: codex or codex-exec.")
    pid: int = Field(description="Process id.")
    start_time: float = Field(description="Start time of the process, Unix seconds.")
    thread: str = Field(description="Thread id, for resuming.")
    program: str = Field(description="Name and version.")
    library: str = Field(
        default="", description="Digest of the patterns that read what it puts out, hex."
    )
    reading: str = Field(
        default="", description="SHA-256 of all it is read with, as kept for replays; empty: not."
    )
    shadow: tuple[str, ...] = Field(
        default=(), description="Proposals whose patterns are counted and say nothing."
    )
    canary: tuple[str, ...] = Field(default=(), description="Proposals whose patterns act.")


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


class TrialHits(Wire):
    """What the pattern of a proposal would explain."""

    proposal: str = Field(description="Proposal id.")
    lines: int = Field(ge=1, description="Lines it matches.")
    explained_lines: int = Field(ge=0, description="Those of them that another pattern explains.")


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
    trials: tuple[TrialHits, ...] = Field(
        default=(), description="What proposals in the shadow would explain, by id."
    )


class UsageCounted(Wire):
    """Tokens spent since the last count, never cumulative."""

    type: Literal["usage.counted"] = "usage.counted"
    source: Literal["manager", "worker"] = Field(description="Who spent them.")
    input_tokens: int = Field(ge=0, description="Input, cached ones included.")
    output_tokens: int = Field(ge=0, description="Output, reasoning included.")
    thread_input: int = Field(default=0, ge=0, description="The thread's cumulative input.")
    thread_output: int = Field(default=0, ge=0, description="The thread's cumulative output.")


class MonitorInterrupted(Wire):
    """The monitor interrupts the worker's turn or the manager's; recorded before it does."""

    type: Literal["monitor.interrupted"] = "monitor.interrupted"
    who: Literal["worker", "manager"] = Field(default="worker", description="Whose turn.")
    cause: Literal["stall", "danger", "loop", "flood"] = Field(description="What was found.")
    detail: str = Field(description="In words, for a person and for the worker.")


class ManagerAsked(Wire):
    """A question goes to the manager; its answer is `plan.made` or `manager.judged`."""

    type: Literal["manager.asked"] = "manager.asked"
    intent: Literal["PLAN", "EVAL"] = Field(description="A plan, or a word on a round.")
    round: int = Field(default=0, ge=0, description="The round to be judged; 0: a plan.")


class ManagerJudged(Wire):
    """The manager's EVAL of a round."""

    type: Literal["manager.judged"] = "manager.judged"
    verdict: Verdict = Field(description="done, continue, need_input, wait, abort.")
    instructions: str = Field(default="", description="FIX instructions or the question.")
    note: str = Field(default="", description="For the person.")
    prompt_digest: str = Field(default="", description="Prompt it came from.")
    round: int = Field(ge=0, description="The round judged.")
    wait_s: float = Field(default=0, ge=0, description="Seconds to wait; 0: as waits are paced.")
    wait_until: str = Field(default="", description="Or until this time.")
    wait_command: str = Field(default="", description="Or until this command succeeds.")
