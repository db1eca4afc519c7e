from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.parsing.cleaning import CleanLine, LineCleaner, clean


def lines(data: bytes, cap: int = 64 << 10) -> list[CleanLine]:
    cleaner = LineCleaner(cap_bytes=cap)
    return cleaner.feed(data) + cleaner.close()


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"\x1b[31merror\x1b[0m: x", b"error: x"),
        (b"\x1b]8;;file:///a\x1b\\a.py\x1b]8;;\x1b\\:3", b"a.py:3"),
        (b"\x1b]0;title\x07text", b"text"),
        (b"a\x00b", b"ab"),
        (b"N\x08NA\x08A", b"NA"),
        (b"tab\there", b"tab\there"),
        ("grün ✓".encode(), "grün ✓".encode()),
        (b"\xff\xfe raw", b"\xff\xfe raw"),
        (b"cut \x1b[", b"cut "),
        (b"open \x1b]no end", b"open no end"),
    ],
)
def test_control_sequences_go_and_text_stays(raw: bytes, wanted: bytes) -> None:
    assert clean(raw) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (b"crlf\r\n", [b"crlf"]),
        (b" 10%\r 55%\rdone\n", [b"done"]),
        (b"\x1b[31mred\r\x1b[0m\n", [b"red"]),
        (b"drawn\r\x1b[2K\n", [b""]),
        (b"no newline", [b"no newline"]),
        (b"a\n\nb\n", [b"a", b"", b"b"]),
        (b"\xef\xbb\xbfbom\n", [b"bom"]),
        (b"", []),
    ],
)
def test_lines_are_what_a_terminal_shows_last(raw: bytes, wanted: list[bytes]) -> None:
    assert [line.data for line in lines(raw)] == wanted


def test_offsets_and_numbers_point_into_the_raw_stream() -> None:
    raw = b"one\r\n\x1b[1mtwo\x1b[0m\nthree"
    found = lines(raw)
    assert [(x.offset_bytes, x.number) for x in found] == [(0, 1), (5, 2), (17, 3)]
    assert raw[found[2].offset_bytes :] == b"three"
    assert [x.open for x in found] == [False, False, True]


def test_a_long_line_is_cut_and_the_next_one_is_whole() -> None:
    found = lines(b"x" * 500 + b"\nnext\n", cap=100)
    assert (len(found[0].data), found[0].cut) == (100, True)
    assert (found[1].data, found[1].cut, found[1].offset_bytes) == (b"next", False, 501)


def test_a_progress_bar_without_newlines_keeps_its_last_drawing() -> None:
    bar = b"".join(b"\r%d%% " % (i % 100) + b"#" * 50 for i in range(5000)) + b"\rfinished\n"
    assert [x.data for x in lines(bar, cap=1000)] == [b"finished"]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"a", b"\r", b"\n", b"\x1b[0m", b"\x1b[K", b"\x00", b"\xc3", b"bb"]),
        max_size=40,
    ).map(b"".join),
    st.lists(st.integers(1, 7), min_size=1, max_size=10),
)
def test_chunks_do_not_matter(raw: bytes, sizes: list[int]) -> None:
    cleaner = LineCleaner(cap_bytes=6)
    found: list[CleanLine] = []
    at, step = 0, 0
    while at < len(raw):
        size = sizes[step % len(sizes)]
        found += cleaner.feed(raw[at : at + size])
        at, step = at + size, step + 1
    found += cleaner.close()
    assert found == lines(raw, cap=6)
