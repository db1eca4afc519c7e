"""Lines chosen out of hunks: what they make of a file, against git's own applier."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.errors import StateError, UsageError
from makeitso.review import cuts, hunks
from review.changed_trees import Oracle, Tree, budget, edited, standing, texts

if TYPE_CHECKING:
    from makeitso.protocol.change import Change, ChangedFile, Hunk

HEADER = "diff --git a/f b/f\n--- a/f\n+++ b/f\n"


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """One text file before and after; either may be empty."""
    base = draw(texts())
    new = draw(st.one_of(edited(base), texts()))
    return base, new


def file_of(change: Change) -> ChangedFile | None:
    """The changed file, when git shows its lines and all of them can be spelled."""
    for file in change.files:
        if any(hunk.kind != "text" or "\\x" in hunk.diff for hunk in file.hunks):
            return None
        return file
    return None


def body(hunk: Hunk) -> list[str]:
    return hunk.diff.removesuffix("\n").split("\n")[1:]


def changed(hunk: Hunk) -> list[int]:
    """Numbers of the changed lines."""
    return [n for n, line in enumerate(body(hunk), start=1) if line[:1] in ("-", "+")]


def pick(data: st.DataObject, hunk: Hunk) -> list[int]:
    numbers = changed(hunk)
    return sorted(data.draw(st.sets(st.sampled_from(numbers), min_size=1)))


def equivalent_patch(hunk: Hunk, chosen: list[int]) -> str:
    """The hunk as `git add -p` would have a person edit it, to stage just these lines.

    Blocks of equal height of which some of both sides are taken are written line by line first.
    """
    rows: list[tuple[str, str, bool]] = []  # tag, text with its newline or without, chosen
    for number, line in enumerate(body(hunk), start=1):
        if line.startswith("\\"):
            tag, text, taken = rows[-1]
            rows[-1] = (tag, text.removesuffix("\n"), taken)
        else:
            rows.append((line[0], line[1:] + "\n", number in chosen))
    drawn: list[tuple[str, str, bool]] = []
    for is_changed, group in itertools.groupby(rows, key=lambda row: row[0] != " "):
        block = list(group)
        old = [row for row in block if row[0] == "-"]
        new = [row for row in block if row[0] == "+"]
        mixed = any(r[2] for r in old) and any(r[2] for r in new) and not all(r[2] for r in block)
        if is_changed and len(old) == len(new) and mixed:
            block = [row for two in zip(old, new, strict=True) for row in two]
        drawn += block
    before: list[str] = []
    after: list[str] = []
    for tag, text, taken in drawn:
        if tag in (" ", "-"):
            before.append(text)
        if tag == " " or (tag == "-" and not taken) or (tag == "+" and taken):
            after.append(text)
    crlf = any(text.endswith("\r\n") for text in after)
    for at in range(len(after) - 1):
        if not after[at].endswith("\n"):
            beside = after[at - 1] if at else after[at + 1]
            after[at] += "\r\n" if crlf and beside.endswith("\r\n") else "\n"
    lines = [*(("-", text) for text in before), *(("+", text) for text in after)]
    shown = "".join(
        f"{tag}{text}" if text.endswith("\n") else f"{tag}{text}\n\\ No newline at end of file\n"
        for tag, text in lines
    )
    start = hunk.old_start + (not before) - (not after)
    return f"@@ -{hunk.old_start},{len(before)} +{start},{len(after)} @@\n{shown}"


def leaves(change: Change, made: dict[str, cuts.Cut]) -> list[Hunk]:
    (file,) = standing(change, made.keys(), cuts=made).files
    return list(file.hunks)


@budget(20)
@given(pair=pairs(), data=st.data())
def test_chosen_lines_are_what_git_makes_of_an_equivalent_patch(
    world: Oracle, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    base, proposal = pair
    file = file_of(world.change({"f": ("100644", base)}, {"f": ("100644", proposal)}))
    if file is None:
        return
    hunk = data.draw(st.sampled_from(file.hunks))
    chosen = pick(data, hunk)
    choice = cuts.choose(hunk, [(n, n) for n in chosen])
    parts = cuts.cut(hunk, choice.cut) if choice.cut else (hunk,)
    mine = hunks.apply(base, proposal, [parts[n] for n in choice.chosen])
    world.box.write("f", base)
    world.box.git("update-index", "--add", "f")
    patch = (HEADER + equivalent_patch(hunk, chosen)).encode()
    world.box.git("apply", "--cached", "--unidiff-zero", "--whitespace=nowarn", stdin=patch)
    assert world.box.git("show", ":f") == mine


@budget(20)
@given(pair=pairs(), data=st.data())
def test_parts_of_parts_make_up_the_whole_in_any_order_and_none_is_lost(
    world: Oracle, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    base, proposal = pair
    tree: Tree = {"f": ("100644", base)}
    change = world.change(tree, {"f": ("100644", proposal)})
    file = file_of(change)
    if file is None:
        return
    made: dict[str, cuts.Cut] = {}
    for _ in range(data.draw(st.integers(1, 4))):
        hunk = data.draw(st.sampled_from(leaves(change, made)))
        choice = cuts.choose(hunk, [(n, n) for n in pick(data, hunk)])
        if choice.cut is not None:
            made[hunk.id] = choice.cut
    parts = leaves(change, made)
    assert len({part.id for part in parts}) == len(parts)
    assert sum(part.old_lines for part in parts) == sum(hunk.old_lines for hunk in file.hunks)
    assert sum(part.new_lines for part in parts) == sum(hunk.new_lines for hunk in file.hunks)
    assert hunks.apply(base, proposal, data.draw(st.permutations(parts))) == proposal
    assert hunks.apply(base, proposal, ()) == base
    again = leaves(world.change(tree, {"f": ("100644", proposal)}), made)
    assert again == parts, "the same parts whenever the change is computed"


@budget(20)
@given(pair=pairs(), data=st.data())
def test_cut_at_a_line_is_two_parts_that_join_to_the_same_lines(
    world: Oracle, pair: tuple[bytes, bytes], data: st.DataObject
) -> None:
    base, proposal = pair
    file = file_of(world.change({"f": ("100644", base)}, {"f": ("100644", proposal)}))
    if file is None:
        return
    hunk = data.draw(st.sampled_from(file.hunks))
    line = data.draw(st.integers(1, len(body(hunk))))
    numbers = changed(hunk)
    if not numbers[0] < line <= numbers[-1]:
        with pytest.raises(UsageError):
            cuts.cut_at(hunk, line)
        return
    first, second = cuts.cut(hunk, cuts.cut_at(hunk, line))
    assert [*body(first), *body(second)] == body(hunk)
    assert len(changed(first)) == sum(number < line for number in numbers)


def test_lines_replaced_one_by_one_stand_where_the_old_ones_were(world: Oracle) -> None:
    base, proposal = b"a\nb\nc\n", b"A\nB\nC\n"
    change = world.change({"f": ("100644", base)}, {"f": ("100644", proposal)})
    (hunk,) = change.files[0].hunks
    assert body(hunk) == ["-a", "-b", "-c", "+A", "+B", "+C"]
    choice = cuts.choose(hunk, [(2, 2), (5, 5)])
    assert choice.cut is not None
    parts = cuts.cut(hunk, choice.cut)
    assert [part.diff.split("\n")[1:-1] for part in parts] == [
        ["-a", "+A"], ["-b", "+B"], ["-c", "+C"],
    ]  # fmt: skip
    assert choice.chosen == (1,)
    assert hunks.apply(base, proposal, [parts[1]]) == b"a\nB\nc\n"
    assert hunks.apply(base, proposal, [parts[0], parts[2]]) == b"A\nb\nC\n"
    removed_only = cuts.choose(hunk, [(1, 3)])
    assert removed_only.cut == cuts.Cut(before=(3,))


def test_a_last_line_without_newline_gets_one_when_lines_follow(world: Oracle) -> None:
    base, proposal = b"a\r\nb", b"a\r\nB\r\nc\r\n"
    change = world.change({"f": ("100644", base)}, {"f": ("100644", proposal)})
    (hunk,) = change.files[0].hunks
    number = body(hunk).index("+c\r") + 1
    choice = cuts.choose(hunk, [(number, number)])
    assert choice.cut is not None
    parts = cuts.cut(hunk, choice.cut)
    assert hunks.apply(base, proposal, [parts[n] for n in choice.chosen]) == b"a\r\nb\r\nc\r\n"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("a" * 12, ("a" * 12, ())),
        ("a" * 12 + ":3-7", ("a" * 12, ((3, 7),))),
        ("a" * 12 + ".2.1:3,5-8", ("a" * 12 + ".2.1", ((3, 3), (5, 8)))),
    ],
)
def test_lines_are_named_behind_a_colon(
    name: str, found: tuple[str, tuple[tuple[int, int], ...]]
) -> None:
    assert cuts.parse_lines(name) == found


@pytest.mark.parametrize("name", ["x:", "a" * 12 + ":", "a" * 12 + ":a", "a" * 12 + ":1-", ":3"])
def test_what_names_no_lines_is_said(name: str) -> None:
    with pytest.raises(UsageError, match="names no lines"):
        cuts.parse_lines(name)


def test_lines_that_are_not_there_or_unchanged_and_hunks_without_lines(world: Oracle) -> None:
    lines = b"".join(b"%d\n" % n for n in range(9))
    change = world.change(
        {"f": ("100644", lines)},
        {"f": ("100644", lines.replace(b"4", b"x")), "g": ("100644", b"\0\1")},
    )
    (hunk,), (binary,) = (file.hunks for file in change.files)
    for ranges in ([(0, 1)], [(3, 99)], [(5, 4)]):
        with pytest.raises(UsageError, match="has no lines"):
            cuts.choose(hunk, ranges)
    with pytest.raises(UsageError, match="unchanged"):
        cuts.choose(hunk, [(1, 3)])
    with pytest.raises(StateError, match="no lines of text"):
        cuts.choose(binary, [(1, 1)])
    assert cuts.choose(hunk, [(1, 8)]).cut is None
