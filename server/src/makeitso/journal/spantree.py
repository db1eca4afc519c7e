"""What is under way in a run, as a tree: what begins finds its place, what ends takes all below.

A run that stands still ends everything but its questions to people. When it is taken up again, new
spans begin in the same trace, below the one that began it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.span import CUT, Attributes, Measured, Open, Span, span_id
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.events import Event

Key = tuple[str, ...]
"""A kind, and what tells one from another: a task, a phase, an approval."""
Made = tuple[Span | Measured, ...]

_RUN: Key = ("run",)
_ROOT: Key = ("root",)
_LASTING = "approval"
"""The kind that goes on while nobody drives the run."""
_MEASURED = ("turn", "manager")


class SpanTree:
    """The spans of one trace that are under way."""

    def __init__(self, trace: str, *, name: str, about: Attributes) -> None:
        self.trace = trace
        self._name, self._about = name, about
        self._open: dict[Key, Open] = {}
        self._past: dict[Key, Open] = {}
        self._last = (0, 0)

    def seen(self, event: Event) -> None:
        """Note how far the run came: where it is cut, if nothing follows of whoever drives it."""
        if event.actor != "person":
            self._last = (event.seq, event.at)

    def get(self, *key: str) -> Open | None:
        """A span under way."""
        return self._open.get(key)

    def drive(self, event: Event) -> None:
        """A process takes the run up, or says what became of it."""
        if _RUN not in self._open:
            first = not self._past
            self._open[_RUN] = Open(
                id=span_id(self.trace, "run", event.seq),
                parent="" if first else self._past[_ROOT].id,
                name=self._name,
                begin_ms=event.at,
                attributes={**self._about, "makeitso.resumed": not first},
            )
            self._past[_RUN] = self._open[_RUN]
            self._past.setdefault(_ROOT, self._open[_RUN])

    def task(self, event: Event) -> Open:
        """The task of an event, or the run when it names none; both may be over.

        What is decided already, such as a landing, is carried out also while nobody drives the run.
        """
        above = self._open.get(_RUN, self._past[_RUN])
        if not event.task:
            return above
        key = ("task", event.task)
        if key not in self._open:
            if _RUN not in self._open:
                return self._past.get(key, above)
            self._open[key] = self._past[key] = Open(
                id=span_id(self.trace, f"task {event.task}", event.seq),
                parent=above.id,
                name="task",
                begin_ms=event.at,
                attributes={"makeitso.task.id": event.task},
            )
        return self._open[key]

    def phase(self, event: Event) -> Open:
        """The phase of an event, or its task or run when that is all it names."""
        if not event.task or not event.phase:
            return self.task(event)
        key = ("phase", event.task, event.phase)
        if key not in self._open:
            above = self.task(event)
            if not isinstance(event.data, ev.PhaseStarted) or _RUN not in self._open:
                return above  # the phase is over, and this came late
            self._open[key] = Open(
                id=span_id(self.trace, f"phase {event.phase}", event.seq),
                parent=above.id,
                name=f"phase {event.phase}",
                begin_ms=event.at,
                attributes={"makeitso.task.id": event.task, "makeitso.phase": event.phase},
            )
        return self._open[key]

    def begin(
        self, key: Key, name: str, event: Event, about: Attributes, *, client: bool = False
    ) -> None:
        """Something begins, below the phase it happens in."""
        above = self.phase(event)
        self._open[key] = Open(
            id=span_id(self.trace, key[0], event.seq),
            parent=above.id,
            name=name,
            begin_ms=event.at,
            client=client,
            attributes=about | ({"makeitso.task.id": event.task} if event.task else {}),
        )

    def over(self, key: Key, event: Event, *, error: str = "", state: str = "") -> Made:
        """What is over, with what is still under way below it, and how long it took if measured."""
        found = self._open.get(key)
        if found is None:
            return ()
        ended = [
            self._close(one, seq=event.seq, at=event.at, error=error, state=state)
            for one in (*self._below(found.id), key)
        ]
        if key[0] not in _MEASURED:
            return tuple(ended)
        about = split_by(found) | ({"error.type": error} if error else {})
        seconds = (ended[-1].end_ms - ended[-1].begin_ms) / 1000
        took = Measured(what="duration", value=seconds, attributes=about, seq=event.seq)
        return (*ended, took)

    def told(
        self, name: str, event: Event, ms: int | None, about: Attributes, *, below: Open | None
    ) -> tuple[Span]:
        """What is told of once it is over, with how long it took."""
        above = below or self.phase(event)
        begin = max(above.begin_ms, event.at - (ms or 0))
        return (
            Span(
                trace=self.trace,
                id=span_id(self.trace, name, event.seq),
                parent=above.id,
                name=name,
                client=False,
                begin_ms=begin,
                end_ms=max(begin, event.at),
                attributes=about | ({"makeitso.task.id": event.task} if event.task else {}),
                error="",
                seq=event.seq,
            ),
        )

    def stands(self, event: Event, *, state: str, code: int) -> Made:
        """The run stands still, or is over."""
        over = isinstance(event.data, ev.RunFinished)
        self.drive(event)
        self._open[_RUN].attributes["makeitso.exit_code"] = code
        asked = [key for key in self._open if key[0] == _LASTING] if over else []
        fell_away = tuple(
            self._close(key, seq=event.seq, at=event.at, state="void") for key in asked
        )
        error = "failed" if state == "failed" else ""
        return (*fell_away, *self.over(_RUN, event, error=error, state=state))

    def cut(self) -> tuple[Span, ...]:
        """End what is under way where the run came to: its process died."""
        seq, at = self._last
        return tuple(
            self._close(key, seq=seq, at=at, error=CUT, state=CUT)
            for key in list(reversed(self._open))
            if key[0] != _LASTING
        )

    def _below(self, parent: str) -> list[Key]:
        """What is under way below a span, the lowest first; questions to people go on."""
        found: list[Key] = []
        for key, known in self._open.items():
            if known.parent == parent and key[0] != _LASTING:
                found += [*self._below(known.id), key]
        return found

    def _close(self, key: Key, *, seq: int, at: int, error: str = "", state: str = "") -> Span:
        found = self._open.pop(key)
        about = found.attributes | ({"makeitso.state": state} if state else {})
        return Span(
            trace=self.trace,
            id=found.id,
            parent=found.parent,
            name=found.name,
            client=found.client,
            begin_ms=found.begin_ms,
            end_ms=max(found.begin_ms, at),
            attributes=about | ({"error.type": error} if error else {}),
            error=error,
            seq=seq,
        )


def split_by(span: Open) -> Attributes:
    """What of a span's attributes a histogram is split by: few values each."""
    kept = ("gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model")
    return {name: span.attributes[name] for name in kept if name in span.attributes}
