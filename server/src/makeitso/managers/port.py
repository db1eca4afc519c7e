"""What a run sees of a manager: PLAN a goal, EVAL a result. Its answers are validated contract."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from makeitso.protocol.learned import LearnDraft
    from makeitso.protocol.plan import Judgement, PlanDraft

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """A goal and what the manager may know of the repository."""

    goal: str
    repository: Path
    """Read-only to the manager."""
    facts: str
    """Present tree and instructions files, already cut to size and redacted."""
    policy: str
    seed: int
    intent_word: str = "PLAN"
    """How the workspace's dictionary writes the intent."""


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """One check as it ran on the proposal."""

    command: str
    exit_code: int | None
    output_tail: str


@dataclass(frozen=True, kw_only=True)
class JudgeRequest:
    """A round of work to be judged."""

    task_id: str
    title: str
    goal: str
    repository: Path
    """The worktree, read-only to the manager."""
    round: int
    max_rounds: int
    worker_message: str
    diff: str
    """The difference so far, from git, cut to size."""
    checks: tuple[CheckOutcome, ...]
    declared_checks: int
    no_progress: int
    """Rounds in a row without a new difference."""
    waited: str = ""
    """What came of the wait it asked for last; empty: it asked for none."""
    now: str = ""
    """The present time with its zone, to the minute."""
    comments: tuple[str, ...] = ()
    """Reasons a person gave with rejections or answers, oldest first."""
    seed: int = 0
    intent_word: str = "EVAL"
    """How the workspace's dictionary writes the intent."""


@dataclass(frozen=True, kw_only=True)
class LearnRequest:
    """Lines that no pattern explains, to be explained by one pattern a group."""

    groups: tuple[tuple[str, ...], ...]
    """Some lines of each group, redacted; their numbers count from 1."""
    repository: Path
    """Read-only to the manager; nothing of it is needed."""
    seed: int = 0
    intent_word: str = "LEARN"
    """How the workspace's dictionary writes the intent."""


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Tokens of one exchange, all attempts together."""

    input_tokens: int = 0
    output_tokens: int = 0

    @property
    def total(self) -> int:
        """Input plus output."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, kw_only=True)
class Answer(Generic[T_co]):
    """A validated answer with what it cost and how it was asked."""

    value: T_co
    prompt_digest: str
    """SHA-256 of the exact prompt text sent first."""
    spent: Spent = field(default_factory=Spent)
    attempts: int = 1
    unfit: str = ""
    """What was wrong with the first answer, where it was asked for once more."""
    raw: str = ""
    model: str = ""


@dataclass(frozen=True)
class Wrote:
    """Text of its answer, as it is written; empty: it is at work and there is nothing to show."""

    data: bytes = b""


@dataclass(frozen=True)
class Began:
    """It runs a command to look around."""

    item: str
    command: str
    cwd: str


@dataclass(frozen=True)
class Put:
    """Output of such a command."""

    item: str
    data: bytes


@dataclass(frozen=True)
class Over:
    """Such a command ended; exit_code None: unknown."""

    item: str
    command: str
    exit_code: int | None


@dataclass(frozen=True)
class Lost:
    """The connection to the model was lost, and it tries again by itself."""


ManagerEvent = Wrote | Began | Put | Over | Lost | Spent
"""What is seen of a manager while it works; `Spent` counts since the last one."""


def unseen(event: ManagerEvent) -> None:
    """Who watches when nobody does."""
    del event


class Manager(Protocol):
    """Plans and judges. Raises AuthError, Unavailable, ModelError, AnswerError, EnvironmentFault.

    An answer that does not validate is asked for once more with the error; then AnswerError carries
    what was received. Whoever asks may be cancelled at any time: then the model's turn is
    interrupted, and the commands it started are gone when the call returns.
    """

    kind: str

    async def plan(
        self,
        request: PlanRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[PlanDraft]:
        """Turn a goal into a draft plan; `progress` shows the answer, `saw` sees what happens."""
        ...

    async def judge(
        self,
        request: JudgeRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[Judgement]:
        """Say whether a task is done, and if not, what next."""
        ...

    async def learn(
        self,
        request: LearnRequest,
        progress: Callable[[str], Awaitable[None]],
        *,
        saw: Callable[[ManagerEvent], None] = unseen,
    ) -> Answer[LearnDraft]:
        """Suggest patterns for lines that nothing explains."""
        ...

    async def rest(self) -> None:
        """End what it keeps running until it is asked again; only called while nothing is asked."""
        ...

    async def close(self) -> None:
        """End whatever it keeps running; idempotent."""
        ...
