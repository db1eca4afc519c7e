"""A trial ends by what its runs were like, or at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest
from learned_world import World, entry, proposal

from makeitso.learning.gate import Golden
from makeitso.parsing.library import Library, load_library
from makeitso.store import learning_history as history
from makeitso.store.proposals import open_patterns, write
from makeitso.tuning.applying import record
from makeitso.tuning.canary import Settled, settle
from makeitso.tuning.material import log_as_replay

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.store.replays import Replay


@pytest.fixture
def world(tmp_path: Path) -> World:
    (tmp_path / ".makeitso").mkdir()
    found = World(tmp_path)
    place = found.place()
    write(place.folder, proposal())
    with history.locked(place.folder):
        record(place, "p-zlint", "canary", by="gate")
    return found


def run(
    number: int, *, trial: bool, state: Literal["done", "failed"] = "done", text: str = "zlint: odd"
) -> Replay:
    made = log_as_replay(f"r20310102-{number}", f"{text}\n".encode())
    (stream,) = made.streams
    canary = ("p-zlint",) if trial else ()
    return replace(made, state=state, streams=(replace(stream, canary=canary),))


def settled(
    world: World,
    runs: list[Replay],
    *,
    golden: tuple[Golden, ...] = (),
    library: Library | None = None,
) -> list[Settled]:
    found = library or Library()
    return settle(world.place(), runs, library=found, golden=golden, clock=time.thread_time)


def others(count: int) -> list[Replay]:
    return [run(n, trial=False) for n in range(count)]


def test_too_few_runs_decide_nothing(world: World) -> None:
    assert settled(world, [*others(40), *(run(100 + n, trial=True) for n in range(5))]) == []
    (trial,) = open_patterns(world.place().folder)
    assert trial.canary


def test_runs_that_fail_take_it_back(world: World) -> None:
    bad = [run(100 + n, trial=True, state="failed") for n in range(4)]
    (found,) = settled(world, [*others(40), *bad])
    assert (found.promoted, "4 of 4 canary runs failed" in found.because) == (False, True)
    assert open_patterns(world.place().folder) == ()
    assert world.actions() == ["canary", "rolled-back"]
    assert settled(world, [*others(40), *bad]) == []


def test_runs_that_go_well_let_it_in(world: World) -> None:
    good = [run(100 + n, trial=True) for n in range(20)]
    (found,) = settled(world, [*others(60), *good])
    assert found.promoted
    assert load_library(world.library.read_text())[0].named("zlint_1a2b") is not None
    assert world.actions() == ["canary", "applying", "applied"]
    assert history.rows(world.place().folder)[-1].by == "canary"


def test_a_golden_log_read_otherwise_takes_it_back_at_once(world: World) -> None:
    library, _ = load_library(
        "[[pattern]]\nname = 'z'\nintent = 'event'\nregex = '^zlint: (?P<artifact>.+)$'\n"
    )
    golden = Golden(name="g.log", channel="stdout", data=b"zlint: odd\n")
    (found,) = settled(world, others(3), golden=(golden,), library=library)
    assert (found.promoted, "golden: reads differently" in found.because) == (False, True)


def test_what_fits_no_record_takes_it_back_at_once(world: World) -> None:
    loose = entry(regex=r"^zlint: (?P<line>\S+)(?P<message>.*)$")
    write(world.place().folder, proposal(pattern=loose.model_copy(update={"examples": ()})))
    runs = [*others(3), run(9, trial=True, text="zlint: seven")]
    (found,) = settled(world, runs)
    assert (found.promoted, "fields: line is no number" in found.because) == (False, True)
