"""The editor's side of a run. Nothing waits for an answer here: people answer by requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event


class EditorDoor:
    """A person sits at an editor: questions stay open until one of their requests answers them.

    Events reach the client from the journal itself, with those of other processes.

    Args:
        shown: takes live text of a task on a channel.
    """

    def __init__(self, shown: Callable[[str, str, str], None]) -> None:
        self._shown = shown

    def event(self, event: Event) -> None:
        """Told by the journal."""

    def output(self, task: str, channel: str, text: str) -> None:
        """Shown to a client that asked for it."""
        self._shown(task, channel, text)

    async def attend(self, pending: Sequence[Approval]) -> bool:
        """Wait; the engine cancels this when the questions change."""
        del pending
        await anyio.sleep_forever()
        return True

    def asking(self) -> str | None:
        """An answer from an editor names the question, and comes back if that fell away."""
        return None
