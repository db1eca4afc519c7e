"""Dangerous patterns: compiled when read, and those of all files together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from config_files import Place, place_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def test_a_pattern_that_does_not_compile_is_a_problem_with_its_place(place: Place) -> None:
    path = place.user('[monitor]\nloop_limit = 4\ndangerous_regexes = ["ok", "(open"]\n')
    loaded = place.load()
    (found,) = loaded.problems
    assert (found.path, found.problem.span.line, found.key) == (
        path,
        2,
        "monitor.dangerous_regexes",
    )
    assert '"(open"' in found.problem.message
    assert "missing" in found.problem.message, "the engine's own reason is not said"
    assert loaded.config.monitor.dangerous_regexes == ()
    assert loaded.config.monitor.loop_limit == 4


def test_nobody_takes_away_what_another_forbids(place: Place) -> None:
    place.user('[monitor]\ndangerous_regexes = ["mine", "both"]\n')
    path = place.workspace('[monitor]\ndangerous_regexes = ["both", "theirs"]\n')
    loaded = place.load()
    assert loaded.problems == ()
    assert loaded.config.monitor.dangerous_regexes == ("mine", "both", "theirs")
    assert loaded.value("monitor.dangerous_regexes") == ("mine", "both", "theirs")
    assert loaded.sources["monitor.dangerous_regexes"].path == path
    assert [s.outcome for s in loaded.settings["monitor.dangerous_regexes"]] == [
        "overridden",
        "holds",
    ]


def test_a_bad_pattern_leaves_the_others_in_force(place: Place) -> None:
    place.user('[monitor]\ndangerous_regexes = ["mine"]\n')
    place.workspace('[monitor]\ndangerous_regexes = ["("]\n')
    assert place.load().config.monitor.dangerous_regexes == ("mine",)
