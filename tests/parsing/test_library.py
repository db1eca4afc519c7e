from __future__ import annotations

import pytest

from makeitso.parsing.library import load_library, overlay, with_state
from makeitso.parsing.lint import ambiguities, check_library
from makeitso.prompts.packaged import packaged_text

MISSION_ENTRY = """
[[pattern]]
name = "json_block"
intent = "extract-json"
regex = "<<MIS:JSON>>(.*?)<<MIS:END>>"
multiline = true
reflags = ["s"]
"""


def entry(name: str, regex: str, more: str = "") -> str:
    return f"[[pattern]]\nname = '{name}'\nintent = 'x'\nregex = '''{regex}'''\n{more}\n"


def test_the_first_example_of_the_format_loads_as_it_stands() -> None:
    library, problems = load_library(MISSION_ENTRY)
    assert problems == []
    (pattern,) = library.patterns
    assert (pattern.name, pattern.intent, pattern.multiline) == ("json_block", "extract-json", True)


def test_the_packaged_library_is_without_fault() -> None:
    library, problems = load_library(packaged_text("regexes.toml"))
    assert problems == []
    assert check_library(library) == []
    assert ambiguities(library) == []
    assert len(library.patterns) > 90
    for pattern in library.patterns:
        assert pattern.examples, pattern.name
        assert pattern.counter_examples, pattern.name


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("# c\n\n" + entry("a", "^(?=x)"), "pattern-regex", 5),
        (entry("a", "^a b") + entry("a", "^b c"), "pattern-duplicate", 6),
        (entry("a", "^a b", "colour = 1"), "pattern-unknown-key", 4),
        (entry("a", "^a b", "state = 'on'"), "pattern-shape", 4),
        (entry("a", "^a b", "examples = 'x'"), "pattern-shape", 4),
        (entry("a", "^a b", "fields = {colour = 'x'}"), "pattern-shape", 4),
        ("[[pattern]]\nname = 'a'\n", "pattern-shape", 0),
        (entry("a", "^(?P<colour>x+) y"), "pattern-unknown-field", 3),
        (entry("a", "^a", "reflags = ['q']"), "pattern-regex", 3),
        ("a = 1\nb = \n", "library-syntax", 1),
        ("patern = []\n", "library-unknown-key", 0),
        ("pattern = 3\n", "library-shape", 0),
        (entry("a", "^x{,3}y"), "pattern-regex", 3),
        (entry("a", "^[✓x] y"), "pattern-regex", 3),
        (entry("a", "^x\\1"), "pattern-regex", 3),
    ],
)
def test_problems_have_a_code_and_a_line(text: str, code: str, line: int) -> None:
    _, problems = load_library(text)
    assert (code, line) in [(p.code, p.span.line) for p in problems]


def test_a_damaged_entry_costs_only_itself() -> None:
    library, problems = load_library(entry("bad", "(") + entry("good", "^fine x"))
    assert [p.name for p in library.patterns] == ["good"]
    assert len(problems) == 1


def test_headers_inside_strings_do_not_move_the_places() -> None:
    text = entry("a", "^a b", 'rationale = """\n[[pattern]]\n"""') + entry("b", "(")
    _, problems = load_library(text)
    assert [p.span.line for p in problems] == [10]


def test_a_workspace_library_replaces_and_adds() -> None:
    base, _ = load_library(entry("a", "^a1 x") + entry("b", "^b1 x"))
    own, _ = load_library(entry("b", "^b2 x") + entry("c", "^c2 x"), origin="own.toml")
    both = overlay(base, own)
    assert [(p.name, p.regex) for p in both.patterns] == [
        ("c", "^c2 x"), ("a", "^a1 x"), ("b", "^b2 x"),
    ]  # fmt: skip
    assert both.digest() != base.digest()
    assert overlay(base, load_library("")[0]).digest() == base.digest()
    assert with_state(base, "a", "shadow").digest() != base.digest()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (entry("a", "^abc x", "examples = ['nope']"), "pattern-example"),
        (entry("a", "^abc x", "counter_examples = ['abc x']"), "pattern-example"),
        (entry("a", "x*"), "pattern-too-wide"),
        (entry("a", "abc"), "pattern-not-anchored"),
        (entry("a", "^.*a.*b"), "pattern-loose"),
        (entry("a", "^abc x", "under = 'b'"), "pattern-unknown-name"),
    ],
)
def test_lint_judges_entries_that_load(text: str, code: str) -> None:
    library, problems = load_library(text)
    assert problems == []
    assert code in [p.code for p in check_library(library)]
