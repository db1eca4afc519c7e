"""What every step of one run has at hand: state to read, the journal to write, the ports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.protocol import events as ev
from makeitso.store import outputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from makeitso.journal.state import RunState, TaskState
    from makeitso.managers.port import Manager
    from makeitso.protocol.events import Event, EventData
    from makeitso.protocol.words import Actor, PhaseName
    from makeitso.runs.book import Book
    from makeitso.runs.meter import Meter
    from makeitso.runs.ports import Door, Ports


@dataclass(frozen=True, kw_only=True)
class Context:
    """One run being driven by this process."""

    run_id: str
    ports: Ports
    book: Book
    door: Door
    manager: Manager
    meter: Meter

    @property
    def run(self) -> RunState:
        """The run as the journal says now."""
        return self.book.run(self.run_id)

    def task(self, task_id: str) -> TaskState:
        """A task as the journal says now."""
        return self.run.tasks[task_id]

    def append(
        self,
        data: EventData,
        *,
        task: str | None = None,
        phase: PhaseName | None = None,
        actor: Actor = "engine",
        cause: int | None = None,
        guard: Callable[[], str | None] | None = None,
    ) -> Event:
        """Record an event of this run; on disk and folded when it returns. `guard`: see Journal."""
        return self.ports.journal.append(
            data, actor=actor, run=self.run_id, task=task, phase=phase, cause=cause, guard=guard
        )

    def note(
        self,
        text: str,
        *,
        task: str | None = None,
        level: Literal["info", "warning", "error"] = "info",
        actor: Actor = "engine",
    ) -> None:
        """Say something to people, durably."""
        self.append(
            ev.NoteAdded(text=self.ports.redactor.text(text), level=level),
            task=task,
            actor=actor,
        )

    def note_once(
        self, text: str, *, task: str, level: Literal["info", "warning"] = "info"
    ) -> None:
        """Say what is true of several tasks at the first of them."""
        clean = self.ports.redactor.text(text)
        if not any(clean in known.notes for known in self.run.tasks.values()):
            self.note(clean, task=task, level=level)

    def folder(self, task: str | None = None) -> str:
        """Directory of a run or task, relative to the artifacts directory."""
        return f"{self.run_id}/{task}" if task else self.run_id

    def keep(self, name: str, text: str, *, kind: str, task: str | None = None) -> ev.OutputRef:
        """Keep a text as an artifact, redacted, and record it."""
        data = self.ports.redactor.text(text).encode("utf-8", "surrogatepass")
        ref = outputs.keep(self.ports.places.artifacts, f"{self.folder(task)}/{name}", data)
        self.append(
            ev.ArtifactCaptured.model_validate(
                {
                    "kind": kind,
                    "path": ref.path,
                    "size_bytes": ref.length_bytes,
                    "digest": ref.digest,
                }
            ),
            task=task,
        )
        return ref
