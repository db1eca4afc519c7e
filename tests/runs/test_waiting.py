"""Waits as a process sits them out: by which clock, what a look may do, who else may end them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.lowlevel
import pytest
from run_place import place

from journal.tape import plan_of, task_of
from makeitso.errors import NotFoundError, StateError
from makeitso.journal.rules import Rules
from makeitso.protocol import events as ev
from makeitso.protocol.base import Wire
from makeitso.protocol.config import Wait
from makeitso.protocol.plan import Judgement
from makeitso.runs import waits
from makeitso.runs.rounds.endings import Given
from makeitso.runs.skipping import skip_waits

if TYPE_CHECKING:
    from pathlib import Path

    from run_place import Place

    from makeitso.protocol.plan import Task
    from makeitso.runs.context import Context

NOON = 1_795_348_800_000
"""2026-11-22T12:00Z."""
HOUR = 3600
RULES = Rules()
Data = TypeVar("Data", bound=Wire)


@dataclass
class Clock:
    """A wall clock and a clock of what passes, set by hand."""

    wall_ms: int = NOON
    gone: float = 100.0

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic(self) -> float:
        return self.gone

    def passed(self) -> float:
        return self.gone


def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task: Task) -> tuple[Place, Clock]:
    """A place with one task, and hands on its clock."""
    at, clock = place(tmp_path, monkeypatch, plan=plan_of(task)), Clock()
    at.ctx = replace(at.ctx, ports=replace(at.ctx.ports, clock=clock))
    return at, clock


def said(at: Place, kind: type[Data]) -> list[Data]:
    return [e.data for e in at.ctx.ports.journal.read() if isinstance(e.data, kind)]


async def until(at: Place, kind: type[Wire]) -> None:
    with anyio.fail_after(30):
        while not said(at, kind):
            await at.ctx.book.changed()


async def goes_on(ctx: Context, clock: Clock, *, wall_s: float = 0, gone_s: float = 0) -> bool:
    """Move the clocks while a task sits its wait out; whether it waits still."""
    clock.wall_ms += round(wall_s * 1000)
    clock.gone += gone_s
    for _ in range(5):
        ctx.book.wake()
        await anyio.lowlevel.checkpoint()
    return ctx.task("T1").wait is not None


def test_a_while_is_what_passes_whatever_the_clock_on_the_wall_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, clock = made(tmp_path, monkeypatch, task_of("T1", wait={"seconds": HOUR}))

    async def go() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: waits.wait(at.ctx, "T1", rules=RULES))
            await until(at, ev.WaitStarted)
            assert await goes_on(at.ctx, clock, wall_s=5 * HOUR), "the clock was set forward"
            assert await goes_on(at.ctx, clock, wall_s=-99 * HOUR), "the clock was set back"
            assert await goes_on(at.ctx, clock, gone_s=HOUR - 1)
            assert not await goes_on(at.ctx, clock, gone_s=1)

    anyio.run(go)
    assert [e.reason for e in said(at, ev.WaitEnded)] == ["elapsed"]


def test_a_time_is_the_clock_on_the_wall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, clock = made(tmp_path, monkeypatch, task_of("T1", wait={"until": "2026-11-22T13:00Z"}))

    async def go() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: waits.wait(at.ctx, "T1", rules=RULES))
            await until(at, ev.WaitStarted)
            assert await goes_on(at.ctx, clock, gone_s=HOUR), "that is no time of the clock"
            assert await goes_on(at.ctx, clock, wall_s=-HOUR)
            assert not await goes_on(at.ctx, clock, wall_s=2 * HOUR), "the clock was set forward"

    anyio.run(go)
    (started,) = said(at, ev.WaitStarted)
    assert (started.until, started.length_ms) == (NOON + HOUR * 1000, None)


@pytest.mark.parametrize(
    ("later_s", "least", "most"), [(-9 * HOUR, HOUR, HOUR), (HOUR // 2, 1800, 1800), (HOUR, 0, 0)]
)
def test_who_takes_a_wait_up_goes_on_with_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later_s: int, least: int, most: int
) -> None:
    at, clock = made(tmp_path, monkeypatch, task_of("T1", wait={"seconds": HOUR}))

    async def go() -> None:
        with anyio.move_on_after(0.05):
            await waits.wait(at.ctx, "T1", rules=RULES)
        clock.wall_ms += later_s * 1000
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: waits.wait(at.ctx, "T1", rules=RULES))
            await anyio.lowlevel.checkpoint()
            assert await goes_on(at.ctx, clock, gone_s=max(0, least - 1)) is bool(least)
            assert not await goes_on(at.ctx, clock, gone_s=most - least + 1)

    anyio.run(go)
    assert len(said(at, ev.WaitStarted)) == 1


def test_a_look_is_had_where_the_task_is_at_home_and_its_end_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = tmp_path / "ready"
    command = f"pwd; echo {'x' * 9000}; test -f '{ready}'"
    wait = {"command": command, "cwd": "web", "every_s": 0.01}
    at, clock = made(tmp_path, monkeypatch, task_of("T1", wait=wait))
    at.box.write("web/page", b"")

    async def go() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: waits.wait(at.ctx, "T1", rules=RULES))
            await until(at, ev.WaitLooked)
            assert await goes_on(at.ctx, clock)
            ready.touch()
            await goes_on(at.ctx, clock, gone_s=1)

    anyio.run(go)
    looked = said(at, ev.WaitLooked)
    assert [look.exit_code for look in looked[:1] + looked[-1:]] == [1, 0]
    assert len(looked[0].tail) == 2000
    assert looked[0].output is not None
    kept = at.artifacts / looked[0].output.path
    assert str(at.box.root / "web") in kept.read_text()
    assert [e.reason for e in said(at, ev.WaitEnded)] == ["succeeded"]


def test_an_edited_plan_lets_go_of_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, _ = made(tmp_path, monkeypatch, task_of("T1", wait={"seconds": HOUR}))

    async def go() -> None:
        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: waits.wait(at.ctx, "T1", rules=RULES))
                await until(at, ev.WaitStarted)
                at.accept_plan(plan_of("T2"))

    anyio.run(go)
    assert said(at, ev.WaitEnded) == []


def judgement(**wait: object) -> Judgement:
    said = {"verdict": "wait", "instructions": "", "note": "", "wait_s": 0}
    return Judgement.model_validate({**said, **wait})


@pytest.mark.parametrize(
    ("wait", "length_s", "because"),
    [
        ({"wait_s": 90}, 90, "for 90s"),
        ({}, 30, "for 30s"),
        ({"wait_until": "2026-11-22T12:05Z"}, None, "until "),
        ({"wait_until": "2030-01-01T00:00Z"}, 5000, "until "),
        ({"wait_until": "2020-01-01T00:00Z"}, 30, "until "),
        ({"wait_command": " make ready "}, 5000, "until `make ready` succeeds"),
    ],
)
def test_a_manager_waits_within_bounds(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wait: dict[str, object],
    length_s: float | None,
    because: str,
) -> None:
    at, _ = made(tmp_path, monkeypatch, task_of("T1"))
    config = at.ctx.ports.config.model_copy(update={"wait": Wait(longest_s=5000)})
    ctx = replace(at.ctx, ports=replace(at.ctx.ports, config=config))
    ctx.append(ev.ManagerJudged(verdict="wait", round=0), task="T1")
    waits.begin_for(ctx, "T1", judgement(**wait))
    (started,) = said(at, ev.WaitStarted)
    assert started.length_ms == (None if length_s is None else length_s * 1000)
    assert started.because.startswith(because)


def test_a_manager_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, _ = made(tmp_path, monkeypatch, task_of("T1"))
    for _ in range(waits.MAX_WAITS + 1):
        at.ctx.append(ev.ManagerJudged(verdict="wait", round=0), task="T1")
    with pytest.raises(Given, match="asked to wait 21 times"):
        waits.begin_for(at.ctx, "T1", judgement())


def test_a_wait_is_skipped_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, _ = made(tmp_path, monkeypatch, task_of("T1"))
    book, run = at.ctx.book, at.ctx.run_id
    with pytest.raises(StateError, match="does not wait"):
        skip_waits(book, run)
    at.ctx.append(ev.ManagerJudged(verdict="wait", round=0), task="T1")
    waits.begin_for(at.ctx, "T1", judgement(wait_s=90))
    assert waits.told(at.ctx.task("T1")) == ""
    with pytest.raises(NotFoundError, match="has no task T9"):
        skip_waits(book, run, "T9")
    assert skip_waits(book, run, "T1") == ("T1",)
    assert waits.told(at.ctx.task("T1")).endswith("A person did not want to wait any longer.")
    with pytest.raises(StateError, match=r"T1 of .* does not wait"):
        skip_waits(book, run, "T1")
    (ended,) = said(at, ev.WaitEnded)
    assert ended.who
