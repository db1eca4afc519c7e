"""Marks on a proposal, found again in the next one: nothing is accepted that nobody accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import git_sandbox
from makeitso.review import marks
from makeitso.review.edited import pieces
from makeitso.review.kept_marks import Carried, carry
from review.changed_trees import Oracle, Tree, oracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from makeitso.protocol.change import Change
    from makeitso.protocol.words import HunkState
    from makeitso.review.edited import Piece

BUDGET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
LINES = [b"line %d\n" % (at % 12) for at in range(24)]
STATES: list[HunkState] = ["pending", "accepted", "rejected", "landed"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in git_sandbox.ENVIRONMENT.items():
            patch.setenv(name, value)
        yield oracle(tmp_path_factory.mktemp("oracle"))


def changed(edits: Mapping[int, bytes]) -> bytes:
    """The text with these lines put in the place of some of its own; some are alike."""
    return b"".join(edits.get(at, line) for at, line in enumerate(LINES))


def proposal(world: Oracle, edits: Mapping[int, bytes]) -> Change:
    base: Tree = {"f": ("100644", b"".join(LINES)), "other": ("100644", b"o\n")}
    return world.change(base, {**base, "f": ("100644", changed(edits))})


def marked(change: Change, states: Mapping[str, HunkState]) -> Change:
    return marks.with_states(change, states)


def laid_over(after: Change, found: Carried, before: Change) -> Change:
    """The next proposal with the marks that were found again, as the journal lays them over."""
    known: dict[str, HunkState] = {hunk.id: hunk.state for hunk in marks.all_hunks(before)}
    standing = marks.with_splits(after, found.splits)
    states: dict[str, HunkState] = {
        hunk.id: known.get(found.names.get(hunk.id, hunk.id), "pending")
        for hunk in marks.all_hunks(standing)
    }
    return marks.with_states(standing, states)


def said(change: Change, state: HunkState) -> set[Piece]:
    return {
        piece for hunk in marks.all_hunks(change) if hunk.state == state for piece in pieces(hunk)
    }


EDITS = st.dictionaries(
    st.integers(0, len(LINES) - 1), st.sampled_from([b"new\n", b"other\n", b"", b"a\nb\n"])
)


@BUDGET
@given(first=EDITS, second=EDITS, keep=st.booleans(), data=st.data())
def test_a_mark_is_on_what_was_marked_and_on_nothing_else(
    world: Oracle,
    first: dict[int, bytes],
    second: dict[int, bytes],
    keep: bool,
    data: st.DataObject,
) -> None:
    before = proposal(world, first)
    cut = [hunk.id for hunk in marks.all_hunks(before) if data.draw(st.booleans())]
    before = marks.with_splits(before, cut)
    before = marked(
        before, {h.id: data.draw(st.sampled_from(STATES)) for h in marks.all_hunks(before)}
    )
    after = proposal(world, {**first, **second} if keep else second)
    after = marks.with_splits(after, cut)
    found = carry(before, after)
    now = laid_over(after, found, before)
    for state in ("accepted", "rejected", "landed"):
        assert said(now, state) <= said(before, state)
    for hunk in marks.all_hunks(before):
        if hunk.state == "accepted" and hunk.id not in found.changed:
            assert pieces(hunk) <= said(now, "accepted")


def test_what_git_draws_as_one_with_something_new_stands_as_its_parts(world: Oracle) -> None:
    before = proposal(world, {4: b"new\n"})
    (hunk,) = marks.all_hunks(before)
    before = marked(before, {hunk.id: "accepted"})
    found = carry(before, after := proposal(world, {4: b"new\n", 7: b"more\n"}))
    (drawn,) = marks.all_hunks(after)
    assert len(found.splits[drawn.id]) == 2
    assert found.names == {found.splits[drawn.id][0]: hunk.id}
    assert found.changed == ()


def test_what_was_accepted_and_is_different_now_is_said(world: Oracle) -> None:
    before = proposal(world, {4: b"new\n"})
    (hunk,) = marks.all_hunks(before)
    before = marked(before, {hunk.id: "accepted"})
    found = carry(before, proposal(world, {4: b"newer\n"}))
    assert (found.names, found.splits, found.changed) == ({}, {}, (hunk.id,))


def test_of_two_that_say_the_same_the_one_that_is_left_keeps_its_own_mark(world: Oracle) -> None:
    before = proposal(world, {2: b"new\n", 20: b"new\n"})
    one, two = marks.all_hunks(before)
    before = marked(before, {one.id: "accepted", two.id: "rejected"})
    after = proposal(world, {20: b"new\n"})
    now = laid_over(after, carry(before, after), before)
    assert [hunk.state for hunk in marks.all_hunks(now)] == ["rejected"]
    assert carry(before, after).changed == (one.id,)


def test_a_file_on_another_base_keeps_nothing(world: Oracle) -> None:
    before = proposal(world, {4: b"new\n"})
    (hunk,) = marks.all_hunks(before)
    before = marked(before, {hunk.id: "accepted"})
    base: Tree = {"f": ("100644", b"moved on\n" + b"".join(LINES))}
    after = world.change(base, {"f": ("100644", b"moved on\n" + changed({4: b"new\n"}))})
    assert carry(before, after).names == {}
    assert carry(before, after).changed == (hunk.id,)
