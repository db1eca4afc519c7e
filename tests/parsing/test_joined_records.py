"""What two lines say together, also when lines without content stand between them."""

from __future__ import annotations

from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.record import Record

TEXT = r"""
[[pattern]]
name = "frame"
intent = "trace"
regex = '^  at (?P<path>[^:]+):(?P<line>\d+) in (?P<message>\w+)$'

[[pattern]]
name = "carets"
intent = "ignore"
regex = '^ +\^+$'

[[pattern]]
name = "fault"
intent = "diagnostic"
regex = '^(?P<code>\w+Error)(?:: (?P<message>.+))?$'
joins = ["frame"]

[[pattern]]
name = "title"
intent = "ignore"
regex = '^___ \w+ ___$'

[[pattern]]
name = "source"
intent = "continuation"
regex = '^ {4}\S.*$'
joins = ["frame", "title"]
"""


def parse(text: str, *, brief: bool = False) -> list[tuple[str | None, ...]]:
    library, problems = load_library(TEXT)
    assert problems == []
    parser = StreamParser("stdout", library)
    parser.brief = brief
    found: list[tuple[str | None, ...]] = []
    for item in parser.feed(text.encode()) + parser.close():
        if isinstance(item, Record):
            found.append((item.pattern, item.path, item.code, item.message))
        else:
            found.append(("miss", item.text))
    return found


def test_a_fault_stands_at_the_last_place_that_led_to_it() -> None:
    text = "  at a.x:1 in f\n    f()\n  at b.x:2 in g\n    g()\n    ^^^\n\nOddError: no\n"
    assert parse(text) == [
        ("frame", "a.x", None, "f"),
        ("fault", "b.x", "OddError", "no"),
    ]


def test_a_fault_without_words_does_not_take_the_name_of_a_function() -> None:
    assert parse("  at a.x:1 in f\nOddError\n") == [("fault", "a.x", "OddError", None)]


def test_other_output_parts_a_fault_from_a_place() -> None:
    text = "  at a.x:1 in f\nsomething else\nOddError: no\n"
    assert parse(text) == [
        ("frame", "a.x", None, "f"),
        ("miss", "something else"),
        ("fault", None, "OddError", "no"),
    ]


def test_a_line_may_go_on_with_one_that_says_nothing() -> None:
    assert parse("___ one ___\n\n    x = 1\n    y = 2\nz\n") == [("miss", "z")]
    assert parse("    x = 1\n") == [("miss", "    x = 1")]
    # An ignored line that is no beginning ends what went before.
    assert parse("___ one ___\n ^^\n    x = 1\n") == [("miss", "    x = 1")]


def test_what_only_leads_over_gives_way_to_what_says_something() -> None:
    assert parse("___ one ___\n    x = 1\n  at a.x:1 in f\n    f()\n") == [
        ("frame", "a.x", None, "f"),
    ]
    broad = TEXT.replace(r"'^ {4}\S.*$'", r"'^.*\S.*$'")
    library, _ = load_library(broad)
    parser = StreamParser("stdout", library)
    found = parser.feed(b"  at a.x:1 in f\n    f()\nOddError: no\n") + parser.close()
    assert [(r.pattern, r.line) for r in found if isinstance(r, Record)] == [("fault", 1)]


def test_counting_only_does_not_lose_what_goes_on_over_a_stretch() -> None:
    text = "___ one ___\n" + "    x = 1\n" * 400 + "z\n"
    assert parse(text, brief=True) == parse(text)
