"""Which patterns of proposals count in a run, and which act."""

from __future__ import annotations

import pytest

from makeitso.learning.running import MOST_TRIED, Mode, RunLibrary, run_library
from makeitso.learning.trials import in_trial
from makeitso.parsing.library import Library
from makeitso.parsing.patterns import Pattern
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.proposal import PatternEntry, Trial
from makeitso.protocol.record import Record

BASE = Library((Pattern(name="known", intent="event", regex=r"^known (?P<message>\d+)$"),))
RUNS = [f"r20260101-{n}" for n in range(1, 60)]
PICKED = [run for run in RUNS if in_trial(run, "p-new", share=0.1)]
SPARED = [run for run in RUNS if run not in PICKED]


def trial(
    name: str = "new", regex: str = r"^new (?P<message>\d+)$", *, canary: bool = True
) -> Trial:
    entry = PatternEntry(name=name, intent="event", regex=regex)
    return Trial(id=f"p-{name}", entry=entry, canary=canary)


def made(
    *trials: Trial, run: str = PICKED[0], mode: Mode = "canary", trusted: bool = True
) -> RunLibrary:
    return run_library(BASE, trials, run=run, mode=mode, share=0.1, trusted=trusted)


def reads(found: RunLibrary, line: bytes) -> list[str | None]:
    parser = StreamParser("stdout", found.library)
    out = [*parser.feed(line), *parser.close()]
    return [one.message for one in out if isinstance(one, Record)]


@pytest.mark.parametrize("mode", ["canary", "auto"])
def test_on_canary_it_acts_in_some_runs_and_counts_in_the_others(mode: Mode) -> None:
    assert 0 < len(PICKED) < 15
    acts = made(trial(), mode=mode)
    assert (acts.canary, acts.shadow) == (("p-new",), ())
    assert reads(acts, b"new 1\n") == ["1"]
    counts = made(trial(), run=SPARED[0], mode=mode)
    assert (counts.canary, counts.shadow) == ((), ("p-new",))
    assert reads(counts, b"new 1\n") == []


@pytest.mark.parametrize(
    ("mode", "canary", "trusted"),
    [("shadow", True, True), ("canary", False, True), ("canary", True, False)],
)
def test_else_it_only_counts(mode: Mode, canary: bool, trusted: bool) -> None:
    found = made(trial(canary=canary), mode=mode, trusted=trusted)
    assert (found.canary, found.shadow) == ((), ("p-new",))
    assert reads(found, b"new 1\nknown 2\n") == ["2"]


def test_where_learning_is_off_nothing_is_tried() -> None:
    assert made(trial(), mode="off") == RunLibrary(library=BASE)


def test_a_known_name_is_replaced_and_only_in_a_canary_run() -> None:
    wider = trial("known", r"^known (?P<message>\w+)$")
    picked = next(run for run in RUNS if in_trial(run, wider.id, share=0.1))
    assert reads(made(wider, run=picked), b"known x\n") == ["x"]
    spared = next(run for run in RUNS if not in_trial(run, wider.id, share=0.1))
    assert reads(made(wider, run=spared), b"known x\n") == []
    assert reads(made(wider, run=spared), b"known 1\n") == ["1"]


def test_what_the_engine_refuses_is_not_tried_and_the_rest_is() -> None:
    found = made(trial("bad", "(?=x)", canary=False), trial(canary=False))
    assert found.shadow == ("p-new",)


def test_no_more_are_tried_than_a_run_bears() -> None:
    many = [trial(f"n{number}", canary=False) for number in range(MOST_TRIED + 5)]
    assert made(*many).shadow == tuple(one.id for one in many[:MOST_TRIED])
