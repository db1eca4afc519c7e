"""What happened while a person was away, in at most five lines, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.protocol.counts import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from makeitso.journal.state import RunState
    from makeitso.protocol.events import Event

MOST_LINES = 5
_MOST_CHARS = 110


def while_away(events: Iterable[Event], runs: Mapping[str, RunState]) -> tuple[str, ...]:
    """The lines; none when nothing happened that a person wants to know.

    Args:
        events: those after the person's last look, in order.
        runs: the states now, by id.
    """
    fresh = list(events)
    lines = [*_waiting(runs), *_ended(fresh), *_decided(fresh), *_warned(fresh), *_spent(fresh)]
    if not fresh or not lines:
        return ()
    span = fresh[-1].at - fresh[0].at
    head = f"while you were away ({_duration(span)}, {counted(len(fresh), 'event')}):"
    room = MOST_LINES - 1
    if len(lines) > room:
        lines = [*lines[: room - 1], f"… and {len(lines) - room + 1} more; `mis status`"]
    return (head, *(_cut(f"  {line}") for line in lines))


def _waiting(runs: Mapping[str, RunState]) -> list[str]:
    return [
        f"{approval.id} waits for you: {approval.kind}: {approval.subject}"
        for run in runs.values()
        if run.finished is None
        for approval in run.pending
    ]


def _ended(fresh: list[Event]) -> list[str]:
    lines: list[str] = []
    for event in reversed(fresh):
        match event.data:
            case ev.RunFinished(state=state, reason=reason):
                lines.append(_with_reason(f"{event.run} {state}", reason))
            case ev.RunPaused(state="stopped", reason=reason):
                lines.append(f"{event.run} stopped: {reason}")
            case ev.TaskEnded(state=state, reason=reason):
                lines.append(
                    f"{event.run} {event.task} {state}" + (f": {reason}" if reason else "")
                )
            case ev.LandingEnded(error="", landing=landing) if landing.files:
                lines.append(f"{event.run} {event.task} landed {', '.join(landing.files)}")
            case ev.LandingUndone(error="", landing=name, hunks=hunks) if hunks:
                lines.append(f"{event.run} {event.task} landing {name} was taken back")
            case _:
                pass
    return lines


def _decided(fresh: list[Event]) -> list[str]:
    """Answers of people: they came through another door."""
    lines: list[str] = []
    for event in reversed(fresh):
        if isinstance(event.data, ev.ApprovalDecided) and event.actor == "person":
            word = "granted" if event.data.grant else "denied"
            lines.append(
                _with_reason(f"{event.data.id} {word} by {event.data.who}", event.data.because)
            )
    return lines


def _with_reason(text: str, reason: str) -> str:
    return f"{text}: {reason}" if reason else text


def _warned(fresh: list[Event]) -> list[str]:
    return [
        f"{event.data.level}: {event.data.text}"
        for event in reversed(fresh)
        if isinstance(event.data, ev.NoteAdded) and event.data.level != "info"
    ]


def _spent(fresh: list[Event]) -> list[str]:
    tokens = sum(
        event.data.input_tokens + event.data.output_tokens
        for event in fresh
        if isinstance(event.data, ev.UsageCounted)
    )
    return [f"{tokens:,} tokens were spent"] if tokens else []


def _duration(ms: int) -> str:
    minutes = max(0, ms) // 60_000
    if minutes >= 60:
        return f"{minutes // 60} h"
    return f"{minutes} min" if minutes else "under a minute"


def _cut(line: str) -> str:
    line = " ".join(line.splitlines())
    return line if len(line) <= _MOST_CHARS else f"{line[: _MOST_CHARS - 1]}…"
