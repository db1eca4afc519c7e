"""`codex exec --json`: its lines as the same notes that the app-server's notifications give.

It has no deltas and no diffs, commands bring their whole output at their end, and nothing says
which message is the final one. Only `turn.completed`, `turn.failed` and the end of the output are
the end of a turn; an `error` line may be one of several tries.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pydantic import Field, ValidationError

from makeitso.codex.failures import classify
from makeitso.codex.messages import Camel, ChangedFile, Item, TokenCount
from makeitso.codex.notes import ItemEnded, ItemStarted, Note, Tokens, Trouble, TurnEnded
from makeitso.protocol.base import Foreign

if TYPE_CHECKING:
    from makeitso.processes import Line

_TYPES = {
    "agent_message": "agentMessage",
    "command_execution": "commandExecution",
    "file_change": "fileChange",
}


@dataclass(frozen=True)
class ThreadNamed:
    """The first line: which thread this is."""

    thread: str


class ExecUsage(Foreign):
    """Tokens of the thread so far, resumed turns included."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    reasoning_output_tokens: int = 0


class ExecError(Foreign):
    """Why a turn failed; text only."""

    message: str = ""


class ExecItem(Camel):
    """An item; snake_case here, unlike in the app-server."""

    type: str
    id: str = ""
    text: str = ""
    message: str = ""
    command: str = ""
    status: str = ""
    aggregated_output: str | None = Field(None, alias="aggregated_output")
    exit_code: int | None = Field(None, alias="exit_code")
    changes: tuple[ChangedFile, ...] = ()

    def as_item(self) -> Item:
        """The same in the app-server's words."""
        return Item(
            type=_TYPES.get(self.type, self.type),
            id=self.id,
            text=self.text,
            command=self.command,
            status=self.status,
            aggregated_output=self.aggregated_output,
            exit_code=self.exit_code,
            changes=self.changes,
        )


class ExecLine(Foreign):
    """Any line."""

    type: str
    thread_id: str = ""
    item: ExecItem | None = None
    usage: ExecUsage | None = None
    error: ExecError | None = None
    message: str = ""


def read_exec_line(line: Line) -> list[Note | ThreadNamed]:
    """The notes of one line; what cannot be read is a `Trouble`."""
    if line.cut:
        return [
            Trouble(f"a line of {len(line.data) + line.cut} bytes was dropped", will_retry=False)
        ]
    try:
        value: object = json.loads(line.data)
        read = ExecLine.model_validate(value)
    except (ValueError, RecursionError, ValidationError):
        if not line.data.strip():
            return []
        shown = line.data[:300].decode(errors="replace")
        return [Trouble(f"unreadable line from Codex: {shown}", will_retry=False)]
    return _notes(read)


def _notes(read: ExecLine) -> list[Note | ThreadNamed]:
    notes: list[Note | ThreadNamed] = []
    match read.type:
        case "thread.started":
            notes = [ThreadNamed(read.thread_id)]
        case "item.started" if read.item:
            notes = [ItemStarted(read.item.as_item())]
        case "item.completed" if read.item and read.item.type == "error":
            notes = [Trouble(read.item.message, will_retry=False)]
        case "item.completed" if read.item:
            notes = [ItemEnded(read.item.as_item())]
        case "turn.completed":
            notes = [TurnEnded("", "completed", None)]
            if read.usage:
                notes.insert(0, Tokens(_count(read.usage)))
        case "turn.failed":
            failure = classify(read.error.message if read.error else "no reason given")
            notes = [TurnEnded("", "failed", failure)]
        case "error":
            notes = [Trouble(read.message, will_retry=read.message.startswith("Reconnecting"))]
        case _:
            pass
    return notes


def _count(usage: ExecUsage) -> TokenCount:
    fields = cast("dict[str, int]", usage.model_dump())
    return TokenCount(**fields, total_tokens=usage.input_tokens + usage.output_tokens)
