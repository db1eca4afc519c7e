from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from makeitso.cli.pacing import LAST_LINES, LINES_A_SECOND, Pace


def numbered(first: int, last: int) -> str:
    return "\n".join(f"line {number}" for number in range(first, last + 1))


def test_what_can_be_followed_is_shown_at_once() -> None:
    pace = Pace()
    assert pace.take("one\ntwo", 5.0) == ["one", "two"]
    assert pace.take("", 5.1) == [""], "an empty line is one"
    assert pace.rest() == []


def test_of_what_is_too_fast_the_end_is_shown_and_how_much_is_not() -> None:
    pace = Pace()
    assert pace.take(numbered(1, 150), 5.0)[-1] == "line 150"
    assert pace.take(numbered(151, 5000), 5.2)[-1] == f"line {LINES_A_SECOND}"
    assert pace.take(numbered(5001, 5002), 5.9) == []
    shown = pace.take("next", 6.0)
    hidden = 5002 - LINES_A_SECOND - LAST_LINES
    assert shown[0] == f"... {hidden:,} lines more, kept in the output file"
    assert shown[1:] == [*numbered(5002 - LAST_LINES + 1, 5002).split("\n"), "next"]
    assert pace.rest() == []


def test_a_little_too_much_is_only_late() -> None:
    pace = Pace()
    assert len(pace.take(numbered(1, LINES_A_SECOND + 3), 1.0)) == LINES_A_SECOND
    assert pace.rest() == numbered(LINES_A_SECOND + 1, LINES_A_SECOND + 3).split("\n")


@given(st.lists(st.tuples(st.integers(1, 300), st.floats(0, 3)), max_size=12))
def test_every_line_is_shown_or_counted(bursts: list[tuple[int, float]]) -> None:
    pace, shown, count = Pace(), list[str](), 0
    for size, at in sorted(bursts, key=lambda burst: burst[1]):
        shown += pace.take(numbered(count + 1, count + size), at)
        count += size
    shown += pace.rest()
    told = [line for line in shown if line.startswith("line ")]
    left = sum(int(line.split()[1].replace(",", "")) for line in shown if line.startswith("..."))
    assert len(told) + left == count
    assert told == sorted(told, key=lambda line: int(line.split()[1])), "out of order"
