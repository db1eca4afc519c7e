"""The packaged library on open corpora of real tool output, scored field by field.

The corpora are no part of the project. They are looked for in the directory `MAKEITSO_CORPUS`
names, or beside the checkout; without them the tests are skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from makeitso.parsing import expectations as known
from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record

pytestmark = pytest.mark.corpus


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


def scores(cases: list[known.Case], folder: Path) -> list[known.CaseScore]:
    return [known.score(case, records((folder / case.file).read_bytes())) for case in cases]


def test_errorformat(corpus: Path) -> None:
    folder = corpus / "errorformat"
    files = sorted(folder.glob("*.ok"))
    cases = [known.ok_case(ok.read_text(encoding="utf-8"), name=ok.stem) for ok in files]
    total = known.figures(scores(cases, folder))
    print(f"errorformat: {total}")
    assert total["f1"] >= 0.95


def test_analysis_model(corpus: Path) -> None:
    folder = corpus / "analysis-model"
    text = (folder / "expected.json").read_text(encoding="utf-8")
    inputs = {name: (folder / name).read_bytes() for name in known.inputs_of(text)}
    cases, left_out = known.listed_cases(text, inputs=inputs)
    assert len(left_out) == 7
    total = known.figures(scores(cases, folder))
    print(f"analysis-model: {total}")
    assert total["recall"] >= 0.95
    assert total["precision"] >= 0.9


def test_pytest_logs_agree_with_their_reports(corpus: Path) -> None:
    reports = sorted((corpus / "swesmith").glob("*/report.json"))
    assert reports
    for report in reports:
        case = known.report_case(report.read_text(encoding="utf-8"), file=known.REPORT_INPUT)
        (score,) = scores([case], report.parent)
        assert case.expected
        assert score.missing == ()


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
