from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings

from journal import audit_tape as on
from journal.audit_tape import Tape
from journal.test_figures_properties import STEPS, taped
from makeitso.journal.telemetry import RunTelemetry
from makeitso.protocol import events as ev
from makeitso.protocol.export import telemetry_schema

if TYPE_CHECKING:
    from makeitso.protocol.events import EventData

SAID = "a text of somebody"


def lines(tape: Tape, run: str = "r1") -> list[dict[str, Any]]:
    fold = RunTelemetry()
    made = [fold.take(event) for event in tape.events if event.run == run]
    return [line.model_dump(mode="json") for line in made if line is not None]


def short(tape: Tape) -> list[dict[str, Any]]:
    """Lines without what all of them have."""
    return [
        {name: value for name, value in line.items() if name not in ("seq", "at", "run")}
        for line in lines(tape)
    ]


def test_a_run_from_beginning_to_end() -> None:
    tape = Tape()
    tape.created(1000)
    tape.at(1100, on.usage("manager", 5, 5))
    tape.at(1500, ev.RunPaused(state="waiting", reason=SAID, exit_code=3))
    tape.at(9000, ev.RunResumed())
    tape.at(9400, on.usage("worker", 10, 0), task="T1")
    tape.at(9500, ev.RunFinished(state="failed", reason=SAID))
    begin = {
        "type": "run.start", "resumed": False, "manager": "none", "policy": "manual",
        "budget_tokens": 1000, "version": "0",
    }  # fmt: skip
    assert short(tape) == [
        begin,
        {"type": "run.end", "state": "waiting", "exit_code": 3, "duration_ms": 500, "tokens": 10,
         "output_bytes": 0},
        {**begin, "resumed": True},
        {"type": "run.end", "state": "failed", "exit_code": 1, "duration_ms": 500, "tokens": 20,
         "output_bytes": 0},
    ]  # fmt: skip
    assert [(line["seq"], line["at"]) for line in lines(tape)] == [
        (1, 1000), (3, 1500), (4, 9000), (6, 9500),
    ]  # fmt: skip


def test_phases_with_their_bytes() -> None:
    tape = Tape()
    tape.created(0)

    def at(ms: int, data: EventData, phase: Any, task: str = "T1") -> None:
        tape.at(ms, data, task=task, phase=phase)

    at(10, ev.PhaseStarted(), "task")
    at(20, ev.TurnEnded(status="completed", outputs=(on.ref(7), on.ref(1))), "task")
    at(21, ev.TurnEnded(status="completed", outputs=(on.ref(100),)), "task", "T2")
    at(30, on.check("round", size=2), "task")
    at(31, on.check("round", size=2, reused=True), "task")
    at(60, ev.PhaseEnded(state="passed"), "task")
    at(70, ev.PhaseEnded(state="skipped"), "verify")
    place = {"task": "T1", "phase": "task"}
    assert short(tape)[1:] == [
        {"type": "phase.start", **place},
        {"type": "phase.end", **place, "state": "passed", "duration_ms": 50, "output_bytes": 10},
        {"type": "phase.end", "task": "T1", "phase": "verify", "state": "skipped",
         "duration_ms": 0, "output_bytes": 0},
    ]  # fmt: skip


def test_waits_and_interrupts() -> None:
    tape = Tape()
    tape.created(0)
    ask = ev.ApprovalAsked(id="a1", kind="command", tasks=("T1",), subject=SAID, digest="d")
    tape.at(100, ask, task="T1")
    tape.decided(350, "a1", grant=False)
    tape.decided(360, "a1")  # the first answer holds
    tape.asked(400, "a2", "plan")
    tape.at(450, ev.ApprovalVoided(id="a2", reason=SAID))
    begun = tape.at(500, on.wait("manager", because=SAID), task="T1")
    tape.at(550, ev.WaitEnded(wait=begun.seq, reason="succeeded", because=SAID), task="T1")
    tape.at(560, ev.WaitEnded(wait=begun.seq, reason="skipped"), task="T1")  # the first end holds
    tape.at(600, ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d"), task="T1")
    tape.at(900, ev.TurnEnded(status="interrupted", outputs=(on.ref(9),), error=SAID), task="T1")
    tape.at(950, ev.StopRequested(reason=SAID))
    assert short(tape)[1:] == [
        {"type": "wait", "task": "T1", "reason": "person", "kind": "command", "outcome": "denied",
         "duration_ms": 250},
        {"type": "wait", "task": None, "reason": "person", "kind": "plan", "outcome": "void",
         "duration_ms": 50},
        {"type": "wait", "task": "T1", "reason": "manager", "kind": None,
         "outcome": "succeeded", "duration_ms": 50},
        {"type": "interrupt", "task": "T1", "reason": "turn", "duration_ms": 300,
         "output_bytes": 9},
        {"type": "interrupt", "task": None, "reason": "stop", "duration_ms": 0, "output_bytes": 0},
    ]  # fmt: skip
    assert SAID not in json.dumps(lines(tape))


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_every_line_has_the_fields_of_the_schema(
    steps: list[tuple[EventData, str, str | None, int]],
) -> None:
    definitions: dict[str, Any] = telemetry_schema()["$defs"]
    fields = {
        entry["properties"]["type"]["const"]: entry
        for entry in definitions.values()
        if "type" in entry.get("properties", {})
    }
    assert set(fields) == {
        "run.start", "run.end", "phase.start", "phase.end", "wait", "interrupt",
    }  # fmt: skip
    for line in lines(taped(steps)):
        entry = fields[line["type"]]
        assert set(line) == set(entry["properties"]) == set(entry["required"])
        assert line.get("duration_ms", 0) >= 0
        assert line.get("output_bytes", 0) >= 0
