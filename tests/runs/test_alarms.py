"""The monitor at the side of a turn: what is recorded, what stands still, how it goes on."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import plan_of
from makeitso.monitor.watch import Watch
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.protocol.config import Monitor
from makeitso.protocol.plan import Delimiters
from makeitso.runs.ask import decide
from makeitso.runs.rounds.alarms import after_alarm, ask_how_on, goes_on, watched_turn
from makeitso.runs.rounds.host import Host
from makeitso.workers import port
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

pytestmark = pytest.mark.anyio
LOOPING = port.CommandEnded("c", f"curl -H {SECRET} x", 7, 1)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = place(tmp_path, monkeypatch, plan=plan_of("T1"))
    found.stands("T1")
    return found


def host_of(there: Place, *, nobody: bool = False) -> Host:
    return Host(
        there.ctx, task="T1", phase="task", delimiters=Delimiters(), nonce="ab" * 16,
        nobody=lambda: nobody,
    )  # fmt: skip


@dataclasses.dataclass
class FakeSession:
    """A plain fake: its turn does what the test says and ends when it is interrupted."""

    there: Place
    work: Callable[[], Awaitable[None]]
    known: list[str] = dataclasses.field(default_factory=list[str])
    over: anyio.Event = dataclasses.field(default_factory=anyio.Event)

    async def turn(self, text: str) -> port.TurnResult:
        del text
        await self.work()
        with anyio.fail_after(30):
            await self.over.wait()
        return port.TurnResult(status="interrupted", message="")

    async def interrupt(self) -> None:
        self.known = [event.data.type for event in self.there.ctx.ports.journal.read()]
        self.over.set()


async def looped(there: Place, host: Host) -> FakeSession:
    async def work() -> None:
        for _ in range(3):
            await host.emit(LOOPING)

    session = FakeSession(there, work)
    result = await watched_turn(there.ctx, "T1", session, host, prompt="go")
    assert result.status == "interrupted"
    return session


async def test_an_interrupt_is_recorded_before_it_is_done(there: Place) -> None:
    session = await looped(there, host_of(there))
    assert "monitor.interrupted" in session.known
    alarm = there.ctx.task("T1").alarm
    assert alarm is not None
    assert alarm.cause == "loop"
    assert SECRET not in alarm.detail
    assert any(alarm.detail in note for note in there.ctx.task("T1").notes)
    assert SECRET.encode() not in there.journal_bytes()


async def test_an_open_question_is_no_stall(there: Place) -> None:
    host, now = host_of(there), [100.0]
    host.watch = Watch(lambda: Monitor(stall_timeout_s=5), root="/trees/T1", clock=lambda: now[0])
    host.watch.begin()
    request = port.WorkerAsk(kind="command", subject="make all", reason="why")
    with anyio.fail_after(30):
        async with anyio.create_task_group() as group:
            group.start_soon(host.ask, request)
            while not there.ctx.run.pending:
                await there.ctx.book.changed()
            now[0] += 10_000
            host.watch.look_at_clock()
            assert host.watch.alarm is None
            (asked,) = there.ctx.run.pending
            decide(there.ctx.book, Decision(id=asked.id, grant=True))
    host.watch.look_at_clock()
    assert host.watch.alarm is None, "the time of the question was counted"
    now[0] += 6
    host.watch.look_at_clock()
    assert host.watch.alarm is not None


async def test_what_must_not_run_is_refused_without_a_question(there: Place) -> None:
    host = host_of(there)
    asked = port.WorkerAsk(kind="command", subject="sudo rm -rf /", reason="", unsandboxed=True)
    with anyio.fail_after(30):
        answer = await host.ask(asked)
    assert not answer.granted
    assert "root directory" in answer.text
    assert not there.ctx.run.approvals
    assert any("sudo rm -rf /" in note for note in there.ctx.task("T1").notes)


@pytest.mark.parametrize(
    ("answer", "grant", "on"),
    [
        ("go on", True, True),
        ("Use the cache instead.", True, True),
        ("stop the task", True, False),
        ("Stop.", True, False),
        ("", False, False),
    ],
)
async def test_a_person_says_how_it_goes_on(
    there: Place, answer: str, grant: bool, on: bool
) -> None:
    await looped(there, host_of(there))
    away = host_of(there, nobody=True)
    assert await ask_how_on(there.ctx, "T1", away) is None
    (asked,) = there.ctx.run.pending
    assert (asked.kind, asked.choices) == ("question", ("go on", "stop the task"))
    decide(there.ctx.book, Decision(id=asked.id, grant=grant, answer=answer))
    answered = await ask_how_on(there.ctx, "T1", away)
    assert answered is not None
    assert answered.id == asked.id, "it was asked again"
    assert goes_on(answered) is on
    told = after_alarm(there.ctx, "T1", answered).instructions
    assert "3 times in a row" in told
    assert answer in told


async def test_each_alarm_has_a_question_of_its_own(there: Place) -> None:
    for number in (1, 2):
        await looped(there, host_of(there))
        assert await ask_how_on(there.ctx, "T1", host_of(there, nobody=True)) is None
        (asked,) = there.ctx.run.pending
        decide(there.ctx.book, Decision(id=asked.id, grant=True, answer="go on"))
        assert len(there.ctx.run.approvals) == number
        there.ctx.append(
            ev.TurnStarted(intent="FIX", round=1, prompt_digest="d"), task="T1", phase="task"
        )
        assert there.ctx.task("T1").alarm is None
