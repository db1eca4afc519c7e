"""Kills at event counts by seed: anywhere in a run, and in resumes that have only begun."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from faults.jobs import MANAGED, ONE_TASK, THREE_TASKS, Job
from faults.journey import Kills, travel, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from faults.invariants import Essence

pytestmark = [
    pytest.mark.faults,
    pytest.mark.e2e,
    pytest.mark.codex,
    pytest.mark.timeout(600),
]

JOBS = {"one": ONE_TASK, "three": THREE_TASKS, "managed": MANAGED}
ANYWHERE = (
    *(("one", seed) for seed in range(14)),
    *(("three", seed) for seed in range(3)),
    *(("managed", seed) for seed in range(3)),
)
IN_RECOVERY = (*(("one", seed) for seed in range(8)), ("three", 1), ("managed", 1))
KILLS, RECOVERIES = 10, 6
"""So many in each test: 200 anywhere, 60 in recovery."""
AT_ONCE = 6
"""Kills of one run at most."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    every = metafunc.config.getoption("faults")
    tries = IN_RECOVERY if "recovery" in metafunc.function.__name__ else ANYWHERE
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize(("name", "seed"), tries if every else tries[:1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Essence]:
    """What each job comes to without any kill, found out when it is wanted."""
    known: dict[str, Essence] = {}

    def find(name: str) -> Essence:
        if name not in known:
            known[name] = undisturbed(tmp_path_factory.mktemp(name), JOBS[name])
        return known[name]

    return find


def test_killed_anywhere(
    tmp_path: Path,
    whole: Callable[[str], Essence],
    name: str,
    seed: int,
    pytestconfig: pytest.Config,
) -> None:
    wanted = KILLS if pytestconfig.getoption("faults") else 3
    job, kills, chance = JOBS[name], Kills(), random.Random(f"anywhere {name} {seed}")
    runs = 0
    while kills.forward + kills.recovering < wanted:
        runs += 1
        most = min(AT_ONCE, wanted - kills.forward - kills.recovering)
        came_to = travel(tmp_path / f"{runs}", job, chance, kills, most=most, recovery=False)
        assert came_to == whole(name), kills.seen
    assert kills.forward + kills.recovering == wanted, kills.seen


def test_killed_in_recovery(
    tmp_path: Path,
    whole: Callable[[str], Essence],
    name: str,
    seed: int,
    pytestconfig: pytest.Config,
) -> None:
    wanted = RECOVERIES if pytestconfig.getoption("faults") else 2
    job, kills, chance = JOBS[name], Kills(), random.Random(f"recovery {name} {seed}")
    runs = 0
    while kills.recovering < wanted:
        runs += 1
        came_to = travel(tmp_path / f"{runs}", job, chance, kills, most=AT_ONCE, recovery=True)
        assert came_to == whole(name), kills.seen
    assert kills.recovering >= wanted, kills.seen


def test_the_lane_has_enough_of_them() -> None:
    assert len(ANYWHERE) * KILLS >= 200
    assert len(IN_RECOVERY) * RECOVERIES >= 60
    assert all(isinstance(JOBS[name], Job) for name, _ in (*ANYWHERE, *IN_RECOVERY))
