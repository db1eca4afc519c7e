from __future__ import annotations

import pytest

from makeitso.learning.scoring import label, score
from makeitso.learning.slots import slot
from makeitso.parsing.linear import LinearRegex

OPENED = [f"job {n} opened by user{n} on port {n}" for n in range(8)]
CLOSED = [f"job {n} closed by user{n} on port {n}" for n in range(8)]
GROUPS = {"opened": OPENED[:4], "closed": CLOSED[:4]}


def figures(regex: bytes) -> tuple[float | None, float | None, float | None]:
    unseen = OPENED[4:] + CLOSED[4:]
    found = score(LinearRegex(regex).matches, "opened", unseen=unseen, labels=label(GROUPS, unseen))
    return found.precision, found.recall, found.coverage


def test_an_unseen_line_belongs_where_its_neighbours_were_made_into() -> None:
    unseen = [OPENED[5], CLOSED[6], "nothing of the kind"]
    assert label(GROUPS, unseen) == {OPENED[5]: "opened", CLOSED[6]: "closed"}


def test_the_right_pattern_is_right_and_complete() -> None:
    assert figures(rb"^job \d+ opened ") == (1.0, 1.0, 0.5)


def test_a_pattern_that_is_too_wide_loses_precision() -> None:
    assert figures(rb"^job \d+ ") == (0.5, 1.0, 1.0)


def test_a_pattern_that_is_too_narrow_loses_recall() -> None:
    assert figures(rb"^job [45] opened ") == (1.0, 0.5, 0.25)


def test_one_that_matches_nothing_has_no_precision() -> None:
    assert figures(rb"^other") == (None, 0.0, 0.0)


def test_negatives_are_counted_apart() -> None:
    found = score(
        LinearRegex(b"^a").matches, "x", unseen=["b"], labels={}, negatives=["a 1", "a 2", "c"]
    )
    assert (found.negative_hits, found.negatives) == (2, 3)


@pytest.mark.parametrize(
    ("values", "kind", "after", "source"),
    [
        ({"ab"}, "WORD", "", "[A-Za-z]+"),
        ({"ab", "cd"}, "WORD", "", r"\w+"),
        ({"a_1", "b2"}, "ID", "", r"[\w.-]+"),
        ({"blk_12", "blk_77"}, "ID", "", r"blk_[\w.-]+"),
        ({"a,b", "c;d"}, "RAW", ":", r"[^\s:]+"),
        ({"12", "-7"}, "INT", "", r"[+-]?\d+"),
        ({"a b", "c"}, "RAW", "", ".*?"),
    ],
)
def test_a_slot_is_the_narrowest_type_and_one_step_wider_from_two_words_on(
    values: set[str], kind: str, after: str, source: str
) -> None:
    assert slot(values, {kind}, before="", after=after).source == source
