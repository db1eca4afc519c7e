"""One turn of a read-only thread: its notifications until it is over become a reply."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from makeitso.codex.failures import Failure
from makeitso.codex.messages import unwrapped
from makeitso.codex.notes import (
    ItemEnded,
    ItemStarted,
    OutputDelta,
    TextDelta,
    Tokens,
    Trouble,
    TurnEnded,
)
from makeitso.errors import WorkerError
from makeitso.managers import port
from makeitso.managers.port import Spent
from makeitso.managers.structured import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.streams.memory import MemoryObjectReceiveStream

    from makeitso.codex.appserver import AppServer
    from makeitso.codex.notes import Note


class TurnFailed(Exception):  # noqa: N818 -- the failure is what it carries
    """A turn that did not complete; `failure` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


@dataclass
class Thread:
    """One conversation.

    Attributes:
        server: the app-server it lives on.
        id: as the server knows it.
        model: that answers in it.
        total: tokens of the thread so far.
        working: True while a turn is under way.
        asking: guards the thread: one question at a time.
    """

    server: AppServer
    id: str
    model: str
    total: Spent = field(default_factory=Spent)
    working: bool = False
    asking: anyio.Lock = field(default_factory=anyio.Lock)

    @property
    def ended(self) -> bool:
        """True once its server is gone, and the thread with it."""
        return self.server.rpc.ended.is_set()


async def listen(
    thread: Thread,
    notes: MemoryObjectReceiveStream[Note],
    *,
    progress: Callable[[str], Awaitable[None]],
    saw: Callable[[port.ManagerEvent], None] = port.unseen,
    idle_s: float,
) -> Reply:
    """Take the notes of the turn that is under way until it is over.

    Args:
        thread: the turn's; its `total` and `working` are kept true.
        notes: of this thread.
        progress: takes the answer as it is written.
        saw: sees what happens, before it is taken.
        idle_s: longest time without a note.

    Raises:
        TurnFailed: the turn failed or was interrupted.
        WorkerError: the server ended, or was silent for `idle_s`.
    """
    before, message = thread.total, ""
    seeing = _Seeing(saw)
    while thread.working:
        note = await _next(thread, notes, idle_s=idle_s)
        seeing.note(note)
        match note:
            case TextDelta():
                await progress(note.text)
            case ItemEnded() if note.item.type == "agentMessage":
                message = note.item.text
            case Tokens():
                total = Spent(
                    input_tokens=note.total.input_tokens, output_tokens=note.total.output_tokens
                )
                saw(_since(thread.total, total))
                thread.total = total
            case TurnEnded():
                thread.working = False
                if note.status != "completed":
                    raise TurnFailed(note.failure or _unexplained(note.status))
            case _:
                pass
    return Reply(text=message, spent=_since(before, thread.total), model=thread.model)


class _Seeing:
    """Tells who watches what the notes of one turn say."""

    def __init__(self, saw: Callable[[port.ManagerEvent], None]) -> None:
        self._saw = saw
        self._streamed: set[str] = set()

    def note(self, note: Note) -> None:
        match note:
            case TextDelta(text=text):
                self._saw(port.Wrote(text.encode()))
            case OutputDelta(item=item, text=text):
                self._streamed.add(item)
                self._saw(port.Put(item, text.encode()))
            case ItemStarted(item=item) if item.type == "commandExecution":
                self._saw(port.Began(item.id, unwrapped(item.command), item.cwd))
            case ItemEnded(item=item) if item.type == "commandExecution":
                if item.id not in self._streamed:  # a short output may come whole, at the end
                    self._saw(port.Put(item.id, (item.aggregated_output or "").encode()))
                self._saw(port.Over(item.id, unwrapped(item.command), item.exit_code))
            case Trouble(will_retry=True):
                self._saw(port.Lost())
            case _:
                self._saw(port.Wrote())


def _since(before: Spent, now: Spent) -> Spent:
    return Spent(
        input_tokens=max(0, now.input_tokens - before.input_tokens),
        output_tokens=max(0, now.output_tokens - before.output_tokens),
    )


async def _next(thread: Thread, notes: MemoryObjectReceiveStream[Note], *, idle_s: float) -> Note:
    try:
        with anyio.fail_after(idle_s):
            return await notes.receive()
    except TimeoutError as error:
        raise WorkerError(f"Codex was silent for {idle_s:g} seconds") from error
    except (anyio.EndOfStream, anyio.ClosedResourceError) as error:
        tail = thread.server.stderr_tail[-500:]
        raise WorkerError(f"Codex ended in the middle of a turn. {tail}".strip()) from error


def _unexplained(status: str) -> Failure:
    return Failure("model", f"the turn ended as {status!r}", retryable=True)
