from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from makeitso.processes import Line, LineSplitter


def split(chunks: list[bytes], *, max_bytes: int = 1 << 20) -> list[Line]:
    splitter = LineSplitter(max_bytes=max_bytes)
    lines = [line for chunk in chunks for line in splitter.feed(chunk)]
    return lines + splitter.finish()


@settings(max_examples=60, deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"\n", b"\r", b"\xff"]), max_size=30).map(b"".join),
    cuts=st.lists(st.integers(0, 30), max_size=5),
)
def test_any_chunking_gives_the_same_lines(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(c, len(data)) for c in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]
    assert split(chunks) == split([data])


def test_lines_without_their_ends() -> None:
    assert split([b"a\r\nb\n\nc"]) == [Line(b"a"), Line(b"b"), Line(b""), Line(b"c", ended=False)]


def test_a_line_past_the_bound_is_cut_and_the_next_one_is_whole() -> None:
    lines = split([b"x" * 7, b"y" * 5 + b"\nok\n"], max_bytes=8)
    assert lines == [Line(b"x" * 7 + b"y", cut=4), Line(b"ok")]


def test_a_line_of_two_megabytes_passes_whole() -> None:
    line = b"z" * (2 << 20)
    chunks = [line[i : i + 65536] for i in range(0, len(line), 65536)]
    assert split([*chunks, b"\n"], max_bytes=4 << 20) == [Line(line)]
