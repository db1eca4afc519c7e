"""A pass: who sees which run, what is proved, and what golden logs say."""

from __future__ import annotations

import json
import time
from itertools import combinations
from pathlib import Path

import pytest

from makeitso.errors import StoreError
from makeitso.learning.gate import Golden, Thresholds, passed
from makeitso.learning.mining import Sample
from makeitso.parsing.library import Library, load_library
from makeitso.prompts.packaged import packaged_text
from makeitso.tuning.golden import broken, examples_of, read_golden
from makeitso.tuning.material import Material, log_as_replay, of_replay, spread
from makeitso.tuning.passing import Terms, learn, partings

STREAMS = Path(__file__).parents[1] / "golden" / "streams"


def material(run: str, *lines: str) -> Material:
    samples = tuple(Sample(text=line, run=run) for line in lines)
    return Material(run=run, unexplained=samples, owned=(), lines=len(lines), explained=0)


def zlint(run: int) -> tuple[str, ...]:
    return tuple(f"zlint: m{n}.zz:{n}: value v{n + run} is odd" for n in range(run, run + 5))


def terms(library: Library | None = None, golden: tuple[Golden, ...] = ()) -> Terms:
    return Terms(
        library=library or Library(),
        thresholds=Thresholds(),
        golden=golden,
        created_at="2031-01-02T03:04:05Z",
        clock=time.thread_time,
    )


@pytest.mark.parametrize("count", [2, 3, 5, 8, 20])
def test_any_two_runs_are_apart_in_one_parting_each_way(count: int) -> None:
    names = [f"r{n}" for n in range(count)]
    found = [
        ({s.run for s in seen}, {s.run for s in unseen})
        for seen, unseen in partings([material(name, "x") for name in names])
    ]
    assert all(not seen & unseen for seen, unseen in found)
    for one, other in combinations(names, 2):
        assert any(one in seen and other in unseen for seen, unseen in found)
        assert any(other in seen and one in unseen for seen, unseen in found)


def test_the_proposer_never_saw_what_proves_it() -> None:
    outcome = learn([material(f"r{n}", *zlint(n * 10)) for n in range(4)], terms())
    (found,) = outcome.proposals
    assert passed(found.gate), found.gate
    assert found.support.runs
    assert not set(found.support.runs) & set(found.support.unseen_runs)


def test_a_tool_of_two_runs_of_many_is_found_wherever_they_stand() -> None:
    for one, other in combinations(range(5), 2):
        runs = [
            material(f"r{n}", *(zlint(n * 10) if n in (one, other) else ("hm",))) for n in range(5)
        ]
        outcome = learn(runs, terms())
        assert [p.pattern.intent for p in outcome.proposals if p.pattern] == ["diagnostic"]


def test_one_run_is_parted_by_its_lines_and_fails_on_support_alone() -> None:
    outcome = learn([material("r1", *zlint(1), *zlint(40))], terms())
    assert outcome.proposals == ()
    (found,) = outcome.failed
    assert [f.rule for f in found.gate if not f.passed] == ["support"]


def test_what_golden_logs_say_otherwise_is_turned_down() -> None:
    library, _ = load_library(
        "[[pattern]]\nname = 'z'\nintent = 'event'\nregex = '^zlint: m7\\.zz:7: (?P<message>.+)$'\n"
    )
    golden = Golden(name="g.log", channel="stdout", data=b"zlint: m7.zz:7: value v9 is odd\n")
    runs = [material(f"r{n}", *zlint(n * 10)) for n in range(2)]
    outcome = learn(runs, terms(library, (golden,)))
    assert outcome.proposals == ()
    wrong = {f.rule for p in outcome.failed for f in p.gate if not f.passed}
    assert "golden" in wrong


def test_nothing_to_learn_from_is_nothing() -> None:
    outcome = learn([], terms())
    assert (outcome.groups, outcome.proposals, outcome.lines) == (0, (), 0)


def test_a_log_is_read_as_a_run() -> None:
    library, _ = load_library(packaged_text("regexes.toml"))
    data = b"src/a.c:3:4: error: bad thing\n\x1b[1mzork\x1b[0m is lost\nzork is lost\n\n42 %\n"
    found = of_replay(log_as_replay("x.log", data), library)
    assert (found.lines, found.explained) == (4, 1)
    assert [(s.text, s.count) for s in found.unexplained] == [("zork is lost", 2)]
    assert found.owned == ("src/a.c:3:4: error: bad thing",)


def test_lines_are_spread_over_all_there_are() -> None:
    assert spread(["a", "b", "a", "c", "d", "e"], 2) == ["a", "d"]
    assert spread([]) == []


def test_the_golden_logs_of_this_project_are_read_as_they_stand() -> None:
    library, _ = load_library(packaged_text("regexes.toml"))
    logs = read_golden(STREAMS)
    assert len(logs) > 20
    assert broken(logs, library) == []
    fewer = Library(tuple(p for p in library.patterns if p.name != "pytest_result"))
    wrong = broken(logs, fewer)
    assert any(line.startswith("success.md case 2: expected") for line in wrong)


def test_a_line_that_was_a_miss_may_be_understood(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("zork: lost\n")
    miss: dict[str, object] = {
        "kind": "miss",
        "file": "a.log",
        "pattern": None,
        "line": 1,
        "fields": {},
    }
    (tmp_path / "a.jsonl").write_text(json.dumps(miss) + "\n")
    library, _ = load_library(
        "[[pattern]]\nname = 'z'\nintent = 'event'\nregex = '^zork: (?P<message>.+)$'\n"
    )
    assert broken(read_golden(tmp_path), library) == []
    (tmp_path / "a.jsonl").write_text("{\n")
    with pytest.raises(StoreError, match="a row that is no JSON"):
        read_golden(tmp_path)
    assert read_golden(tmp_path / "none") == []


def test_the_examples_of_a_library_are_a_golden_log() -> None:
    library, _ = load_library(packaged_text("regexes.toml"))
    log = examples_of(library)
    assert log.data.count(b"\n") > 900
