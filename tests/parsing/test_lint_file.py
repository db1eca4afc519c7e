from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from makeitso.parsing.library import load_library
from makeitso.parsing.lint_file import check_text
from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from makeitso.protocol.text import Fix


def entry(name: str, regex: str, more: str = "") -> str:
    return f"[[pattern]]\nname = '{name}'\nintent = 'x'\nregex = '{regex}'\n{more}\n"


def fixed(text: str, fix: Fix) -> str:
    lines = text.splitlines(keepends=True)
    span = fix.span
    head = "".join(lines[: span.line]) + "".join(lines[span.line : span.line + 1])[: span.column]
    tail = "".join(lines[span.end_line : span.end_line + 1])[span.end_column :]
    return head + fix.new_text + tail + "".join(lines[span.end_line + 1 :])


def test_the_packaged_library_is_clean() -> None:
    ticks = itertools.count()  # a clock that says a second went by would find all of them slow
    assert check_text(packaged_text("regexes.toml"), cpu=lambda: next(ticks) * 1e-6) == []


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (entry("a", "abc x"), "pattern-not-anchored", 3, 9),
        (entry("a", "^a.*b.*c$"), "pattern-loose", 3, 9),
        (entry("a", "^abc x", "examples = ['no']"), "pattern-example", 4, 0),
        (entry("a", "^abc x", "\ncounter_examples = ['abc x']"), "pattern-example", 5, 0),
        (entry("a", "^abc x", "under = 'none'"), "pattern-unknown-name", 4, 0),
        (entry("a", "^abc") + entry("b", "^abc x", "examples = ['abc x']"),
         "pattern-shadowed", 9, 0),
        (entry("a", "^abc x") + entry("b", "^abc x"), "pattern-same-expression", 8, 9),
        (entry("a", "("), "pattern-regex", 3, 0),
    ],
)  # fmt: skip
def test_each_thing_is_said_at_its_place(text: str, code: str, line: int, column: int) -> None:
    found = [(p.code, p.span.line, p.span.column) for p in check_text(text)]
    assert found == [(code, line, column)]


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (entry("a", "abc x"), entry("a", "^abc x")),
        (entry("a", "abc|def g"), entry("a", "^(?:abc|def g)")),
        (
            entry("a", "^at .*: .*: (?P<message>.*)$"),
            entry("a", "^at [^:]*: [^:]*: (?P<message>.*)$"),
        ),
        (entry("a", "^abc x") + entry("b", "^abc x"), entry("a", "^abc x")),
    ],
)
def test_a_way_out_leads_out(text: str, after: str) -> None:
    (problem,) = check_text(text)
    (fix,) = problem.fixes
    assert fixed(text, fix) == after
    assert check_text(after) == []


@pytest.mark.parametrize(
    "text",
    [
        entry("a", "abc x", "examples = ['see abc x']"),  # anchored it would not match any more
        entry("a", "^p.*:.*:z", "examples = ['p1:2:3:z']"),
        '[[pattern]]\nname = "a"\nintent = "x"\nregex = "abc \\\\d"\n',  # escaped
    ],
)
def test_no_way_out_that_breaks_an_example(text: str) -> None:
    (problem,) = check_text(text)
    assert problem.fixes == ()


def test_what_stands_between_tokens_needs_no_anchor() -> None:
    assert check_text(entry("a", "<<MIS:JSON>>(?P<json>.*?)<<MIS:END>>")) == []
    (problem,) = check_text(entry("a", "<<MIS:JSON>>(?P<json>.*?)"))
    assert problem.code == "pattern-not-anchored"


def test_a_library_is_judged_over_the_one_it_is_laid_over() -> None:
    base, _ = load_library(entry("base", "^abc: x", "examples = ['abc: x']"))
    (problem,) = check_text(entry("own", "^abc: "), base=base)
    assert (problem.code, problem.span.line) == ("pattern-shadows", 3)
    assert "'abc: x' of base" in problem.message
    both = check_text(entry("own", "^abc: x"), base=base)
    assert [p.code for p in both] == ["pattern-same-expression", "pattern-shadows"]
    assert check_text(entry("base", "^abc: "), base=base) == []  # it takes its place
    assert check_text(entry("own", "^uvw x", "under = 'base'"), base=base) == []


def test_slow_is_what_takes_long_on_the_clock_given() -> None:
    ticks = itertools.count()
    (problem,) = check_text(entry("a", "^abc x"), cpu=lambda: next(ticks) * 0.06)
    assert (problem.code, problem.severity) == ("pattern-slow", "error")
    assert check_text(entry("a", "^abc x"), cpu=lambda: next(ticks) * 0.04) == []


def test_keys_of_a_document_around_it_belong_there() -> None:
    text = "id = 'p'\n" + entry("a", "^abc x")
    assert [p.code for p in check_text(text)] == ["library-unknown-key"]
    assert check_text(text, other_keys=frozenset({"id"})) == []
    assert [p.code for p in check_text("= 1")] == ["library-syntax"]
