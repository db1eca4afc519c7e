"""Which output is of which worker session."""

from __future__ import annotations

from journal.tape import Tape
from makeitso.journal.sessions import sessions
from makeitso.protocol import events as ev


def ref(offset: int, channel: str = "stdout", task: str = "T1") -> ev.OutputRef:
    path = f"r/{task}/output/{channel}.log"
    return ev.OutputRef(path=path, offset=offset, length_bytes=1, digest="")


def started(pid: int = 1) -> ev.WorkerStarted:
    return ev.WorkerStarted(worker="w", pid=pid, start_time=0, thread="t", program="p")


def turn(*outputs: ev.OutputRef) -> ev.TurnEnded:
    return ev.TurnEnded(status="completed", outputs=outputs)


def gone(*outputs: ev.OutputRef) -> ev.WorkerEnded:
    return ev.WorkerEnded(reason="done", outputs=outputs)


def told(tape: Tape) -> list[tuple[str, int, str, list[int]]]:
    return [
        (s.task, s.number, s.root, [o.offset for o in s.outputs]) for s in sessions(tape.events)
    ]


def test_a_session_is_from_start_to_end_over_its_turns() -> None:
    tape = Tape().created()
    tape.add(ev.WorktreeCreated(path="/a", commit="c"), "T1")
    for event in (started(), turn(ref(0)), turn(ref(1)), gone(ref(2)), started(2), gone(ref(3))):
        tape.add(event, "T1", "task")
    assert told(tape) == [("T1", 1, "/a", [0, 1, 2]), ("T1", 2, "/a", [3])]


def test_a_program_started_for_each_turn_is_one_session() -> None:
    tape = Tape().created()
    for event in (started(1), turn(ref(0)), started(2), turn(ref(1)), gone()):
        tape.add(event, "T1", "task")
    assert told(tape) == [("T1", 1, "", [0, 1])]
    (one,) = sessions(tape.events)
    assert one.started == started(1)


def test_tasks_side_by_side_are_kept_apart() -> None:
    tape = Tape().created()
    tape.add(started(), "T1", "task")
    tape.add(started(), "T2", "task")
    tape.add(turn(ref(0, task="T2")), "T2", "task")
    tape.add(turn(ref(0)), "T1", "task")
    assert told(tape) == [("T1", 1, "", [0]), ("T2", 1, "", [0])]


def test_output_without_a_start_is_a_session_too_and_an_end_alone_is_none() -> None:
    tape = Tape().created()
    tape.add(gone(), "T1", "task")
    tape.add(gone(ref(0)), "T1", "task")
    assert told(tape) == [("T1", 1, "", [0])]
    assert sessions(tape.events)[0].started is None
