"""One turn of Codex, whichever transport tells of it: what is remembered, what the host hears."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio

from makeitso.codex.messages import Item, unwrapped
from makeitso.codex.notes import ItemEnded, ItemStarted, OutputDelta, TextDelta, Tokens, Trouble
from makeitso.workers.port import (
    CommandEnded,
    CommandStarted,
    FilesTouched,
    Message,
    Notice,
    Output,
    TurnResult,
    Usage,
    WorkerEvent,
)

if TYPE_CHECKING:
    from makeitso.codex.failures import Failure
    from makeitso.codex.messages import TokenCount
    from makeitso.codex.notes import Note
    from makeitso.workers.timers import Expired, TurnTimers

MOST_COMPARED = 65_536
"""Characters of a command's output up to which what was streamed is held against the whole."""

Emit = Callable[[WorkerEvent], Awaitable[None]]


class Turn:
    """A turn as far as it went.

    Attributes:
        id: Codex's id, empty until it is known.
        status: empty while it runs, then as Codex names it.
        message: the final message, or the newest one so far.
        failure: why it failed.
        known: set once the id is.
        over: set with the status.
        stopped: True once we asked for its end.
        cleaned: True once its commands are known to have been ended.
        open_items: commands and patches under way, by id.
    """

    def __init__(self) -> None:
        self.id = ""
        self.status = ""
        self.message = ""
        self.failure: Failure | None = None
        self.known = anyio.Event()
        self.over = anyio.Event()
        self.stopped = False
        self.cleaned = False
        self.open_items: dict[str, Item] = {}
        self._final = False
        self._streamed: dict[str, str | None] = {}
        self._closed: set[str] = set()

    def end(self, status: str, failure: Failure | None) -> None:
        """Note the last word."""
        self.status, self.failure = status, failure
        self.over.set()

    async def take(self, note: Note, emit: Emit) -> None:
        """Remember what a note says and tell the host."""
        match note:
            case TextDelta():
                await emit(Output("message", note.text.encode(), note.item))
            case OutputDelta():
                self._remember(note.item, note.text)
                await emit(Output("stdout", note.text.encode(), note.item))
            case ItemStarted():
                await self._item_started(note.item, emit)
            case ItemEnded():
                await self._item_ended(note.item, emit)
            case Tokens():
                await emit(usage(note.total))
            case Trouble():
                await emit(Notice(note.text, note.will_retry))
            case _:
                pass

    async def close_commands(self, emit: Emit) -> None:
        """Tell the end of commands that were stopped: Codex may not."""
        for item in tuple(self.open_items.values()):
            del self.open_items[item.id]
            self._closed.add(item.id)
            if item.type == "commandExecution":
                await emit(CommandEnded(item.id, unwrapped(item.command), None, None))

    def result(self, *, otherwise: Failure) -> TurnResult:
        """How it ended; `otherwise` is why, if Codex never said."""
        if self.status == "completed":
            return TurnResult(status="completed", message=self.message)
        if self.status == "interrupted" or self.stopped:
            return TurnResult(status="interrupted", message=self.message)
        return failed(self.failure or otherwise, message=self.message)

    def _remember(self, item: str, text: str) -> None:
        """Keep what was streamed of a command, as long as it is short."""
        known = self._streamed.get(item, "")
        self._streamed[item] = None if known is None or len(known) > MOST_COMPARED else known + text

    async def _item_started(self, item: Item, emit: Emit) -> None:
        if item.type in ("commandExecution", "fileChange"):
            self.open_items[item.id] = item
        if item.type == "commandExecution":
            await emit(CommandStarted(item.id, unwrapped(item.command), item.cwd))

    async def _item_ended(self, item: Item, emit: Emit) -> None:
        self.open_items.pop(item.id, None)
        if item.id in self._closed:
            return
        match item.type:
            case "agentMessage":
                final = item.phase == "final_answer"
                if final or not self._final:
                    self.message, self._final = item.text, final
                await emit(Message(item.text, final, item.id))
            case "commandExecution":
                rest = unstreamed(item.aggregated_output or "", self._streamed.get(item.id, ""))
                if rest:
                    await emit(Output("stdout", rest.encode(), item.id))
                command = unwrapped(item.command)
                await emit(CommandEnded(item.id, command, item.exit_code, item.duration_ms))
            case "fileChange" if item.status == "completed":
                paths = tuple(path for change in item.changes for path in change.paths)
                await emit(FilesTouched(paths))
            case "fileChange":
                await emit(Notice(f"a patch was not applied: {item.status}"))
            case _:
                pass


def unstreamed(whole: str, streamed: str | None) -> str:
    """What of a command's output never came as a piece.

    Codex 0.163 loses pieces of commands that end at once, under load about one in thirty; all of
    the output is told at the end.

    Args:
        whole: all of it, as told at the end; empty: not told.
        streamed: the pieces, joined; None: too much to compare.
    """
    if streamed is None or streamed not in whole:
        return ""
    before, _, after = whole.partition(streamed) if streamed else ("", "", whole)
    return before + after


def usage(total: TokenCount) -> Usage:
    """Codex's counts as ours."""
    return Usage(
        input_tokens=total.input_tokens,
        cached_input_tokens=total.cached_input_tokens,
        output_tokens=total.output_tokens,
        reasoning_tokens=total.reasoning_output_tokens,
        total_tokens=total.total_tokens,
    )


def failed(failure: Failure, *, message: str = "") -> TurnResult:
    """A failed turn."""
    return TurnResult(
        status="failed",
        message=message,
        error=failure.message,
        error_kind=failure.kind,
        retryable=failure.retryable,
    )


def ran_out(turn: Turn, expired: Expired, timers: TurnTimers) -> TurnResult:
    """A turn that reached a limit of time."""
    return TurnResult(
        status="failed",
        message=turn.message,
        error=timers.describe(expired),
        error_kind=expired,
        retryable=True,
    )
