"""Which fault points are tried: a sample by a seed without --faults, all of them with it."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

from faults.ways import all_points
from makeitso.wiring.faults import STEPS

if TYPE_CHECKING:
    import pytest

SAMPLED = 4
"""Named steps of the sample."""
EVENTS = 45
"""A plain run has a few more."""
COUNTED = 10
"""Kills after the n-th event, whatever it is; the sample has every fifth of them."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" not in metafunc.fixturenames:
        return
    chance = random.Random(7)
    counts = [f"recorded:{n}" for n in sorted(chance.sample(range(1, EVENTS), COUNTED))]
    if metafunc.config.getoption("faults"):
        found = [*all_points(), *counts]
    else:
        steps = [point for point in all_points() if point in STEPS]
        found = [*chance.sample(steps, SAMPLED), *counts[::5]]
    metafunc.parametrize("point", found)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the chosen share of all tries; a test that is one try alone always stays.

    Without --faults it is one try of each test, and those of a point that are drawn above; what
    elsewhere is marked for the lane is left to it.
    """
    share, seed = int(config.getoption("faults_share") or 1), str(config.getoption("faults_seed"))
    whole = bool(config.getoption("faults"))
    if whole and share < 2:
        return
    chosen = {} if whole else _chosen(items, seed)
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        here = "tests/faults/" in item.nodeid
        if whole:
            out = here and "[" in item.nodeid and bool(_draw(seed, item)[0] % share)
        elif here:
            out = chosen.get(_test_of(item), item) is not item
        else:
            out = item.get_closest_marker("faults") is not None
        (left_out if out else kept).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = kept


def _draw(seed: str, item: pytest.Item) -> bytes:
    return hashlib.sha256(f"{seed} {item.nodeid}".encode()).digest()


def _test_of(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _chosen(items: list[pytest.Item], seed: str) -> dict[str, pytest.Item]:
    """Of each fault test with several tries, the one that is drawn."""
    found: dict[str, pytest.Item] = {}
    for item in items:
        names = getattr(item, "fixturenames", ())
        if "tests/faults/" in item.nodeid and "[" in item.nodeid and "point" not in names:
            other = found.setdefault(_test_of(item), item)
            if _draw(seed, item) < _draw(seed, other):
                found[_test_of(item)] = item
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured: figures are of use only when they are seen."""
    found = [
        f"{what}: {figures}"
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call" and "tests/faults" in report.nodeid
        for what, figures in report.user_properties
    ]
    if found:
        terminalreporter.section("measured")
        for line in sorted(found):
            terminalreporter.write_line(line)
