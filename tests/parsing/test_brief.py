"""Whole stretches at once: what is counted is the same as line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import example, given, settings
from hypothesis import strategies as st

from makeitso.parsing.engine import LIVE, Engine, engine_for
from makeitso.parsing.explain import Explainer
from makeitso.parsing.library import Library, load_library
from makeitso.parsing.stream import LineCounts, StreamParser
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record

if TYPE_CHECKING:
    from makeitso.protocol.record import StreamChannel

LIBRARY = load_library(packaged_text("regexes.toml"))[0]
NONCE = "0123456789abcdef" * 2
SAYING = [
    line.encode()
    for pattern in LIBRARY.patterns
    if not pattern.multiline
    for line in pattern.examples
    if "\n" not in line
]
ODD = [b"", b" ", b"\t", b"1%\r2%", b"\x1b[31mred\x1b[0m", b"\xff\xfe", b"x" * 3000,
       f"<<MIS:START {NONCE}>> task".encode(), b"<<MIS:JSON>>{", b"<<MIS:END>>",
       b"\x08"]  # fmt: skip
LINES = st.one_of(
    st.sampled_from([b"plain words", b"1234567", b"abc " * 100]),
    st.sampled_from(SAYING),
    st.sampled_from(ODD),
    st.binary(max_size=30).filter(lambda line: b"\n" not in line),
)


def parsed(
    data: bytes, *, brief: bool, channel: StreamChannel, cuts: list[int]
) -> tuple[list[Record], int, LineCounts]:
    """Records, misses and lines of a stream; `cuts` say how it was cut into pieces."""
    parser = StreamParser(channel, LIBRARY, nonce=NONCE)
    parser.brief = brief
    found: list[Record | Miss] = []
    at = 0
    for cut in sorted({min(cut, len(data)) for cut in [*cuts, len(data)]}):
        found += parser.feed(data[at:cut])
        at = cut
    found += parser.close()
    records = [one for one in found if isinstance(one, Record)]
    misses = sum(isinstance(one, Miss) for one in found) + parser.skimmed
    return records, misses, parser.lines


@settings(max_examples=150, deadline=None)
@given(
    st.lists(LINES, max_size=60),
    st.sampled_from(["stdout", "message"]),
    st.lists(st.integers(0, 20_000), max_size=6),
    st.booleans(),
)
@example([b"word"] * 3000 + SAYING[:1] + [b"word"] * 3000, "stdout", [7, 9000], True)
def test_the_same_is_found_and_counted(
    lines: list[bytes], channel: StreamChannel, cuts: list[int], ended: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    slow = parsed(data, brief=False, channel=channel, cuts=cuts)
    assert parsed(data, brief=True, channel=channel, cuts=cuts) == slow


def test_a_flood_is_skimmed() -> None:
    parser = StreamParser("stdout", LIBRARY, nonce=NONCE)
    parser.brief = True
    assert parser.feed(b"a first line\n") != []
    assert parser.feed(b"abcdefg\n" * 10_000) == []
    assert parser.skimmed == 10_000
    assert parser.feed(b"abc") == []
    (cut,) = parser.feed(b"defg\n" + b"abcdefg\n" * 300)
    assert isinstance(cut, Miss)
    assert cut.text == "abcdefg"
    assert cut.stream_line == 10_002
    assert parser.skimmed == 10_300


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=20))
def test_none_in_many_lines_is_none_in_each(lines: list[bytes]) -> None:
    engine = engine_for(LIBRARY)
    if engine.none_in(b"\n".join(lines) + b"\n"):
        assert [line for line in lines if engine.line(line) is not None] == []


def test_every_pattern_is_found_among_other_lines() -> None:
    engine = Explainer(LIBRARY, live=LIVE)
    alone = {
        line.encode() for p in LIBRARY.patterns if p.intent == "continuation" for line in p.examples
    }
    assert len(SAYING) > 20 + len(alone)
    for line in SAYING:
        if line in alone:
            continue
        assert not engine.none_in(b"one\n" + line + b"\ntwo\n"), line
    assert engine.none_in(b"one\ntwo\n")


def test_a_pattern_that_names_the_end_of_the_text_has_each_line_looked_at() -> None:
    for regex in (r"\\Aend", r"end\\Z"):
        text = f'[[pattern]]\nname = "p"\nintent = "event"\nregex = "{regex}"\nmessage = ""\n'
        library = load_library(text.replace('message = ""\n', ""))[0]
        assert [p.name for p in library.patterns] == ["p"]
        engine = Engine(library)
        assert engine.line(b"end") is not None
        assert not engine.none_in(b"one\nend\ntwo\n")
    assert isinstance(library, Library)
