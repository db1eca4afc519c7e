"""Lines that go on with the one before, and lines behind an opening that is not the tool's."""

from __future__ import annotations

from makeitso.parsing.library import Library, load_library
from makeitso.parsing.stream import StreamParser
from makeitso.protocol.record import Miss, Record

TEXT = r"""
[[pattern]]
name = "head"
intent = "diagnostic"
regex = '^(?P<severity>Warning) at (?P<path>[^:]+):(?P<line>\d+)$'

[[pattern]]
name = "over"
intent = "continuation"
regex = '^ {2}\^$'
joins = ["head"]

[[pattern]]
name = "text"
intent = "continuation"
regex = '^ {2}(?P<message>[^^].*)$'
joins = ["head"]

[[pattern]]
name = "opening"
intent = "prefix"
regex = '^\[[^\]]+\] (?P<message>.+)$'

[[pattern]]
name = "info"
intent = "ignore"
regex = '^\[info\] .*$'
"""


def library() -> Library:
    found, problems = load_library(TEXT)
    assert problems == []
    return found


def parse(text: str, *, step: int = 10_000, brief: bool = False) -> list[Record | Miss]:
    parser = StreamParser("stdout", library())
    parser.brief = brief
    data = text.encode()
    pieces = [data[i : i + step] for i in range(0, len(data), step)]
    return [item for piece in pieces for item in parser.feed(piece)] + parser.close()


def brief(items: list[Record | Miss]) -> list[tuple[str, int | None, str | None]]:
    return [
        (item.pattern, item.line, item.message)
        if isinstance(item, Record)
        else ("miss", None, None)
        for item in items
    ]


def test_the_text_below_a_heading_completes_it_and_keeps_its_name() -> None:
    (record,) = parse("Warning at a.c:3\n  ^\n  it is odd\n")
    assert isinstance(record, Record)
    assert (record.pattern, record.intent, record.stream_line) == ("head", "diagnostic", 1)
    assert (record.path, record.line, record.message) == ("a.c", 3, "it is odd")


def test_the_same_text_alone_is_not_explained() -> None:
    assert brief(parse("  it is odd\n")) == [("miss", None, None)]
    assert brief(parse("Warning at a.c:3\nx\n  it is odd\n")) == [
        ("head", 3, None), ("miss", None, None), ("miss", None, None),
    ]  # fmt: skip


def test_a_record_takes_one_text_only() -> None:
    found = brief(parse("Warning at a.c:3\n  one\n  two\n"))
    assert found == [("head", 3, "one")]


def test_what_stands_before_a_line_is_taken_off_more_than_once() -> None:
    found = brief(parse("[12:00] [exec] Warning at a.c:3\n[12:01] [exec]   odd\n"))
    assert found == [("head", 3, "odd")]


def test_a_line_behind_an_opening_is_no_line_of_source() -> None:
    source = "[[pattern]]\nname = 'source'\nintent = 'continuation'\nregex = '^[ \\t].*$'\n"
    opening = TEXT.replace("^\\[[^\\]]+\\] (?P<message>.+)", "^ *\\[[^\\]]+\\] (?P<message>.+)")
    library, problems = load_library(opening + source + "joins = ['head']\n")
    assert problems == []
    parser = StreamParser("stdout", library)
    text = " [x] Warning at a.c:1\n [x] Warning at a.c:2\n\tint a;\n [x]   odd\n"
    assert brief(parser.feed(text.encode()) + parser.close()) == [
        ("head", 1, None),
        ("head", 2, "odd"),
    ]


def test_an_opening_alone_explains_nothing_but_gives_way_to_who_knows_the_line() -> None:
    assert brief(parse("[12:00] what is this\n")) == [("miss", None, None)]
    assert brief(parse("[info] what is this\n")) == []
    assert brief(parse("[a] [b] [c] [d] Warning at a.c:3\n")) == [("miss", None, None)]


def test_bytes_that_are_no_text_stand_behind_an_opening() -> None:
    parser = StreamParser("stdout", library())
    (record,) = parser.feed(b"[\xff\xff] Warning at \xff.c:3\n") + parser.close()
    assert isinstance(record, Record)
    assert record.path == "\ufffd.c"


def test_pieces_and_brief_reading_change_nothing() -> None:
    text = "noise\n" * 600 + "[x] Warning at a.c:3\n  ^\n  odd\n" + "noise\n" * 600
    whole = brief(parse(text))
    assert brief(parse(text, step=7)) == whole
    assert [f for f in brief(parse(text, brief=True)) if f[0] != "miss"] == [("head", 3, "odd")]
    heading_last = "noise\n" * 341 + "Warning at a.c:3\n" + "  odd\n" * 400
    found = [f for f in brief(parse(heading_last, brief=True)) if f[0] != "miss"]
    assert found == [("head", 3, "odd")]


def test_text_that_is_set_in_goes_on_over_paragraphs_unless_a_line_says_something() -> None:
    more = "Warning at a.c:3\n  one\n\n  two\n  [x] Warning at b.c:4\n"
    found, _ = load_library(
        TEXT + "[[pattern]]\nname = 'own'\nintent = 'event'\nregex = '^  o.n$'\n"
    )
    parser = StreamParser("stdout", found)
    items = parser.feed((more.replace("  [x]", "[x]") + "  own\n  two\nx\n  two\n").encode())
    assert brief(items + parser.close()) == [
        ("head", 3, "one"), ("head", 4, "own"), ("miss", None, None), ("miss", None, None),
    ]  # fmt: skip
    parser = StreamParser("stdout", found)
    items = parser.feed(b"Warning at a.c:3\n  one\n  own\n  two\n")
    assert brief(items + parser.close()) == [
        ("head", 3, "one"), ("own", None, None), ("miss", None, None),
    ]  # fmt: skip
