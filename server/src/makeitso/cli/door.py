"""The person's side of a run in a terminal: what they see, and what they are asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.cli.costs import Costs
from makeitso.cli.notify import notify
from makeitso.cli.once import Once
from makeitso.cli.pacing import Pace
from makeitso.cli.questions import ask_person
from makeitso.cli.ticker import tell
from makeitso.protocol.events import ManagerJudged, NoteAdded, PlanMade, WorktreeCreated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.cli.console import Console
    from makeitso.cli.ticker import Line
    from makeitso.errors import MisError
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event
    from makeitso.wiring import Bridge

STYLES = {
    "message": "cyan",
    "stdout": "dim",
    "stderr": "dim red",
    "command": "bold cyan",
    "files": "cyan",
    "manager": "magenta",
    "check": "dim",
    "setup": "dim",
}
"""Colour of each stream; the prefix says the same, so that nothing is said by colour alone."""


class TerminalDoor:
    """Shows a run on stderr line by line, and asks when `interactive`."""

    def __init__(self, bridge: Bridge, console: Console) -> None:
        self._bridge, self._console = bridge, console
        self._partial: dict[tuple[str, str], str] = {}
        self._paces: dict[tuple[str, str], Pace] = {}
        self._worktrees: list[str] = []
        self._managing: set[str] = set()
        self._called: set[str] = set()
        self._asking: str | None = None
        self._costs = Costs(bridge.book)
        self._once = Once()

    def event(self, event: Event) -> None:
        """Say what happened, if a person wants to know."""
        if isinstance(event.data, WorktreeCreated):
            self._worktrees.append(event.data.path + "/")
        if isinstance(event.data, ManagerJudged | PlanMade):
            self._managing.discard(event.task or "")
        if event.actor == "person" and self._console.interactive:
            return  # the person at this terminal has just done it
        line = self._costs.line(event) or tell(event)
        if line is not None:
            self._flush(event.task or "")
            self._console.note(self._short(self._with_reason(event, line)), style=line.style)

    def said(self, error: MisError) -> bool:
        """Whether a line of the run has said what an error says, the way out too."""
        return self._once.has(error.message) and (not error.hint or self._once.has(error.hint))

    def _with_reason(self, event: Event, line: Line) -> str:
        """The line with what of its reason is new to who follows."""
        if isinstance(event.data, NoteAdded):
            self._once.rest(event.data.text)
        rest = self._once.rest(line.reason) if line.reason else ""
        if not rest:
            return line.text
        return f"{line.text} {rest}" if rest.startswith("(") else f"{line.text}: {rest}"

    def output(self, task: str, channel: str, text: str) -> None:
        """Show live text, whole lines only."""
        if channel == "manager":
            if task not in self._managing:
                self._managing.add(task)
                self._line(task, channel, "thinking ...")
            return
        key = (task, channel)
        whole, end, rest = (self._partial.pop(key, "") + text).rpartition("\n")
        if end:
            pace = self._paces.setdefault(key, Pace())
            for line in pace.take(whole, time.monotonic()):
                self._line(task, channel, line)
        if rest:
            self._partial[key] = rest

    async def attend(self, pending: Sequence[Approval]) -> bool:
        """Ask on the terminal, oldest question first; False without a terminal or at its end."""
        await to_thread.run_sync(self._call, pending)
        if not self._console.interactive:
            return False
        self._asking = pending[0].id
        try:
            return await to_thread.run_sync(
                lambda: ask_person(self._bridge, self._console, pending[0])
            )
        finally:
            self._asking = None

    def asking(self) -> str | None:
        """What the prompt on the terminal is about."""
        return self._asking

    def _call(self, pending: Sequence[Approval]) -> None:
        """Call the person once for each question: they may look elsewhere."""
        fresh = [approval for approval in pending if approval.id not in self._called]
        self._called.update(approval.id for approval in fresh)
        if fresh and self._bridge.config.ui.notify and not self._console.always_yes:
            more = f" (and {len(pending) - 1} more)" if len(pending) > 1 else ""
            notify(f"{fresh[0].kind}: {fresh[0].subject}{more}")

    def close(self) -> None:
        """Show what has not ended with a line end."""
        for task in {task for task, _ in (*self._paces, *self._partial)}:
            self._flush(task)

    def _flush(self, task: str) -> None:
        """Show what is held back of a task, because it was too fast or has no line end yet."""
        for key in [key for key in self._paces if key[0] == task]:
            for line in self._paces[key].rest():
                self._line(*key, line)
        for key in [key for key in self._partial if key[0] == task]:
            self._line(*key, self._partial.pop(key))

    def _line(self, task: str, channel: str, line: str) -> None:
        name = {"message": "worker", "stdout": "output", "stderr": "output"}.get(channel, channel)
        prefix = f"{task} {name}" if task else name
        self._console.note(f"  {prefix:<12}│ {self._short(line)}", style=STYLES.get(channel))

    def _short(self, text: str) -> str:
        """Paths in worktrees as paths in the repository: the worktree itself is said once."""
        for path in self._worktrees:
            text = text.replace(path, "")
        return text


class JsonDoor:
    """One journal event a line on stdout; nobody to ask."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def event(self, event: Event) -> None:
        """Write the event."""
        self._console.data(event.model_dump(mode="json"))

    def output(self, task: str, channel: str, text: str) -> None:
        """Live text is in the output files; the events say where."""

    async def attend(self, pending: Sequence[Approval]) -> bool:
        """Nobody answers."""
        del pending
        return False

    def asking(self) -> str | None:
        """Nobody is asked."""
        return None

    def said(self, error: MisError) -> bool:
        """An error has a line of its own."""
        del error
        return False

    def close(self) -> None:
        """Nothing is held back."""
