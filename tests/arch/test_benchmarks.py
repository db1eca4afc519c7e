"""The benchmarks measure; how long anything takes is not looked at here."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from tracked import ROOT


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks.run", *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=450, check=False
    )


@pytest.mark.bench
@pytest.mark.codex
@pytest.mark.timeout(500)
def test_every_benchmark_measures_both_sides() -> None:
    done = bench("--runs", "1", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["missing"] == []
    rows: list[dict[str, Any]] = answer["rows"]
    for word in (
        "mis run",
        "initialize",
        "framing",
        "parsing",
        "plan of",
        "journal append",
        "resume from",
        "first question",
        "review document",
    ):
        assert any(word in row["what"] for row in rows)
    for row in rows:
        assert row["ours"] > 0
        assert row["bare"] > 0
        assert row["ratio"] == row["ours"] / row["bare"]


def test_a_table_of_one() -> None:
    done = bench("--runs", "1", "journal_append")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[1] == "medians of 1; less is better"
    assert lines[3].split() == ["what", "against", "unit", "ours", "bare", "ratio"]
    assert [line.split()[0] for line in lines[4:]] == ["journal", "journal"]


def test_an_unknown_one_is_named() -> None:
    done = bench("astrology")
    assert done.returncode == 2
    assert "no benchmark astrology" in done.stderr
