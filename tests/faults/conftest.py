"""Which fault points are tried: a sample by a seed in the usual suite, all of them in the lane."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from faults.ways import all_points

if TYPE_CHECKING:
    import pytest

SAMPLED = 6


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "point" not in metafunc.fixturenames:
        return
    found = all_points()
    if not metafunc.config.getoption("faults"):
        found = random.Random(7).sample(found, SAMPLED)
    metafunc.parametrize("point", found)
