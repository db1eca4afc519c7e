"""The parts of Codex's messages that we read; what is unknown passes, what lacks is empty."""

from __future__ import annotations

from typing import cast

from pydantic import ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from makeitso.policy.commands import normalise
from makeitso.protocol.base import Foreign


class Camel(Foreign):
    """A message of the app-server: camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _null_is_absent(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {k: v for k, v in cast("dict[str, object]", data).items() if v is not None}


class ChangedFile(Camel):
    """One file of a patch; `move_path` lies inside `kind` where it is a rename."""

    path: str
    kind: str | dict[str, object] = ""
    diff: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """The path, and where it moves to."""
        target = self.kind.get("move_path") if isinstance(self.kind, dict) else None
        return (self.path, target) if isinstance(target, str) else (self.path,)


class Item(Camel):
    """A message, a command, a patch or anything else of a turn; `type` says which."""

    type: str
    id: str = ""
    text: str = ""
    phase: str | None = None
    command: str = ""
    cwd: str = ""
    status: str = ""
    aggregated_output: str | None = None
    exit_code: int | None = None
    duration_ms: int | None = None
    changes: tuple[ChangedFile, ...] = ()


class ItemNote(Camel):
    """`item/started` and `item/completed`."""

    item: Item
    thread_id: str = ""
    turn_id: str = ""


class Delta(Camel):
    """A piece of text of a message or of a command's output."""

    item_id: str = ""
    delta: str
    thread_id: str = ""
    turn_id: str = ""


class TokenCount(Camel):
    """Tokens so far."""

    total_tokens: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0


class TokenUsage(Camel):
    """Of the thread in total; what the last request used is not read."""

    total: TokenCount


class TokenNote(Camel):
    """`thread/tokenUsage/updated`."""

    token_usage: TokenUsage
    thread_id: str = ""


class TurnError(Camel):
    """Why a turn failed; the info is a word or an object with one key."""

    message: str = ""
    codex_error_info: object = None


class Turn(Camel):
    """A turn as its last notification shows it."""

    id: str
    status: str
    error: TurnError | None = None


class TurnNote(Camel):
    """`turn/started` and `turn/completed`, and the answer to `turn/start`."""

    turn: Turn
    thread_id: str = ""


class ErrorNote(Camel):
    """`error`: may be followed by another try."""

    error: TurnError
    will_retry: bool = False
    thread_id: str = ""


class Text(Camel):
    """`warning`, `configWarning`, `deprecationNotice`: whatever text they have."""

    message: str = ""
    summary: str = ""
    details: str | None = None

    @property
    def joined(self) -> str:
        """All of it in one line."""
        return " ".join(part for part in (self.message, self.summary, self.details or "") if part)


class Thread(Camel):
    """A thread, as far as we need it."""

    id: str


class ThreadOpened(Camel):
    """The answer to `thread/start` and `thread/resume`."""

    thread: Thread
    model: str = ""


class Initialized(Camel):
    """The answer to `initialize`."""

    user_agent: str = ""


class NetworkContext(Camel):
    """Where a blocked command wanted to connect."""

    host: str
    protocol: str = ""


class CommandApproval(Camel):
    """`item/commandExecution/requestApproval`."""

    item_id: str = ""
    turn_id: str = ""
    kind: str = "command"
    reason: str | None = None
    command: str | None = None
    cwd: str | None = None
    network_approval_context: NetworkContext | None = None


class PatchApproval(Camel):
    """`item/fileChange/requestApproval`; the change itself came with `item/started`."""

    item_id: str = ""
    turn_id: str = ""
    reason: str | None = None
    grant_root: str | None = None


class Choice(Camel):
    """One offered answer."""

    label: str
    description: str = ""


class Question(Camel):
    """One question of the agent to the person."""

    id: str
    header: str = ""
    question: str = ""
    options: tuple[Choice, ...] | None = None


class UserInput(Camel):
    """`item/tool/requestUserInput`."""

    item_id: str = ""
    questions: tuple[Question, ...] = ()


def unwrapped(command: str) -> str:
    """A command line without the shell Codex wraps around it: `/bin/bash -c 'ls'` is `ls`."""
    return normalise(command)
