"""What raises the alarm, with a clock of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import pytest

from makeitso.monitor.watch import ASK_S, Alarm, Watch
from makeitso.protocol.config import Monitor
from makeitso.workers.port import (
    CommandEnded,
    CommandStarted,
    FilesTouched,
    Message,
    Notice,
    Output,
    WorkerAsk,
)

if TYPE_CHECKING:
    from makeitso.workers.port import WorkerEvent

ROOT = "/w/tree"


class Bench:
    """A watch, its clock and its settings."""

    def __init__(self, **limits: object) -> None:
        self.now = 1000.0
        self.limits = Monitor.model_validate(limits)
        self.watch = Watch(lambda: self.limits, root=ROOT, clock=lambda: self.now)
        self.watch.begin()

    def saw(self, *events: WorkerEvent) -> list[bool]:
        return [self.watch.saw(event) for event in events]

    def after(self, seconds: float) -> Alarm | None:
        self.now += seconds
        self.watch.look_at_clock()
        return self.watch.alarm

    @property
    def cause(self) -> str:
        return self.watch.alarm.cause if self.watch.alarm else ""


def command(line: str, *, code: int | None = 0, item: str = "c") -> tuple[WorkerEvent, WorkerEvent]:
    return CommandStarted(item, line, ROOT), CommandEnded(item, line, code, 1)


def ask(line: str) -> WorkerAsk:
    return WorkerAsk(kind="command", subject=line, reason="", cwd=ROOT, unsandboxed=True)


def test_silence_is_a_stall_and_says_what_ran() -> None:
    bench = Bench(stall_timeout_s=10)
    bench.saw(CommandStarted("c", "sleep 400", ROOT))
    assert bench.after(9.9) is None
    alarm = bench.after(0.2)
    assert alarm is not None
    assert alarm.cause == "stall"
    assert "`sleep 400`" in alarm.detail


@pytest.mark.parametrize(
    ("event", "is_progress"),
    [
        (Output("stdout", b"x"), True),
        (Output("wire", b'{"method":"item/reasoning/delta"}'), True),
        (Message("hello", final=False), True),
        (Notice("a warning"), True),
        (Notice("Reconnecting... 2/5", will_retry=True), False),
        (Output("wire", b'{"method":"error","params":{"willRetry":true}}'), False),
    ],
)
def test_what_counts_as_progress(event: WorkerEvent, is_progress: bool) -> None:
    bench = Bench(stall_timeout_s=10)
    assert bench.after(9) is None
    bench.saw(event)
    assert (bench.after(9) is None) is is_progress


def test_an_open_question_pauses_the_stall() -> None:
    bench = Bench(stall_timeout_s=10)
    with bench.watch.asking():
        assert bench.after(10_000) is None
    assert bench.after(9) is None
    assert bench.after(2) is not None


def test_between_turns_nothing_is_watched() -> None:
    bench = Bench(stall_timeout_s=10)
    bench.watch.end()
    assert bench.after(1000) is None
    bench.saw(*command("rm -rf /"))
    assert bench.watch.alarm is None
    bench.watch.begin()
    assert bench.after(9) is None


def test_a_dangerous_command_that_runs_raises_the_alarm() -> None:
    for shown in (CommandEnded("c", "rm -rf ~", 0, 1), Output("stdout", b"x", "c")):
        bench = Bench()
        bench.saw(CommandStarted("c", "rm -rf ~", ROOT))
        assert bench.watch.alarm is None, "it may only be announced"
        bench.saw(shown)
        assert bench.cause == "danger"
    bench = Bench()
    bench.saw(CommandStarted("c", "rm -rf ~", ROOT))
    alarm = bench.after(ASK_S)
    assert alarm is not None
    assert "`rm -rf ~`" in alarm.detail
    assert "home directory" in alarm.detail


def test_a_pattern_that_is_added_holds_for_what_runs_already() -> None:
    bench = Bench(enabled=False)
    bench.saw(CommandStarted("c", "terraform apply", ROOT), *command("terraform plan", item="d"))
    assert bench.after(1) is None
    bench.limits = Monitor(enabled=False, dangerous_regexes=("^terraform plan",))
    assert bench.after(1) is None, "that one is over"
    bench.limits = Monitor(enabled=False, dangerous_regexes=("^terraform",))
    alarm = bench.after(0.2)
    assert alarm is not None
    assert alarm.cause == "danger"
    assert "`terraform apply` must not run" in alarm.detail


def test_a_dangerous_command_that_asks_is_refused_and_never_runs() -> None:
    bench = Bench()
    started, ended = command("rm -rf ~", code=None)
    bench.saw(started)
    assert "home directory" in bench.watch.objection(ask("rm -rf ~"))
    assert bench.after(1) is None, "it may take its time to say that it was refused"
    bench.limits = Monitor(dangerous_regexes=("^rm",))
    assert bench.after(1) is None, "what never runs is not stopped by a new rule either"
    bench.saw(ended)
    assert bench.after(5) is None
    assert bench.watch.objection(ask("ls")) == ""
    assert bench.watch.objection(WorkerAsk(kind="question", subject="rm -rf ~", reason="")) == ""


def test_the_persons_own_patterns_hold_and_may_change_under_way() -> None:
    bench = Bench(dangerous_regexes=[r"\bterraform\b"])
    assert "terraform" in bench.watch.objection(ask("cd infra && terraform apply"))
    bench.limits = Monitor()
    assert bench.watch.objection(ask("cd infra && terraform apply")) == ""


def test_turned_off_it_still_stops_what_must_not_run() -> None:
    bench = Bench(enabled=False, loop_limit=2, flood_bytes_per_turn=10)
    bench.saw(*[e for _ in range(9) for e in command("ls")], Output("stdout", b"y" * 99))
    assert bench.after(1e6) is None
    assert bench.watch.objection(ask("rm -rf ~"))
    bench.saw(CommandStarted("c", "rm -rf ~", ROOT))
    assert bench.after(ASK_S) is not None
    bench.watch.begin()
    assert bench.after(1e6) is None
    bench.limits = Monitor()
    assert bench.after(0) is not None, "turned on again, it looks again"


def test_the_same_call_over_and_over_is_a_loop() -> None:
    bench = Bench(loop_limit=3)
    bench.saw(*command("make", code=2), *command("make", code=2))
    assert bench.watch.alarm is None
    bench.saw(*command("make", code=2))
    assert bench.watch.alarm is not None
    assert bench.watch.alarm.detail.count("`make`") == 1
    assert "3 times in a row, each time with exit 2" in bench.watch.alarm.detail


def test_a_change_in_between_is_no_loop() -> None:
    bench = Bench(loop_limit=2)
    for _ in range(4):
        bench.saw(*command("make", code=2), FilesTouched(("a.c",)))
    assert bench.watch.alarm is None
    bench.saw(Notice("a patch was not applied: failed"), Notice("a patch was not applied: failed"))
    assert bench.cause == "loop"


def test_different_output_is_no_loop() -> None:
    bench = Bench(loop_limit=2)
    for word in (b"one", b"two", b"three"):
        started, ended = command("tail log")
        bench.saw(started, Output("stdout", word, "c"), ended)
    assert bench.watch.alarm is None


def test_too_much_in_a_turn_is_a_flood_and_the_rest_of_it_is_dropped() -> None:
    bench = Bench(flood_bytes_per_turn=1000)
    assert bench.saw(Output("stdout", b"y" * 600), Output("wire", b"y" * 9000)) == [True, True]
    assert bench.watch.alarm is None
    assert bench.saw(Output("stdout", b"y" * 600)) == [True]
    assert bench.cause == "flood"
    assert bench.saw(Output("stdout", b"y"), Output("wire", b"y")) == [False, False]
    assert bench.saw(Notice("kept")) == [True]


def test_too_fast_for_too_long_is_a_flood() -> None:
    bench = Bench(flood_bytes_per_s=100, flood_bytes_per_turn=0)
    for _ in range(40):
        bench.now += 0.1
        bench.saw(Output("stdout", b"y" * 20))
    assert bench.cause == "flood"
    slow = Bench(flood_bytes_per_s=100, flood_bytes_per_turn=0)
    for _ in range(100):
        slow.now += 0.5
        slow.saw(Output("stdout", b"y" * 20))
    assert slow.watch.alarm is None


def test_a_turn_is_stopped_once_and_the_next_one_anew() -> None:
    async def scenario() -> list[Alarm]:
        stopped: list[Alarm] = []
        changed = anyio.Event()

        async def stop(alarm: Alarm) -> None:
            stopped.append(alarm)
            changed.set()

        watch = Watch(lambda: Monitor(loop_limit=2), root=ROOT)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.guard, stop)
            for _ in range(2):
                watch.begin()
                for event in (*command("ls"), *command("ls"), *command("ls")):
                    watch.saw(event)
                with anyio.fail_after(5):
                    await changed.wait()
                changed = anyio.Event()
                watch.end()
            tasks.cancel_scope.cancel()
        return stopped

    assert [alarm.cause for alarm in anyio.run(scenario)] == ["loop", "loop"]
