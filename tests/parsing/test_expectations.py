from __future__ import annotations

import json

import pytest

from makeitso.parsing import expectations as known
from makeitso.protocol.record import Record


def record(intent: str = "diagnostic", **fields: str | int) -> Record:
    return Record.model_validate(
        {"pattern": "p", "intent": intent, "channel": "stdout", "offset_bytes": 0, "stream_line": 1}
        | fields
    )


def listed(*issues: dict[str, object], count: int | None = None, file: str = "a.txt") -> str:
    return json.dumps(
        [{"parser": "AcmeParserTest", "file": file, "count": count, "issues": issues}]
    )


def test_an_ok_file_says_each_field_or_nothing_of_it() -> None:
    text = "a.c|3 col 4 error| bad [x]\nb.c|7| worse\n|| alone\nc.c|| \n\n"
    case = known.ok_case(text, name="acme")
    assert case.expected == (
        {"path": "a.c", "line": 3, "column": 4, "severity": "error", "message": "bad [x]"},
        {"path": "b.c", "line": 7, "message": "worse"},
        {"message": "alone"},
        {"path": "c.c"},
    )
    assert (case.file, case.tool, case.count) == ("acme.in", "acme", 4)
    with pytest.raises(known.ExpectationError, match="line 2"):
        known.ok_case("a.c|1| x\nno bars\n", name="acme")


RIGHT = record(path="a", line=1, message="m")


@pytest.mark.parametrize(
    ("found", "matched", "wrong", "passed"),
    [
        ([record(path="a", line=1, message="m", code="c")], 1, 0, True),
        ([record(path="a", line=1, message="m ")], 0, 1, False),
        (
            [record(path="a", line=1, message="m"), record(path="a", line=1, message="m")],
            1,
            1,
            False,
        ),
        ([record(path="a", line=1, message="m"), record("summary", message="1 error")], 1, 0, True),
        ([record("test", path="a", line=1, message="m")], 1, 0, True),
        ([], 0, 0, False),
    ],
)
def test_a_record_is_right_when_all_stated_fields_are_equal(
    found: list[Record], matched: int, wrong: int, passed: bool
) -> None:
    score = known.score(known.ok_case("a|1| m\n", name="t"), found)
    assert (score.matched, score.wrong, score.passed) == (matched, wrong, passed)
    assert len(score.missing) == 1 - matched


def test_who_states_little_leaves_the_record_to_who_states_more() -> None:
    # Each may be met by two of the records, and only one way round do all find one.
    case = known.ok_case("a|| \na|1| \na|1| m\n", name="t")
    found = [record(path="a", line=1, message="m"), record(path="a", line=1), record(path="a")]
    for order in (found, found[::-1], [found[1], found[0], found[2]]):
        assert known.score(case, order).matched == 3
    assert known.score(case, found[1:]).matched == 2


def test_many_alike_are_matched_one_to_one() -> None:
    case = known.ok_case("a|1| m\n" * 1500, name="t")
    score = known.score(case, [RIGHT] * 1400)
    assert (score.matched, score.wrong, len(score.missing)) == (1400, 0, 100)


def test_a_listed_text_counts_only_where_it_is_in_the_input() -> None:
    text = listed(
        {
            "FileName": "a.c",
            "LineStart": 3,
            "ColumnStart": 0,
            "Message": "bad",
            "Severity": "ERROR",
        },
        {"FileName": "-", "LineStart": 0, "Message": "x &lt; y", "Category": "Invented"},
        count=4,
    )
    (case,), left_out = known.listed_cases(text, inputs={"a.txt": b"a.c:3: bad\nx < y\n"})
    assert case.expected == ({"path": "a.c", "line": 3, "message": "bad"},)
    assert (case.tool, case.left_out, left_out) == ("Acme", 3, [])
    # Four are said to be there and one is listed that counts: three more are not wrong.
    found = [record(path="a.c", line=3, message="bad"), *[record(message=str(n)) for n in range(4)]]
    assert known.score(case, found[:4]).passed
    score = known.score(case, found)
    assert (score.matched, score.wrong, score.passed) == (1, 1, False)
    assert not known.score(case, found[:3]).passed


def test_what_another_case_expects_of_the_same_input_is_not_wrong() -> None:
    cases = [
        {"parser": f"{tool}ParserTest", "file": "a.txt", "count": 1, "issues": [{"Message": text}]}
        for tool, text in (("One", "first"), ("Two", "second"))
    ]
    one, two = known.listed_cases(json.dumps(cases), inputs={"a.txt": b"first\nsecond\n"})[0]
    found = [record(message="first"), record(message="second")]
    assert known.score(one, found).passed
    assert known.score(two, found).passed
    assert known.score(one, [*found, record(message="third")]).wrong == 1
    assert known.score(one, [*found, record(message="second")]).wrong == 1


def test_where_the_count_is_unknown_nothing_further_is_wrong() -> None:
    (case,), _ = known.listed_cases(listed(count=None), inputs={"a.txt": b"x"})
    score = known.score(case, [record(message="m")] * 9)
    assert (score.wrong, score.passed) == (0, True)


def test_a_case_about_another_input_is_left_out() -> None:
    one = json.loads(listed({"Message": "here"}, count=1))
    other = json.loads(listed({"Message": "elsewhere"}, count=1))
    gone = json.loads(listed(file="gone.txt"))
    cases, left_out = known.listed_cases(
        json.dumps(one + other + gone), inputs={"a.txt": b"it is here\n"}
    )
    assert [case.expected for case in cases] == [({"message": "here"},)]
    assert [why.partition(":")[0] for why in left_out] == ["a.txt", "gone.txt"]
    assert known.inputs_of(listed(file="../up.txt")) == []
    # Alone it is about its own input, whatever became of its text.
    assert known.listed_cases(json.dumps(other), inputs={"a.txt": b"x"})[0]


def test_a_report_names_tests_and_their_status() -> None:
    status = {"FAIL_TO_PASS": {"success": ["t::a"], "failure": ["t::b"]}, "PASS_TO_PASS": {}}
    case = known.report_case(json.dumps({"i-1": {"tests_status": status}}), file="out.txt")
    found = [
        record("test", path="t::a", severity="PASSED"),
        record("test", path="t::b", severity="PASSED"),
        record("test", path="t::c", severity="PASSED"),
    ]
    score = known.score(case, found)
    assert (score.matched, score.wrong, score.missing) == (
        1, 0, ({"path": "t::b", "severity": "FAILED"},),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"tests_status": 3}', "[" * 100_000])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(known.ExpectationError):
        known.report_case(text, file="x")
    if text != "[]":
        with pytest.raises(known.ExpectationError):
            known.listed_cases(text, inputs={})


def test_figures_are_over_all_records_and_by_tool() -> None:
    good = known.score(
        known.ok_case("a|1| m\n" * 3, name="x"), [record(path="a", line=1, message="m")] * 3
    )
    bad = known.score(known.ok_case("a|1| m\n", name="y"), [record(message="other")])
    total = known.summary([good, bad])
    assert {k: total[k] for k in ("cases", "passed", "precision", "recall", "f1")} == {
        "cases": 2, "passed": 1, "precision": 0.75, "recall": 0.75, "f1": 0.75,
    }  # fmt: skip
    assert {name: one["f1"] for name, one in total["by_tool"].items()} == {"x": 1.0, "y": 0.0}
    nothing = known.figures([])
    assert (nothing["precision"], nothing["recall"]) == (1.0, 1.0)
