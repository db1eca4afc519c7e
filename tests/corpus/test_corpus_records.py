"""The packaged library on open corpora of real tool output, scored field by field.

The corpora are no part of the project. They are looked for in the directory `MAKEITSO_CORPUS`
names, or beside the checkout; without them the tests are skipped.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record

pytestmark = pytest.mark.corpus
FIELDS = ("path", "line", "column", "severity", "code", "message")
OK_LINE = re.compile(r"^([^|]*)\|(\d+)?(?: col (\d+))?(?: ([^|]+))?\| ?(.*)$")


@pytest.fixture(scope="module")
def corpus() -> Path:
    named = os.environ.get("MAKEITSO_CORPUS")
    root = Path(__file__).parents[2]
    folder = Path(named) if named else root.parent / "shared" / "data"
    if not (folder / "open").is_dir():
        pytest.skip(f"no corpora in {folder}: set MAKEITSO_CORPUS to a directory with `open/`")
    return folder / "open"


def parse(data: bytes) -> list[Record | Miss]:
    parser = StreamParser("stdout", load_library(packaged_text("regexes.toml"))[0])
    return parser.feed(data) + parser.close()


def records(data: bytes) -> list[Record]:
    return [r for r in parse(data) if isinstance(r, Record)]


@dataclass
class Score:
    wanted: int = 0
    matched: int = 0


def match(score: Score, wanted: list[dict[str, object]], found: list[Record]) -> None:
    """Each record may satisfy one expectation; only stated fields are compared, exactly."""
    left = list(found)
    for want in wanted:
        score.wanted += 1
        hit = next((r for r in left if all(getattr(r, k) == v for k, v in want.items())), None)
        if hit is not None:
            left.remove(hit)
            score.matched += 1


def test_errorformat(corpus: Path) -> None:
    score = Score()
    for ok in sorted((corpus / "errorformat").glob("*.ok")):
        wanted: list[dict[str, object]] = []
        for line in ok.read_text(encoding="utf-8").splitlines():
            found = OK_LINE.match(line)
            if found is None:
                continue
            path, number, column, severity, message = found.groups()
            row = {"path": path or None, "severity": severity, "message": message}
            row |= {"line": number and int(number), "column": column and int(column)}
            wanted.append({k: v for k, v in row.items() if v is not None})
        match(score, wanted, records(ok.with_suffix(".in").read_bytes()))
    print(f"errorformat: {score.matched} of {score.wanted} records")
    assert score.matched >= 400


def test_analysis_model(corpus: Path) -> None:
    folder = corpus / "analysis-model"
    cases: list[dict[str, Any]] = json.loads((folder / "expected.json").read_text())
    score = Score()
    for case in cases:
        data = (folder / case["file"]).read_bytes()
        text = data.decode("utf-8", "replace")
        wanted: list[dict[str, object]] = []
        for issue in case["issues"]:
            row: dict[str, object] = {}
            names = {"FileName": "path", "Message": "message", "Category": "code"}
            for theirs, ours in names.items():
                value = issue.get(theirs)
                if value and value != "-" and value in text:
                    row[ours] = value
            for theirs, ours in {"LineStart": "line", "ColumnStart": "column"}.items():
                if issue.get(theirs):
                    row[ours] = issue[theirs]
            if row:
                wanted.append(row)
        match(score, wanted, records(data))
    print(f"analysis-model: {score.matched} of {score.wanted} records")
    assert score.matched >= 25


def test_pytest_logs_agree_with_their_reports(corpus: Path) -> None:
    reports = sorted((corpus / "swesmith").glob("*/report.json"))
    assert reports
    for report in reports:
        statuses: dict[str, dict[str, list[str]]] = next(
            found
            for found in _dicts(json.loads(report.read_text()))
            if "FAIL_TO_PASS" in found and isinstance(found["FAIL_TO_PASS"], dict)
        )
        said: dict[str, str | None] = {}
        for record in records((report.parent / "test_output.txt").read_bytes()):
            if record.intent == "test" and record.path:
                said.setdefault(record.path, record.severity)
        for group in statuses.values():
            for verdict, names in group.items():
                status = {"success": "PASSED", "failure": "FAILED"}[verdict]
                assert [n for n in names if said.get(n) != status] == []


def test_go_log(corpus: Path) -> None:
    (log,) = (corpus / "swesmith").glob("gin*.txt")
    found = [r.severity for r in records(log.read_bytes()) if r.pattern == "go_test"]
    assert (found.count("PASS"), found.count("FAIL"), found.count("SKIP")) == (556, 1, 1)


def test_nothing_in_the_corpora_raises_and_chunks_do_not_matter(corpus: Path) -> None:
    library, _ = load_library(packaged_text("regexes.toml"))
    files = [p for p in sorted(corpus.rglob("*")) if p.suffix in {".txt", ".log", ".in"}]
    assert len(files) > 80
    for path in files:
        data = path.read_bytes()
        parser = StreamParser("stdout", library)
        pieces = [data[i : i + 997] for i in range(0, len(data), 997)]
        found = [item for piece in pieces for item in parser.feed(piece)] + parser.close()
        assert found == parse(data), path.name


def _dicts(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    table = cast("dict[str, Any]", value)
    return [table, *(d for item in table.values() for d in _dicts(item))]
