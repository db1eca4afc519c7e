from __future__ import annotations

import time

import pytest

from makeitso.parsing.engine import Engine
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.linear import LinearRegex, LinearSet, PatternError
from makeitso.parsing.patterns import Pattern, translate


def engine(*patterns: Pattern) -> Engine:
    return Engine(Library(patterns))


def pattern(name: str, regex: str, *flags: str, multiline: bool = False, **more: str) -> Pattern:
    intent = more.get("intent", "diagnostic")
    return Pattern(name=name, intent=intent, regex=regex, reflags=flags, multiline=multiline)


def test_the_json_block_of_the_format_matches_a_block() -> None:
    library, _ = load_library(
        '[[pattern]]\nname = "json_block"\nintent = "extract-json"\n'
        'regex = "<<MIS:JSON>>(.*?)<<MIS:END>>"\nmultiline = true\nreflags = ["s"]\n'
    )
    text = b'<<MIS:START>>\n<<MIS:JSON>>\n{"a": 1}\n<<MIS:END>>\n<<MIS:JSON>>2<<MIS:END>>'
    hits = Engine(library).block(text)
    assert [hit.captures["json"].strip() for hit in hits] == ['{"a": 1}', "2"]
    assert Engine(library).line(b"<<MIS:JSON>>2<<MIS:END>>") is None, "blocks only"


def test_the_first_pattern_in_order_names_the_line() -> None:
    one, two = pattern("one", r"^x: (?P<message>\d+)$"), pattern("two", r"^x: (?P<message>.*)$")
    found = engine(one, two).line(b"x: 42")
    assert found is not None
    assert (found.pattern.name, found.captures) == ("one", {"message": "42"})
    found = engine(two, one).line(b"x: 42")
    assert found is not None
    assert found.pattern.name == "two"
    assert [h.pattern.name for h in engine(one, two).all_hits(b"x: 42")] == ["one", "two"]


def test_invalid_utf8_is_no_silent_miss() -> None:
    found = engine(pattern("p", r"^(?P<path>[^:]+): (?P<message>.*)$")).line(b"a\xff.c: caf\xe9")
    assert found is not None
    assert found.captures == {"path": "a�.c", "message": "caf�"}


@pytest.mark.parametrize(
    ("regex", "flags", "line"),
    [
        ("^ÉTÉ ✓+ x$", (), "ÉTÉ ✓✓✓ x"),
        (r"^error \d$", ("i",), "ERROR 5"),
        (
            "^ a [#] \\  b # a comment\n (?P<line>\\d+) $",
            ("x",),
            "a[#] ".replace("[#]", "#") + "b7",
        ),
        (r"^a\Z", (), "a"),
        (r"^a.c$", ("s",), "a\x02c"),
    ],
)
def test_translation(regex: str, flags: tuple[str, ...], line: str) -> None:
    assert engine(pattern("p", regex, *flags)).line(line.encode()) is not None


@pytest.mark.parametrize("regex", ["a(?=b)", r"(a)\1", "(", "a{2000}", "[[:alpha:]]", "a\\"])
def test_what_the_engine_refuses(regex: str) -> None:
    with pytest.raises(PatternError):
        LinearRegex(translate(regex, ()))


def test_states_decide_who_explains() -> None:
    shadow = Pattern(name="s", intent="x", regex="^abc", state="shadow")
    off = Pattern(name="o", intent="x", regex="^abc", state="off")
    both = engine(shadow, off)
    assert both.line(b"abc") is None
    assert [h.pattern.name for h in both.trial_hits(b"abc")] == ["s"]
    trial = Engine(Library((shadow,)), live=frozenset({"active", "shadow"}))
    assert trial.line(b"abc") is not None


def test_an_empty_library_matches_nothing() -> None:
    assert engine().line(b"x") is None
    assert LinearSet([]).ids(b"x") == []


@pytest.mark.parametrize("regex", [r"(a+)+$", r"(.*,){11}P", r"^\s+|\s+$", r"(x+x+)+y"])
def test_evil_patterns_stay_linear(regex: str) -> None:
    evil = engine(pattern("evil", regex))
    text = b"a" * 30_000 + b"," * 20_000 + b" " * 10_000 + b"x" * 5_000 + b"!"
    began = time.process_time()
    evil.line(text)
    # A backtracking engine needs longer than the age of the universe; 5 s covers a loaded machine.
    assert time.process_time() - began < 5
