"""The wall clock is set while a run goes on: order, stalls, waits and durations do not mind."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, cast

import pytest

from faults.invariants import essence, holds, untouched
from faults.jobs import ONE_TASK, PLAN_PATH, workplace
from faults.journey import undisturbed
from faults.killing import RESUME, killed
from makeitso.protocol import events as ev
from makeitso.wiring.clock_jumps import CLOCK_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import Json, World
    from faults.invariants import Essence

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

HOUR, DAY, YEAR = 3600, 86_400, 365 * 86_400
JUMPS = (
    {"turn.start": HOUR},
    {"turn.start": -HOUR},
    {"recorded.run.created": YEAR},
    {"recorded.plan.made": -YEAR},
    {"recorded.approval.asked": DAY},
    {"worktree.create": -DAY},
    {"recorded.worker.started": 200},
    {"turn.end": -HOUR},
    {"recorded.task.reviewing": DAY},
    {"landing.rename": -DAY},
    {"landing.recorded": HOUR},
    {"recorded.turn.started": HOUR, "recorded.turn.ended": -2 * HOUR, "landing.started": YEAR},
)
"""At least one in every phase, in both directions; 200 s is longer than a stall may last."""
SLACK_S = 60


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "jumps" in metafunc.fixturenames:
        tried = JUMPS if metafunc.config.getoption("faults") else JUMPS[:1]
        names = ["+".join(f"{at}{seconds:+}" for at, seconds in jumps.items()) for jumps in tried]
        metafunc.parametrize("jumps", tried, ids=names)


@pytest.fixture(scope="module")
def undisturbed_run(tmp_path_factory: pytest.TempPathFactory) -> Essence:
    return undisturbed(tmp_path_factory.mktemp("whole"), ONE_TASK)


def environment(jumps: dict[str, int]) -> dict[str, str]:
    return {CLOCK_VARIABLE: ",".join(f"{at}={seconds}" for at, seconds in jumps.items())}


def jumped(w: World, jumps: dict[str, int]) -> None:
    """The clock of the records made each jump: else nothing was tried."""
    times = [event.at / 1000 for event in w.events()]
    steps = [after - before for before, after in itertools.pairwise(times)]
    for seconds in jumps.values():
        assert any(abs(step - seconds) < SLACK_S for step in steps), (seconds, steps)


def negative(value: object, where: str = "") -> list[str]:
    """Places of numbers below zero in figures."""
    if isinstance(value, dict):
        inside = cast("Json", value)
        return [found for key in inside for found in negative(inside[key], f"{where}.{key}")]
    if isinstance(value, list):
        several = cast("list[object]", value)
        return [found for n, one in enumerate(several) for found in negative(one, f"{where}[{n}]")]
    return [where] if isinstance(value, int | float) and value < 0 else []


def goes_on(w: World) -> None:
    """Order is by number, nothing was taken for a stall, no duration is below zero."""
    events = w.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert not w.of(ev.MonitorInterrupted)
    for kind in (ev.CheckRan, ev.SetupRan, ev.CommandRan):
        assert all((data.duration_ms or 0) >= 0 for data in w.of(kind))
    assert all((data.duration_ms or 0) < HOUR * 1000 for data in w.of(ev.CheckRan))
    figures = w.mis("audit", "--json").expect(0).value
    assert not negative(figures), negative(figures)
    w.mis("audit").expect(0)
    w.mis("status").expect(0)


def test_the_clock_is_set(tmp_path: Path, undisturbed_run: Essence, jumps: dict[str, int]) -> None:
    with workplace(tmp_path) as w:
        before = untouched(w)
        w.start(*ONE_TASK.start, env=environment(jumps)).wait().expect(0, "done")
        holds(w, ONE_TASK, before)
        jumped(w, jumps)
        goes_on(w)
        assert essence(w, ONE_TASK) == undisturbed_run


def test_the_clock_is_set_back_before_a_resume(tmp_path: Path, undisturbed_run: Essence) -> None:
    with workplace(tmp_path) as w:
        before = untouched(w)
        killed(w, "recorded.command.ran", *ONE_TASK.start)
        w.start(*RESUME, env=environment({"workspace.own": -DAY})).wait().expect(0, "done")
        holds(w, ONE_TASK, before)
        jumped(w, {"workspace.own": -DAY})
        goes_on(w)
        assert essence(w, ONE_TASK) == undisturbed_run


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_a_while_is_waited_whatever_the_clock_says(tmp_path: Path, seconds: int) -> None:
    plan = ONE_TASK.files[PLAN_PATH].replace("  - done when", "  - wait: 2s\n  - done when")
    files = {**ONE_TASK.files, PLAN_PATH: plan}
    landed = {**ONE_TASK.landed, PLAN_PATH: plan.replace("[ ]", "[x]")}
    job = dataclasses.replace(ONE_TASK, files=files, landed=landed)
    jumps = {"recorded.wait.started": seconds}
    with workplace(tmp_path, job) as w:
        before = untouched(w)
        w.start(*job.start, env=environment(jumps)).wait().expect(0, "done")
        holds(w, job, before)
        jumped(w, jumps)
        goes_on(w)
        started = next(e for e in w.events() if isinstance(e.data, ev.WaitStarted))
        ended = next(e for e in w.events() if isinstance(e.data, ev.WaitEnded))
        waited_s = (ended.at - started.at) / 1000 - seconds
        assert 1.9 <= waited_s < SLACK_S, waited_s


def test_a_wait_for_a_time_is_over_when_the_clock_is_set_past_it(tmp_path: Path) -> None:
    plan = ONE_TASK.files[PLAN_PATH].replace(
        "  - done when", "  - wait: until 2099-01-01 18:00\n  - done when"
    )
    files = {**ONE_TASK.files, PLAN_PATH: plan}
    landed = {**ONE_TASK.landed, PLAN_PATH: plan.replace("[ ]", "[x]")}
    job = dataclasses.replace(ONE_TASK, files=files, landed=landed)
    with workplace(tmp_path, job) as w:
        before = untouched(w)
        jumps = {"recorded.wait.started": 80 * YEAR}
        w.start(*job.start, env=environment(jumps)).wait().expect(0, "done")
        holds(w, job, before)
        goes_on(w)


def test_what_is_no_jump_is_refused(tmp_path: Path) -> None:
    with workplace(tmp_path) as w:
        for text in ("turn.start", "no.such.point=5", "turn.start=soon"):
            ended = w.start("status", env={CLOCK_VARIABLE: text}).wait()
            ended.expect(2, "is no jump", "--fault-points")
