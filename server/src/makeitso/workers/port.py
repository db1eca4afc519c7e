"""What a run sees of a worker: one session per task, turns in it, events out, questions back.

Text that a worker emits is data. Nothing here carries authority: what changed comes from git, and
whether it is done comes from the checks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from makeitso.protocol.words import Permission

Channel = Literal["message", "stdout", "stderr", "log", "wire"]
"""message: the agent's own words; stdout, stderr: output of its commands (Codex merges both into
stdout); log: the worker program's stderr; wire: its raw protocol lines, kept for replay."""


@dataclass(frozen=True, kw_only=True)
class WorkerJob:
    """All a worker needs to know, decided before it starts."""

    run: str
    task: str
    worktree: Path
    """Where it works; the only writable place."""
    home: Path
    """Private directory of this worker, 0700, outside every worktree and not under `tmp`."""
    tmp: Path
    """Its TMPDIR; a sibling of `home`, never an ancestor."""
    instructions: str
    """Developer instructions: the dictionary with the run's nonce, house rules, skills."""
    model: str | None
    """Model name; None: the program's default."""
    base_url: str | None
    """Responses endpoint; None: the program's built-in provider."""
    api_key: str | None
    """The key itself, from the environment; handed on by environment only, never by argv."""
    write_files: Permission
    run_shell: Permission
    network: Permission
    step_commands: bool
    """True: every command asks (policy `manual`); accepted ones run outside the sandbox."""
    sandbox: bool = True
    """False only for the demo's own script where the sandbox is unavailable."""
    thread: str | None = None
    """Thread to resume; None: a new one."""
    idle_timeout_s: float = 600.0
    """No event for this long (approvals excluded) ends the turn; 0: no limit."""
    wall_timeout_s: float = 3600.0
    """Longest turn, time waiting for answers excluded; 0: no limit."""
    extra_args: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Extra variables for the worker program, already allow-listed."""


@dataclass(frozen=True)
class Started:
    """The worker program runs; pid and start time identify it after a crash of ours."""

    pid: int
    start_time: float
    thread: str
    program: str
    """Name and version, e.g. `codex-cli 0.163.0`."""


@dataclass(frozen=True)
class Output:
    """Bytes on a channel, as they came; chunks need not end at lines or code points."""

    channel: Channel
    data: bytes
    item: str = ""
    """Id of the command or message it belongs to, where known."""


@dataclass(frozen=True)
class Message:
    """One complete message of the agent (its deltas came before as Output on `message`)."""

    text: str
    final: bool
    item: str = ""


@dataclass(frozen=True)
class CommandStarted:
    """The agent runs a command."""

    item: str
    command: str
    cwd: str


@dataclass(frozen=True)
class CommandEnded:
    """A command of the agent ended; exit_code None: declined or unknown."""

    item: str
    command: str
    exit_code: int | None
    duration_ms: int | None


@dataclass(frozen=True)
class FilesTouched:
    """What the agent says it changed; shown as progress, never believed."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class Usage:
    """Cumulative token counts of the thread, as the worker reports them."""

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    total_tokens: int


@dataclass(frozen=True)
class Notice:
    """A warning or transient error of the worker program (retries, rate limits, refusals)."""

    text: str
    will_retry: bool = False


WorkerEvent = (
    Started | Output | Message | CommandStarted | CommandEnded | FilesTouched | Usage | Notice
)


@dataclass(frozen=True, kw_only=True)
class WorkerAsk:
    """A question of the worker that somebody must answer before it goes on."""

    kind: Literal["command", "patch_outside", "network", "question"]
    subject: str
    """Normalised: the command line without the shell wrapper, the paths, the host, the question."""
    reason: str
    cwd: str = ""
    unsandboxed: bool = False
    """True: granting it runs outside the sandbox, and the question says so."""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class WorkerAnswer:
    """The decision; `text` is the reason of a denial or the answer to a question.

    `interrupt` declines and ends the turn: the run stops here to wait for a person.
    """

    granted: bool
    text: str = ""
    interrupt: bool = False


class WorkerHost(Protocol):
    """The side of the run: takes events, answers questions."""

    async def emit(self, event: WorkerEvent, /) -> None:
        """Take one event; returns once it is stored, which is the back-pressure."""
        ...

    async def ask(self, request: WorkerAsk, /) -> WorkerAnswer:
        """Answer a question; may take hours. Cancelled when the turn ends."""
        ...


@dataclass(frozen=True, kw_only=True)
class TurnResult:
    """How a turn ended.

    `error_kind` is None when completed; `auth`, `refused-connection`, `stream-cut`, `usage-limit`,
    `unknown-model`, `context-window`, `model`, `process`, `idle`, `wall`, `protocol` name failures.
    """

    status: Literal["completed", "interrupted", "failed"]
    message: str
    """The final message of the agent, empty if none."""
    error: str = ""
    error_kind: str | None = None
    retryable: bool = False


class WorkerSession(Protocol):
    """One running worker program bound to one thread."""

    async def turn(self, text: str) -> TurnResult:
        """Give an instruction and wait for the turn to end; never raises for a worker's failure.

        Cancelling it interrupts the turn and ends the commands it started.
        """
        ...

    async def interrupt(self) -> None:
        """End the present turn and its commands; `turn` then returns `interrupted`."""
        ...


class Worker(Protocol):
    """Opens sessions.

    `open` is an async context manager factory: on leaving it nothing of the process tree is left.
    Raises EnvironmentFault when the program is missing or its sandbox unusable, WorkerError when it
    does not start or speaks another protocol.
    """

    name: str

    def open(self, job: WorkerJob, host: WorkerHost) -> WorkerSessionContext:
        """Start the program for `job` and resume or start its thread."""
        ...


class WorkerSessionContext(Protocol):
    """An async context manager that yields a session."""

    async def __aenter__(self) -> WorkerSession: ...
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...


@dataclass(frozen=True, kw_only=True)
class CommandOutcome:
    """How a command ended."""

    exit_code: int | None
    timed_out: bool
    duration_ms: int
    tail: str
    """End of its output, decoded."""


class CommandRunner(Protocol):
    """Runs commands that contain code a worker may have written, in the sandbox."""

    sandboxed: bool

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        root: Path,
        timeout_s: float,
        network: bool,
        on_output: Callable[[Literal["stdout", "stderr"], bytes], Awaitable[None]],
    ) -> CommandOutcome:
        """Run a shell command line in `cwd`, able to write below `root` only.

        Raises EnvironmentFault when the sandbox is unavailable.
        """
        ...
