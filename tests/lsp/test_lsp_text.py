"""Pieces of the wire that are pure: framing, and positions in every encoding."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from makeitso.lsp.framing import Decoder, FramingError
from makeitso.lsp.positions import TextIndex
from makeitso.protocol.text import Span

ENCODINGS = [
    types.PositionEncodingKind.Utf8,
    types.PositionEncodingKind.Utf16,
    types.PositionEncodingKind.Utf32,
]
TEXT = st.text(alphabet="ab \n\r\té€𝄞\u2028\u000c", max_size=60)


@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_framing_does_not_depend_on_how_bytes_are_cut(bodies: list[bytes], seed: int) -> None:
    stream = b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(body), body) for body in bodies)
    chooser = random.Random(seed)
    decoder, found, at = Decoder(), list[bytes](), 0
    while at < len(stream):
        step = chooser.randint(1, 9)
        found += decoder.feed(stream[at : at + step])
        at += step
    assert found == bodies


@pytest.mark.parametrize(
    "stream",
    [
        b"hello\r\n\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: 99999999999\r\n\r\n",
        b"x" * 70_000,
    ],
)
def test_what_is_no_header_is_refused(stream: bytes) -> None:
    with pytest.raises(FramingError):
        Decoder().feed(stream)


def test_headers_are_forgiving() -> None:
    text = b"Content-Type: x\ncontent-length:2\n\n{}CONTENT-LENGTH: 3\r\n\r\nabc"
    assert Decoder().feed(text) == [b"{}", b"abc"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXT, data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_place_survives_the_way_to_the_client_and_back(
    encoding: types.PositionEncodingKind, text: str, data: st.DataObject
) -> None:
    index = TextIndex(text, PositionCodec(encoding))
    lines = text.split("\n")
    line = data.draw(st.integers(0, len(lines) - 1))
    body = lines[line].removesuffix("\r") if line < len(lines) - 1 else lines[line]
    # Inside "\r\n" there is no position, and before a lone "\r" the line of the wire ends.
    column = data.draw(st.integers(0, len(body)))
    span = Span(line=line, column=column, end_line=line, end_column=column)
    assert index.span(index.range(span)) == span


def _units(text: str, encoding: types.PositionEncodingKind) -> int:
    if encoding is types.PositionEncodingKind.Utf8:
        return len(text.encode())
    if encoding is types.PositionEncodingKind.Utf16:
        return len(text.encode("utf-16-le")) // 2
    return len(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_columns_are_counted_as_agreed(encoding: types.PositionEncodingKind) -> None:
    index = TextIndex("é𝄞 T1\n", PositionCodec(encoding))
    found = index.range(Span(line=0, column=3, end_line=0, end_column=5))
    assert found.start.character == _units("é𝄞 ", encoding)
    assert found.end.character == _units("é𝄞 T1", encoding)


def test_a_lone_carriage_return_ends_a_line_on_the_wire_alone() -> None:
    index = TextIndex("a\rb\nc", PositionCodec(types.PositionEncodingKind.Utf16))
    found = index.range(Span(line=1, column=0, end_line=1, end_column=1))
    assert found.start == types.Position(2, 0)
    assert index.place(types.Position(1, 0)) == (0, 2)


def test_places_outside_are_clipped() -> None:
    index = TextIndex("ab\n", PositionCodec(types.PositionEncodingKind.Utf16))
    assert index.place(types.Position(0, 99)) == (0, 2)
    assert index.place(types.Position(99, 0)) == (1, 0)
    far = index.range(Span(line=9, column=9, end_line=9, end_column=9))
    assert far.start == types.Position(1, 0)
