from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.parsing.frame_events import Limits
from makeitso.parsing.library import load_library
from makeitso.parsing.stream import StreamParser
from makeitso.prompts.dictionary import parse_dictionary
from makeitso.prompts.packaged import packaged_text
from makeitso.protocol.record import Miss, Record, StreamChannel  # noqa: TC001 -- hypothesis reads it

LIBRARY = load_library(packaged_text("regexes.toml"))[0]
NONCE = "0123456789abcdef0123456789abcdef"
PIECES = [
    b"<<MIS:START>>", b"<<MIS:END>>", b"<<MIS:ERR>>", b"<<MIS:JSON>>", b"<<MIS:JSON len=7>>",
    b"<<MIS:START " + NONCE.encode() + b">>", b"<<MIS:END " + NONCE.encode() + b">>",
    b"<<MIS:JSON " + NONCE.encode() + b">>", b'{"a":1}', b'{"a":', b"1}", b"[", b"]", b'"x"',
    b"\n", b"\n", b"\n", b"\r\n", b"\r", b" ", b"\x1b[31m", b"\x1b[", b"\x1b]8;;", b"\x07", b"\x00",
    b"\xff", b"\xc3\xa9", b"error[E1]: x", b"  --> a.rs:1:2", b"a.c:1:2: error: x",
    b"FAILED a.py::b",
    b"/w/a.ts", b"  1:2  error  x  rule", b"task", b"text", b"x" * 50,
]  # fmt: skip
DOCUMENTS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)
SMALL = Limits(line_bytes=60, block_bytes=150, block_lines=6, depth=2)


def parse(
    data: bytes, sizes: list[int], channel: StreamChannel, nonce: str | None
) -> list[Record | Miss]:
    parser = StreamParser(channel, LIBRARY, nonce=nonce, limits=SMALL)
    out: list[Record | Miss] = []
    at, step = 0, 0
    while at < len(data):
        size = sizes[step % len(sizes)]
        out += parser.feed(data[at : at + size])
        at, step = at + size, step + 1
    return out + parser.close()


@settings(max_examples=250, deadline=None)
@given(
    DOCUMENTS,
    st.lists(st.integers(1, 12), min_size=1, max_size=6),
    st.sampled_from(["message", "stdout"]),
    st.sampled_from([None, NONCE]),
)
def test_any_chunking_gives_the_same_records(
    data: bytes, sizes: list[int], channel: StreamChannel, nonce: str | None
) -> None:
    assert parse(data, sizes, channel, nonce) == parse(data, [1 << 20], channel, nonce)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), DOCUMENTS))
def test_nothing_raises_and_places_lie_in_the_stream(data: bytes) -> None:
    for item in parse(data, [7], "stdout", None):
        assert 0 <= item.offset_bytes <= len(data)
        assert 1 <= item.stream_line <= data.count(b"\n") + 1
        item.model_dump_json(by_alias=True)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([b"a", b"b\n", b"warning: x\n", b"\n"]), max_size=30).map(b"".join))
def test_every_line_of_output_is_explained_or_missed(data: bytes) -> None:
    lines = [line for line in data.split(b"\n") if line.strip()]
    assert len(parse(data, [5], "stdout", None)) == len(lines)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300), st.lists(st.sampled_from(packaged_text("AGENTS.md").splitlines())))
def test_no_library_and_no_dictionary_text_raises(text: str, lines: list[str]) -> None:
    load_library(text)
    parse_dictionary(text)
    parse_dictionary("\n".join(lines))
