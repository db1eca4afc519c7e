"""What charts show: tokens, checks and questions over time, each bounded in number."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from makeitso.protocol.events import Event
    from makeitso.protocol.words import ApprovalKind

MOST_POINTS = 400
"""Points of the token curve; every other one is dropped when there are more."""
MOST_ROWS = 30
"""Latest checks and questions kept."""


@dataclass(frozen=True, kw_only=True)
class TokenPoint:
    """Tokens spent up to an instant, cumulative."""

    at: int
    manager: int
    worker: int


@dataclass(frozen=True, kw_only=True)
class CheckPoint:
    """A check that ran."""

    at: int
    run: str
    task: str
    command: str
    where: str
    passed: bool
    duration_ms: int


@dataclass(kw_only=True)
class Question:
    """A question and what became of it."""

    id: str
    run: str
    kind: ApprovalKind
    subject: str
    asked_at: int
    closed_at: int | None = None
    """Unix ms; None: open."""
    outcome: str = "open"
    """granted, denied, void or open."""
    who: str = ""


class Timeline:
    """Takes events in order, keeps what charts show."""

    def __init__(self) -> None:
        self.tokens: list[TokenPoint] = []
        self.checks: deque[CheckPoint] = deque(maxlen=MOST_ROWS)
        self.questions: deque[Question] = deque(maxlen=MOST_ROWS)
        self._spent = {"manager": 0, "worker": 0}

    def add(self, event: Event) -> None:
        """Take one event."""
        match event.data:
            case ev.UsageCounted(source=source) as usage:
                self._spent[source] += usage.input_tokens + usage.output_tokens
                self._point(event.at)
            case ev.CheckRan(reused=False) as check:
                self.checks.append(
                    CheckPoint(
                        at=event.at,
                        run=event.run or "",
                        task=event.task or "",
                        command=check.command,
                        where=check.where,
                        passed=check.passed,
                        duration_ms=check.duration_ms,
                    )
                )
            case ev.ApprovalAsked() | ev.ApprovalDecided() | ev.ApprovalVoided() | ev.RunFinished():
                self._question(event)
            case _:
                pass

    def _point(self, at: int) -> None:
        if len(self.tokens) >= MOST_POINTS:
            del self.tokens[1::2]
        self.tokens.append(TokenPoint(at=at, **self._spent))

    def _question(self, event: Event) -> None:
        match event.data:
            case ev.ApprovalAsked() as asked if all(q.id != asked.id for q in self.questions):
                self.questions.append(
                    Question(
                        id=asked.id,
                        run=event.run or "",
                        kind=asked.kind,
                        subject=asked.subject,
                        asked_at=event.at,
                    )
                )
            case ev.ApprovalDecided() as decided:
                outcome = "granted" if decided.grant else "denied"
                self._close(event.at, outcome, question=decided.id, who=decided.who)
            case ev.ApprovalVoided() as voided:
                self._close(event.at, "void", question=voided.id)
            case ev.RunFinished():
                self._close(event.at, "void", run=event.run)
            case _:
                pass

    def _close(
        self,
        at: int,
        outcome: str,
        *,
        question: str | None = None,
        run: str | None = None,
        who: str = "",
    ) -> None:
        for found in self.questions:
            if found.closed_at is None and (found.id == question or found.run == run):
                found.closed_at, found.outcome, found.who = at, outcome, who
