from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings

from journal import audit_tape as on
from journal.audit_tape import Tape
from journal.event_strategies import any_events
from makeitso.journal.span import Measured, Span
from makeitso.journal.spans import RunSpans
from makeitso.protocol import events as ev
from makeitso.protocol.plan import ApiManager, CodexManager

if TYPE_CHECKING:
    from makeitso.protocol.events import Event, EventData
    from makeitso.protocol.plan import ManagerKind

SAID = "a text of somebody"


def fold(tape: Tape, *, model: str = "gpt-x") -> list[Span | Measured]:
    spans = RunSpans(worker_model=model, manager_model="boss")
    return [one for event in tape.events for one in spans.take(event)]


def shape(made: list[Span | Measured]) -> dict[str, str]:
    """Each span's name, and that of its parent."""
    spans = [one for one in made if isinstance(one, Span)]
    names = {span.id: span.name for span in spans}
    return {span.name: names.get(span.parent, span.parent and "?") for span in spans}


def of(made: list[Span | Measured], name: str) -> list[Span]:
    return [one for one in made if isinstance(one, Span) and one.name == name]


def managed(kind: ManagerKind) -> Tape:
    tape = Tape()
    begun = on.created()
    options = begun.options.model_copy(update={"manager": kind})
    tape.at(1000, begun.model_copy(update={"options": options}), actor="person")
    return tape


def worked(tape: Tape) -> Tape:
    """One task with one turn that is judged."""
    on_task = {"task": "T1", "phase": "task"}

    def said(ms: int, data: EventData) -> None:
        tape.at(ms, data, **on_task)  # pyright: ignore[reportArgumentType]

    tape.planned(1500, on.task("T1"))
    tape.at(2000, ev.TaskStarted(), task="T1")
    said(2000, ev.PhaseStarted())
    said(2100, ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d"))
    said(2200, ev.WorkerStarted(worker="codex", pid=1, start_time=1.0, thread="th", program="p"))
    said(2500, ev.CommandRan(command=SAID, exit_code=1, duration_ms=200))
    said(2600, on.usage("worker", 100, 20))
    said(2700, on.usage("worker", 50, 5))
    said(3000, ev.TurnEnded(status="completed", message=SAID))
    said(3200, on.check("round", ms=150))
    said(3300, ev.ManagerAsked(intent="EVAL", round=1))
    said(3700, on.usage("manager", 7, 3))
    said(3800, ev.ManagerJudged(verdict="done", round=1, note=SAID))
    said(4000, ev.PhaseEnded(state="passed"))
    return tape


def test_a_tree_from_run_to_command() -> None:
    tape = worked(managed(CodexManager(kind="codex")))
    tape.at(5000, ev.TaskEnded(state="landed"), task="T1")
    tape.at(6000, ev.RunFinished(state="done"))
    made = fold(tape)
    assert shape(made) == {
        "invoke_workflow makeitso": "",
        "task": "invoke_workflow makeitso",
        "phase task": "task",
        "invoke_agent codex": "phase task",
        "execute_tool shell": "invoke_agent codex",
        "check": "phase task",
        "invoke_agent manager": "phase task",
    }
    (turn,) = of(made, "invoke_agent codex")
    assert turn.client
    assert (turn.begin_ms, turn.end_ms, turn.error) == (2100, 3000, "")
    assert turn.attributes == {
        "gen_ai.operation.name": "invoke_agent", "gen_ai.provider.name": "openai",
        "gen_ai.agent.name": "codex", "gen_ai.request.model": "gpt-x",
        "gen_ai.conversation.id": "th", "gen_ai.usage.input_tokens": 150,
        "gen_ai.usage.output_tokens": 25, "makeitso.intent": "EXEC", "makeitso.round": 1,
        "makeitso.task.id": "T1", "makeitso.state": "completed",
    }  # fmt: skip
    (command,) = of(made, "execute_tool shell")
    assert (command.begin_ms, command.end_ms) == (2300, 2500)
    assert command.attributes["process.exit.code"] == 1
    assert not command.error, "a command that says no is no error of ours"
    (check,) = of(made, "check")
    assert (check.begin_ms, check.end_ms) == (3050, 3200)
    (judge,) = of(made, "invoke_agent manager")
    assert judge.attributes["gen_ai.request.model"] == "boss"
    assert judge.attributes["makeitso.state"] == "done"
    (run,) = of(made, "invoke_workflow makeitso")
    assert (run.begin_ms, run.end_ms) == (1000, 6000)
    assert run.attributes["makeitso.exit_code"] == 0


def test_measures_are_tokens_and_seconds_by_operation() -> None:
    made = fold(worked(managed(ApiManager(kind="api", model="m-1"))))
    found = [
        (one.what, one.value, one.attributes["gen_ai.operation.name"],
         one.attributes["gen_ai.request.model"], one.attributes.get("gen_ai.token.type"))
        for one in made
        if isinstance(one, Measured)
    ]  # fmt: skip
    assert found == [
        ("tokens", 100, "invoke_agent", "gpt-x", "input"),
        ("tokens", 20, "invoke_agent", "gpt-x", "output"),
        ("tokens", 50, "invoke_agent", "gpt-x", "input"),
        ("tokens", 5, "invoke_agent", "gpt-x", "output"),
        ("duration", 0.9, "invoke_agent", "gpt-x", None),
        ("tokens", 7, "chat", "m-1", "input"),
        ("tokens", 3, "chat", "m-1", "output"),
        ("duration", 0.5, "chat", "m-1", None),
    ]
    assert [span.attributes["makeitso.intent"] for span in of(made, "chat m-1")] == ["EVAL"]


def test_nobody_manages_and_no_model_is_asked() -> None:
    tape = Tape()
    tape.created(1000)
    assert not [name for name in shape(fold(worked(tape))) if "manager" in name or "chat" in name]


def test_a_run_that_stands_still_ends_all_but_its_questions() -> None:
    tape = worked(managed(CodexManager(kind="codex")))
    tape.asked(4500, "a1", "change")
    tape.at(5000, ev.RunPaused(state="waiting", reason=SAID, exit_code=3))
    tape.decided(90_000, "a1")
    tape.at(91_000, ev.RunResumed(), actor="person")
    tape.at(92_000, ev.LandingStarted(id="l", hunks=(), files=()), task="T1")
    tape.at(93_000, on.landed("h"), task="T1")
    tape.at(94_000, ev.TaskEnded(state="landed"), task="T1")
    tape.at(95_000, ev.RunFinished(state="done"))
    made = fold(tape)
    first, second = of(made, "invoke_workflow makeitso")
    assert (first.end_ms, first.attributes["makeitso.state"]) == (5000, "waiting")
    assert (second.begin_ms, second.parent) == (91_000, first.id), "one trace, one root"
    assert second.attributes["makeitso.resumed"] is True
    assert [span.parent for span in of(made, "task")] == [first.id, second.id]
    (asked,) = of(made, "approval")
    assert (asked.begin_ms, asked.end_ms) == (4500, 90_000)
    assert asked.attributes["makeitso.state"] == "granted"
    (landing,) = of(made, "landing")
    assert landing.attributes["makeitso.hunks.landed"] == 1
    assert {one.trace for one in made if isinstance(one, Span)} == {first.trace}


def test_what_is_carried_out_while_nobody_drives_hangs_on_what_there_was() -> None:
    tape = worked(managed(CodexManager(kind="codex")))
    tape.at(5000, ev.RunPaused(state="waiting", reason=SAID, exit_code=3))
    tape.at(8000, ev.LandingStarted(id="l", hunks=(), files=()), task="T1")
    tape.at(8500, on.landed("h"), task="T1")
    tape.at(8600, on.check("landed", ms=50), task="T1")
    tape.at(8700, ev.TaskEnded(state="landed"), task="T1")
    tape.at(9000, ev.RunFinished(state="done"))
    made = fold(tape)
    run, end = of(made, "invoke_workflow makeitso")
    (task,), (landing,), (_, check) = (of(made, name) for name in ("task", "landing", "check"))
    assert {landing.parent, check.parent} == {task.id}
    assert (end.parent, end.begin_ms, end.end_ms) == (run.id, 9000, 9000)
    assert end.attributes["makeitso.state"] == "done"


def test_what_a_crash_cut_ends_where_the_run_came_to() -> None:
    tape = managed(CodexManager(kind="codex"))
    tape.planned(1500, on.task("T1"))
    tape.at(2000, ev.PhaseStarted(), task="T1", phase="task")
    turn = ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d")
    tape.at(2100, turn, task="T1", phase="task")
    tape.at(2500, on.usage("worker", 1, 1), task="T1", phase="task")
    tape.at(70_000, ev.NoteAdded(text=SAID), actor="person")
    assert not [one for one in fold(tape) if isinstance(one, Span)]
    tape.at(80_000, ev.RunResumed(), actor="person")
    made = fold(tape)
    cut = [(one.name, one.end_ms, one.error, one.seq) for one in made if isinstance(one, Span)]
    assert cut == [
        ("invoke_agent codex", 2500, "cut", 5),
        ("phase task", 2500, "cut", 5),
        ("task", 2500, "cut", 5),
        ("invoke_workflow makeitso", 2500, "cut", 5),
    ]


def test_what_fails_is_an_error_and_what_is_interrupted_says_why() -> None:
    tape = managed(CodexManager(kind="codex"))
    tape.at(1100, ev.ManagerAsked(intent="PLAN"))
    alarm = ev.MonitorInterrupted(who="manager", cause="stall", detail=SAID)
    tape.at(1200, alarm)
    tape.at(1300, ev.ManagerAsked(intent="PLAN"))
    tape.planned(1400, on.task("T1"))
    on_turn = ev.TurnStarted(intent="EXEC", round=1, prompt_digest="d")
    tape.at(2000, ev.PhaseStarted(), task="T1", phase="task")
    tape.at(2100, on_turn, task="T1", phase="task")
    tape.at(2200, alarm.model_copy(update={"who": "worker", "cause": "loop"}), task="T1")
    tape.at(2300, ev.TurnEnded(status="interrupted"), task="T1", phase="task")
    tape.at(2400, on_turn, task="T1", phase="task")
    failed = ev.TurnEnded(status="failed", error=SAID, error_kind="process")
    tape.at(2500, failed, task="T1", phase="task")
    tape.at(2600, ev.PhaseEnded(state="failed", reason=SAID), task="T1", phase="task")
    made = fold(tape)
    asked, answered = of(made, "invoke_agent manager")
    assert (asked.attributes["makeitso.interrupted"], asked.error) == ("stall", "")
    assert "makeitso.interrupted" not in answered.attributes
    stopped, broken = of(made, "invoke_agent codex")
    assert (stopped.attributes["makeitso.interrupted"], stopped.error) == ("loop", "")
    assert (broken.error, broken.attributes["error.type"]) == ("process", "process")
    (phase,) = of(made, "phase task")
    assert phase.error == "failed"
    (*_, took) = [one for one in made if isinstance(one, Measured)]
    assert took.attributes["error.type"] == "process"


def test_one_journal_makes_one_trace_and_two_runs_make_two() -> None:
    tape = worked(managed(CodexManager(kind="codex")))
    assert fold(tape) == fold(tape)
    other = worked(managed(CodexManager(kind="codex")))
    other.events[0] = other.events[0].model_copy(update={"hash": "another"})
    one, two = ({s.trace for s in fold(t) if isinstance(s, Span)} for t in (tape, other))
    assert len(one | two) == 2
    assert {len(trace) for trace in one} == {32}


@settings(max_examples=60, deadline=None)
@given(any_events())
def test_whatever_happens_spans_are_whole_and_hold_no_text(events: list[Event]) -> None:
    spans = RunSpans()
    mine = [event for event in events if event.run == "r1"]
    made = [one for event in mine for one in spans.take(event)]
    ids = [one.id for one in made if isinstance(one, Span)]
    assert len(ids) == len(set(ids)), "two spans have one id"
    for one in made:
        assert one.seq <= (mine[-1].seq if mine else 0)
        if isinstance(one, Span):
            assert one.begin_ms <= one.end_ms
            assert len(one.id) == 16
    text = json.dumps([one.attributes for one in made])
    for word in ("note", "said", "fell away", "enough", "make", "check T1"):
        assert f'"{word}"' not in text
