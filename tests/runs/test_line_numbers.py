"""The lines of a hunk that a comment names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.errors import UsageError
from makeitso.runs.commenting import numbers

MOST = 40
RANGES = st.lists(
    st.tuples(st.integers(1, MOST), st.integers(1, MOST)).map(sorted), min_size=1, max_size=5
)


def written(first: int, last: int, *, short: bool) -> str:
    return f"{first}" if short and first == last else f"{first}-{last}"


@given(ranges=RANGES, short=st.booleans())
def test_ranges_name_their_lines_each_once_and_in_order(
    ranges: list[list[int]], short: bool
) -> None:
    text = ",".join(written(first, last, short=short) for first, last in ranges)
    expected = {line for first, last in ranges for line in range(first, last + 1)}
    assert numbers(text, most=MOST) == sorted(expected)
    most = max(expected)
    assert numbers(text, most=most) == sorted(expected)
    with pytest.raises(UsageError, match=f"has {most - 1} lines"):
        numbers(text, most=most - 1)


@given(text=st.text(alphabet="0123456789-, x", max_size=8))
def test_any_text_names_lines_that_are_there_or_is_refused(text: str) -> None:
    try:
        found = numbers(text, most=MOST)
    except UsageError:
        assert not any(text == f"{line}" for line in range(1, MOST + 1))
    else:
        assert found == sorted(set(found))
        assert found
        assert 1 <= found[0] <= found[-1] <= MOST


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1,,2", "1-2-3", " 1", "1\n", "٣", "1;2"])
def test_what_is_no_range_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="names no lines"):
        numbers(text, most=MOST)


@pytest.mark.parametrize("text", ["0", "0-3", "7-3", "41", "1-41"])
def test_lines_that_are_not_there_are_said(text: str) -> None:
    with pytest.raises(UsageError, match=f"lines {text} are not there"):
        numbers(text, most=MOST)
