"""Notifications of the app-server as typed values, for the worker and for one-shot questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from makeitso.codex.failures import Failure, classify
from makeitso.codex.messages import (
    Delta,
    ErrorNote,
    Item,
    ItemNote,
    Text,
    TokenCount,
    TokenNote,
    TurnNote,
)

if TYPE_CHECKING:
    from makeitso.codex.rpc import Json


@dataclass(frozen=True)
class TextDelta:
    """A piece of a message of the agent."""

    item: str
    text: str


@dataclass(frozen=True)
class OutputDelta:
    """A piece of a command's output, both channels merged by Codex."""

    item: str
    text: str


@dataclass(frozen=True)
class ItemStarted:
    """A message, command or patch begins."""

    item: Item


@dataclass(frozen=True)
class ItemEnded:
    """A message, command or patch is complete."""

    item: Item


@dataclass(frozen=True)
class Tokens:
    """Cumulative counts of the thread."""

    total: TokenCount


@dataclass(frozen=True)
class TurnEnded:
    """The last word on a turn; status is `completed`, `interrupted` or `failed`."""

    turn: str
    status: str
    failure: Failure | None


@dataclass(frozen=True)
class Trouble:
    """An error that may be followed by another try."""

    text: str
    will_retry: bool


@dataclass(frozen=True)
class RequestSettled:
    """A request of Codex was settled, by our answer or without it."""

    request: int | str


Note = (
    TextDelta
    | OutputDelta
    | ItemStarted
    | ItemEnded
    | Tokens
    | TurnEnded
    | Trouble
    | RequestSettled
)

_WARNINGS = ("warning", "configWarning", "guardianWarning")

_HARMLESS = (
    # At every start on a machine without bubblewrap.
    "Codex will use the bundled bubblewrap",
    # A thread that is taken up, in a worktree that is untrusted because we say so. The advice that
    # follows, to trust it, is one nobody should take.
    "are disabled in the following folders until the project is trusted",
)
"""Said of what is as it should be; it stays in the log."""


def read_note(method: str, params: Json, *, thread: str) -> Note | None:
    """Read a notification about `thread`; None for one that we have no use for.

    Text that cannot be read as what it claims to be is a `Trouble`, never an error: one odd message
    must not end a turn.
    """
    about = params.get("threadId")
    if thread and isinstance(about, str) and about != thread:
        return None
    try:
        return _read(method, params)
    except ValidationError as error:
        return Trouble(f"unreadable {method} from Codex: {str(error)[:300]}", will_retry=False)


def _read(method: str, params: Json) -> Note | None:
    note: Note | None = None
    match method:
        case "item/agentMessage/delta":
            delta = Delta.model_validate(params)
            note = TextDelta(delta.item_id, delta.delta)
        case "item/commandExecution/outputDelta":
            delta = Delta.model_validate(params)
            note = OutputDelta(delta.item_id, delta.delta)
        case "item/started":
            note = ItemStarted(ItemNote.model_validate(params).item)
        case "item/completed":
            note = ItemEnded(ItemNote.model_validate(params).item)
        case "thread/tokenUsage/updated":
            note = Tokens(TokenNote.model_validate(params).token_usage.total)
        case "turn/completed":
            turn = TurnNote.model_validate(params).turn
            error = turn.error
            failure = classify(error.message, error.codex_error_info) if error else None
            note = TurnEnded(turn.id, turn.status, failure)
        case "error":
            trouble = ErrorNote.model_validate(params)
            note = Trouble(trouble.error.message, trouble.will_retry)
        case "serverRequest/resolved":
            request = params.get("requestId")
            note = RequestSettled(request) if isinstance(request, int | str) else None
        case _ if method in _WARNINGS:
            text = Text.model_validate(params).joined
            note = (
                None if any(said in text for said in _HARMLESS) else Trouble(text, will_retry=False)
            )
        case _:
            pass
    return note
