from __future__ import annotations

import pytest
from hypothesis import example, given, settings

from makeitso.plans.check import check_plan
from makeitso.plans.lines import Extent, split_lines
from makeitso.plans.outline import outline, place_at
from makeitso.plans.read import read_text
from makeitso.plans.syntax import parse
from makeitso.plans.tree import Document, Item, text_of
from plans.plan_strategies import any_text

DESIGN = """\
# Dates before 1970 parse

`parse_date("1969-07-20")` returns a date, and the suite passes.

- [ ] **T1** Fix the parser
  - files: `src/dates/**`
  - done when: `pytest -q tests/test_dates.py` (was: failing)
  - task: manual, 120k tokens

  Negative epochs are rejected in `_from_epoch`. Keep the public signature.

- [ ] **docs** Document it
  - after: T1
  - repo: handbook
  - worker: codex
  - policies: network never

```toml
approval = "confirm-phase"
budget_tokens = 250_000
```
"""


@given(any_text)
@example("")
@example("\ufeff- [ ] **T1** x")
@example("---\na: 1\n---\r\n# T\r\n\r\ng")
@example("a\rb\u2028c\n\x00")
@settings(max_examples=300, deadline=None)
def test_printing_a_parsed_text_gives_the_text(text: str) -> None:
    document = parse(text)
    assert text_of(document) == text
    number = 0
    for block in document.blocks:
        assert block.first == number
        number = block.end
        assert block.lines
    assert number == len(split_lines(text))


@given(any_text)
@settings(max_examples=200, deadline=None)
def test_reading_and_checking_never_fail_and_point_into_the_text(text: str) -> None:
    read = read_text(text, plan_id="p")
    lengths = [len(line.text) for line in split_lines(text)]
    for problem in check_plan(read):
        for span in [problem.span, *(fix.span for fix in problem.fixes)]:
            start, end = (span.line, span.column), (span.end_line, span.end_column)
            assert start <= end
            for line, column in (start, end):
                assert line < len(lengths) or (line == len(lengths) and column == 0)
                assert column <= (lengths[line] if line < len(lengths) else 0)
    plan = outline(read)
    for line, length in enumerate(lengths[:12]):
        place_at(plan, line, length)


def items(text: str) -> tuple[Item, ...]:
    return parse(text).items


def words(document: Document) -> list[str]:
    return [type(block).__name__ for block in document.blocks]


def test_the_shape_of_a_whole_document() -> None:
    document = parse(DESIGN)
    assert words(document) == [
        *["Heading", "Other", "Paragraph", "Other", "Item", "Other", "Item", "Other"],
        "Settings",
    ]
    first, second = document.items
    assert first.id is not None
    assert first.id.span == Extent(4, 8, 4, 10)
    assert first.box.span == Extent(4, 3, 4, 4)
    assert [key.key for key in first.keys] == ["files", "done when", "task"]
    assert first.body.startswith("Negative epochs")
    assert second.body == ""


@pytest.mark.parametrize(
    ("text", "ids", "body"),
    [
        pytest.param("- [ ] **A** t\n\n  - files: x\n\n  body", ["A"], "body", id="loose list"),
        pytest.param("- [ ] **A** t\nlazy\n\nno", ["A"], "lazy", id="lazy continuation"),
        pytest.param("- [ ] **A** t\n  - [ ] **B** sub", ["A"], "- [ ] **B** sub", id="nested"),
        pytest.param("- [ ] **A** t\n- [ ] **B** u", ["A", "B"], "", id="siblings"),
        pytest.param("<!--\n- [ ] **A** t\n-->\n- [ ] **B** t", ["B"], "", id="comment"),
        pytest.param("```\n- [ ] **A** t\n```\n", [], "", id="code"),
        pytest.param("- [a](b) link\n- [b][c]", [], "", id="links"),
        pytest.param(
            "- [ ] **A** t\n\n  ```\n  x\n- [ ] **B** u", ["A", "B"], "```\nx", id="open fence"
        ),
        pytest.param("- [ ] **A** t\n\n      code", ["A"], "    code", id="indented code"),
        pytest.param("- [ ] **A** t\n\n\tx", ["A"], "  x", id="tab"),
        pytest.param("- [ ] **A** t\n\n  <!-- -->\n  - files: x", ["A"], "- files: x", id="cut"),
        pytest.param("# H\n- [ ] **A** t\r\n\r\n  b\r\n", ["A"], "b", id="crlf"),
    ],
)
def test_where_tasks_begin_and_end(text: str, ids: list[str], body: str) -> None:
    found = items(text)
    assert [item.id.text if item.id else None for item in found] == ids
    if found:
        assert found[0].body == body


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# C #", "C"),
        ("# C # #", "C #"),
        ("# a#", "a#"),
        ("#", ""),
        ("## x ##  ", "x"),
        ("# #", ""),
    ],
)
def test_a_heading_loses_its_closing_marks(line: str, title: str) -> None:
    heading = parse(line).heading
    assert heading is not None
    assert heading.title.text == title


def test_a_value_over_several_lines_keeps_its_places() -> None:
    text = (
        "- [ ] **A** t\n  - files: `a.py`,\n    `b.py`\n  - done when:\n    - `x`\n    - `y` in d\n"
    )
    read = read_text(text, plan_id="p")
    task = read.plan.tasks[0]
    assert task.files == ("a.py", "b.py")
    assert [(check.command, check.cwd) for check in task.checks] == [("x", "."), ("y", "d")]
    assert read.places[0].files[1].span == Extent(2, 4, 2, 10)
    assert read.problems == tuple(p for p in read.problems if p.code.startswith("plan-"))
