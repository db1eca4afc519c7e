"""What a log is expected to say, in three formats in use elsewhere, and how well records meet it.

A case is one input and its expected records. Only the fields an expectation states are compared,
each by exact equality; a record satisfies one expectation at most.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from makeitso.protocol.record import Record

Expected = Mapping[str, "str | int"]
"""Stated fields of one record: path, line, column, severity, code, message."""

OK_SUFFIX, IN_SUFFIX = ".ok", ".in"
CASES_FILE, REPORT_FILE, REPORT_INPUT = "expected.json", "report.json", "test_output.txt"

_OK_LINE = re.compile(r"^([^|]*)\|(\d+)?(?: col (\d+))?(?: ([^|]+))?\| ?(.*)$")
_TEXTS = {"FileName": "path", "Severity": "severity", "Category": "code", "Message": "message"}
_NUMBERS = {"LineStart": "line", "ColumnStart": "column"}
_ABSENT = ("", "-", 0, None)
_STATUS = {"success": "PASSED", "failure": "FAILED"}
_GROUPS = ("FAIL_TO_PASS", "PASS_TO_PASS", "FAIL_TO_FAIL", "PASS_TO_FAIL")
_PARSER_END = re.compile(r"(?:Parser|Adapter)?Test$")


class ExpectationError(ValueError):
    """A file is not in the format its name promises; the text says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One input and what it should yield.

    Attributes:
        file: the input, as the expectation names it.
        tool: what printed it, for figures by tool.
        expected: the records, each with the fields that are compared.
        count: how many records there are in all; None: unknown, so further ones are not wrong.
        intent: intent of the records it speaks of; others are neither right nor wrong.
        also: what other cases expect of the same input, whose tools printed into it, too.
        left_out: stated fields that are not compared, since their text is nowhere in the input.
    """

    file: str
    tool: str
    expected: tuple[Expected, ...]
    count: int | None
    intent: Literal["diagnostic", "test"] = "diagnostic"
    also: tuple[Expected, ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseScore:
    """How one case went.

    Attributes:
        case: what was expected.
        matched: expectations that a record satisfies.
        wrong: records produced that match nothing, beyond those the case does not list.
        passed: everything expected is there, and where their number is known nothing else.
        missing: expectations that no record satisfies, in order.
    """

    case: Case
    matched: int
    wrong: int
    passed: bool
    missing: tuple[Expected, ...]


def ok_case(text: str, *, name: str) -> Case:
    """A `NAME.ok`: one record a line, `path|LINE col COLUMN SEVERITY| message`, and no others.

    Raises:
        ExpectationError: a line has another shape.
    """
    expected: list[Expected] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _OK_LINE.match(line)
        if found is None:
            if line.strip():
                raise ExpectationError(f"line {number} is not `path|line col column word| message`")
            continue
        path, at, column, severity, message = found.groups()
        stated = {"path": path, "severity": severity, "message": message}
        record: dict[str, str | int] = {key: value for key, value in stated.items() if value}
        record |= {k: int(v) for k, v in (("line", at), ("column", column)) if v is not None}
        expected.append(record)
    return Case(file=name + IN_SUFFIX, tool=name, expected=tuple(expected), count=len(expected))


def inputs_of(text: str) -> list[str]:
    """The files an `expected.json` names; those outside of its directory are not among them.

    Raises:
        ExpectationError: it is not JSON.
    """
    found = _json(text)
    entries = cast("list[object]", found) if isinstance(found, list) else []
    names = {str(_table(entry).get("file")) for entry in entries}
    return sorted(name for name in names if not name.startswith("/") and ".." not in name)


def listed_cases(text: str, *, inputs: Mapping[str, bytes]) -> tuple[list[Case], list[str]]:
    """An `expected.json`: a list of cases with `parser`, `file`, `count` and `issues`.

    Such lists were read off other programs' tests. A text field counts only where its value occurs
    in the input. Where several cases name one input, one of which no message occurs there is about
    something else, such as a text inside the test.

    Args:
        text: the file.
        inputs: content of the files it names.

    Returns:
        The cases, and for each that is left out why.

    Raises:
        ExpectationError: it is not such a list.
    """
    found = _json(text)
    if not isinstance(found, list):
        raise ExpectationError("not a list of cases")
    cases: list[Case] = []
    left_out: list[str] = []
    entries = [_table(item) for item in cast("list[object]", found)]
    named = Counter(str(entry.get("file")) for entry in entries)
    for entry in entries:
        file, issues, count = entry.get("file"), entry.get("issues", []), entry.get("count")
        if not isinstance(file, str) or not isinstance(issues, list):
            raise ExpectationError("a case needs `file` and `issues`")
        if file not in inputs:
            left_out.append(f"{file}: the input is not there")
            continue
        content = inputs[file].decode("utf-8", "replace")
        tables = [_table(issue) for issue in cast("list[object]", issues)]
        if named[file] > 1 and not _is_about(tables, content):
            left_out.append(f"{file}: a case whose messages are not in the input")
            continue
        rows = [_issue(table, content) for table in tables]
        cases.append(
            Case(
                file=file,
                tool=_PARSER_END.sub("", str(entry.get("parser") or file)),
                expected=tuple(stated for stated, _ in rows if stated),
                count=count if isinstance(count, int) else None,
                left_out=sum(missing for _, missing in rows),
            )
        )
    return [_beside(case, cases) for case in cases], left_out


def _beside(case: Case, cases: Sequence[Case]) -> Case:
    others = (other for other in cases if other is not case and other.file == case.file)
    return replace(case, also=tuple(stated for other in others for stated in other.expected))


def report_case(text: str, *, file: str) -> Case:
    """A `report.json`: `tests_status` names tests and whether each passed; a log has more of them.

    Raises:
        ExpectationError: it has no such table.
    """
    status = next((t["tests_status"] for t in _tables(_json(text)) if "tests_status" in t), None)
    if not isinstance(status, dict):
        raise ExpectationError("no table `tests_status`")
    groups = [_table(cast("dict[str, object]", status).get(name, {})) for name in _GROUPS]
    expected = tuple(
        {"path": str(test), "severity": word}
        for group in groups
        for key, word in _STATUS.items()
        for test in cast("list[object]", group.get(key, []))
    )
    return Case(file=file, tool="test report", expected=expected, count=None, intent="test")


def score(case: Case, records: Iterable[Record]) -> CaseScore:
    """Compare what a parser made of a case's input with what it should yield."""
    found = list(records)
    pairs = _pairs(case.expected, found)
    spoken = {n for n, r in enumerate(found) if r.intent == case.intent} | set(pairs.values())
    rest = [found[n] for n in sorted(spoken - set(pairs.values()))]
    further = len(rest) - len(_pairs(case.also, rest))
    unlisted = further if case.count is None else max(0, case.count - len(case.expected))
    return CaseScore(
        case=case,
        matched=len(pairs),
        wrong=max(0, further - unlisted),
        passed=len(pairs) == len(case.expected) and case.count in (None, len(pairs) + further),
        missing=tuple(e for n, e in enumerate(case.expected) if n not in pairs),
    )


def figures(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """Precision, recall and F1 over all records of some cases, and what they come from."""
    matched = sum(s.matched for s in scores)
    expected = sum(len(s.case.expected) for s in scores)
    wrong = sum(s.wrong for s in scores)
    precision = matched / (matched + wrong) if matched + wrong else float(not expected)
    recall = matched / expected if expected else 1.0
    both = precision + recall
    return {
        "cases": len(scores),
        "passed": sum(s.passed for s in scores),
        "expected": expected,
        "matched": matched,
        "wrong": wrong,
        "left_out_fields": sum(s.case.left_out for s in scores),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / both, 4) if both else 0.0,
    }


def summary(scores: Sequence[CaseScore]) -> dict[str, Any]:
    """The figures of all cases, and in `by_tool` those of each tool."""
    tools = sorted({s.case.tool for s in scores})
    by_tool = {tool: figures([s for s in scores if s.case.tool == tool]) for tool in tools}
    return {**figures(scores), "by_tool": by_tool}


def _is_about(issues: Sequence[Mapping[str, object]], content: str) -> bool:
    stated = [t for issue in issues if isinstance(t := issue.get("Message"), str) and t != "-"]
    return not stated or any(text in content for text in stated)


def _issue(issue: Mapping[str, object], content: str) -> tuple[Expected, int]:
    """The fields of an issue that count, and how many do not."""
    stated: dict[str, str | int] = {}
    left_out = 0
    for theirs, ours in _TEXTS.items():
        value = issue.get(theirs)
        if not isinstance(value, str) or value in _ABSENT:
            continue
        if value in content:
            stated[ours] = value
        else:
            left_out += 1
    for theirs, ours in _NUMBERS.items():
        value = issue.get(theirs)
        if isinstance(value, int) and value not in _ABSENT:
            stated[ours] = value
    return stated, left_out


def _pairs(expected: Sequence[Expected], found: Sequence[Record]) -> dict[int, int]:
    """As many expectations as possible with a record each: its number by that of the expectation.

    An expectation that states little must not take the record of one that states more, so whoever
    finds its records taken asks their owners whether they can do with another.
    """
    by_value: dict[tuple[str, str | int | None], list[int]] = {}
    for number, record in enumerate(found):
        for key in ("message", "path", "line"):
            by_value.setdefault((key, getattr(record, key)), []).append(number)
    may = [_candidates(want, found, by_value) for want in expected]
    owner: dict[int, int] = {}
    for start in range(len(expected)):
        came_from: dict[int, int] = {}
        queue, free = [start], None
        while queue and free is None:
            asking = queue.pop(0)
            for record in may[asking]:
                if record in came_from:
                    continue
                came_from[record] = asking
                if record not in owner:
                    free = record
                    break
                queue.append(owner[record])
        while free is not None:
            asking = came_from[free]
            before = next((r for r, who in owner.items() if who == asking), None)
            if before is not None:
                del owner[before]
            owner[free] = asking
            free = before if asking != start else None
    return {who: record for record, who in owner.items()}


def _candidates(
    want: Expected,
    found: Sequence[Record],
    by_value: Mapping[tuple[str, str | int | None], list[int]],
) -> list[int]:
    key = next((k for k in ("message", "path", "line") if k in want), None)
    near = range(len(found)) if key is None else by_value.get((key, want[key]), [])
    return [n for n in near if all(getattr(found[n], k) == v for k, v in want.items())]


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExpectationError(f"not JSON: {error}") from error


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ExpectationError("a table is expected where there is none")
    return cast("dict[str, Any]", value)


def _tables(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        table = cast("dict[str, Any]", value)
        yield table
        for item in table.values():
            yield from _tables(item)
