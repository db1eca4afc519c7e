"""Events of one run → lines of telemetry. Which of them are written is decided elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.protocol import telemetry as line

if TYPE_CHECKING:
    from makeitso.protocol.events import Event
    from makeitso.protocol.wait import WaitBy
    from makeitso.protocol.words import ApprovalKind


class RunTelemetry:
    """Takes the events of one run from its beginning, in order; gives the line of each, if any."""

    def __init__(self) -> None:
        self._created: ev.RunCreated | None = None
        self._began_at = 0
        self._tokens = 0
        self._bytes = 0
        self._phases: dict[tuple[str, str], tuple[int, int]] = {}
        self._phase_bytes: dict[tuple[str, str], int] = {}
        self._turns: dict[str, int] = {}
        self._waits: dict[int, tuple[WaitBy, int]] = {}
        self._asked: dict[str, tuple[ApprovalKind, int, str | None]] = {}

    def take(self, event: Event) -> line.TelemetryLine | None:
        """Take one event; of a review of a change that no run made there is no line."""
        if self._created is None and not isinstance(event.data, ev.RunCreated):
            return None
        self._count(event)
        match event.data:
            case ev.RunCreated() | ev.RunResumed():
                return self._start(event)
            case ev.RunPaused(state=state, exit_code=code):
                return self._end(event, state, code)
            case ev.RunFinished(state=state):
                return self._end(event, state, 0 if state == "done" else 1)
            case ev.PhaseStarted() | ev.PhaseEnded():
                return self._phase(event)
            case ev.ApprovalAsked() | ev.ApprovalDecided() | ev.ApprovalVoided():
                return self._question(event)
            case ev.WaitStarted() | ev.WaitEnded():
                return self._waited(event)
            case ev.StopRequested() | ev.TurnStarted() | ev.TurnEnded():
                return self._cut(event)
            case _:
                return None

    def _count(self, event: Event) -> None:
        match event.data:
            case ev.UsageCounted() as usage:
                self._tokens += usage.input_tokens + usage.output_tokens
                return
            case ev.TurnEnded(outputs=outputs):
                size = sum(ref.length_bytes for ref in outputs)
            case ev.CheckRan(reused=False, output=output) if output is not None:
                size = output.length_bytes
            case _:
                return
        self._bytes += size
        key = (event.task or "", event.phase or "")
        self._phase_bytes[key] = self._phase_bytes.get(key, 0) + size

    def _start(self, event: Event) -> line.TelemetryLine | None:
        if isinstance(event.data, ev.RunCreated):
            self._created = event.data
        self._began_at = event.at
        if self._created is None or event.run is None:
            return None
        options = self._created.options
        return line.TelemetryRunStart(
            type="run.start",
            seq=event.seq,
            at=event.at,
            run=event.run,
            resumed=isinstance(event.data, ev.RunResumed),
            manager=options.manager.kind,
            policy=options.policy,
            budget_tokens=options.budget_tokens,
            version=self._created.version,
        )

    def _end(self, event: Event, state: str, code: int) -> line.TelemetryLine:
        return line.TelemetryRunEnd.model_validate(
            {
                **_base(event),
                "type": "run.end",
                "state": state,
                "exit_code": code,
                "duration_ms": max(0, event.at - self._began_at),
                "tokens": self._tokens,
                "output_bytes": self._bytes,
            }
        )

    def _phase(self, event: Event) -> line.TelemetryLine | None:
        if event.task is None or event.phase is None:
            return None
        key = (event.task, event.phase)
        place = {**_base(event), "task": event.task, "phase": event.phase}
        if isinstance(event.data, ev.PhaseEnded):
            began_at, before = self._phases.pop(key, (event.at, self._phase_bytes.get(key, 0)))
            return line.TelemetryPhaseEnd.model_validate(
                {
                    **place,
                    "type": "phase.end",
                    "state": event.data.state,
                    "duration_ms": max(0, event.at - began_at),
                    "output_bytes": self._phase_bytes.get(key, 0) - before,
                }
            )
        self._phases[key] = (event.at, self._phase_bytes.get(key, 0))
        return line.TelemetryPhaseStart.model_validate({**place, "type": "phase.start"})

    def _question(self, event: Event) -> line.TelemetryLine | None:
        match event.data:
            case ev.ApprovalAsked(id=question, kind=kind, tasks=tasks):
                task = tasks[0] if len(tasks) == 1 else None
                self._asked.setdefault(question, (kind, event.at, task))
                return None
            case ev.ApprovalDecided(id=question, grant=grant):
                outcome = "granted" if grant else "denied"
            case ev.ApprovalVoided(id=question):
                outcome = "void"
            case _:
                return None
        asked = self._asked.pop(question, None)
        if asked is None:
            return None
        kind, asked_at, task = asked
        return self._wait(event, kind, outcome, max(0, event.at - asked_at), task)

    def _waited(self, event: Event) -> line.TelemetryLine | None:
        if isinstance(event.data, ev.WaitStarted):
            self._waits[event.seq] = (event.data.by, event.at)
            return None
        if not isinstance(event.data, ev.WaitEnded):
            return None
        by, began_at = self._waits.pop(event.data.wait, (None, 0))
        if by is None:
            return None  # the first end holds
        lasted = max(0, event.at - began_at)
        return self._wait(event, None, event.data.reason, lasted, event.task, reason=by)

    def _wait(
        self,
        event: Event,
        kind: ApprovalKind | None,
        outcome: str | None,
        duration_ms: int,
        task: str | None,
        *,
        reason: str = "person",
    ) -> line.TelemetryLine:
        return line.TelemetryWait.model_validate(
            {
                **_base(event),
                "type": "wait",
                "task": task,
                "reason": reason,
                "kind": kind,
                "outcome": outcome,
                "duration_ms": duration_ms,
            }
        )

    def _cut(self, event: Event) -> line.TelemetryLine | None:
        task = event.task or ""
        duration_ms = size = 0
        match event.data:
            case ev.TurnStarted():
                self._turns[task] = event.at
                return None
            case ev.TurnEnded(status=status, outputs=outputs):
                duration_ms = max(0, event.at - self._turns.pop(task, event.at))
                size = sum(ref.length_bytes for ref in outputs)
                if status != "interrupted":
                    return None
            case _:
                pass
        return line.TelemetryInterrupt.model_validate(
            {
                **_base(event),
                "type": "interrupt",
                "task": event.task,
                "reason": "stop" if isinstance(event.data, ev.StopRequested) else "turn",
                "duration_ms": duration_ms,
                "output_bytes": size,
            }
        )


def _base(event: Event) -> dict[str, object]:
    return {"seq": event.seq, "at": event.at, "run": event.run}
