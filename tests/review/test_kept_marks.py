"""Marks on a proposal, found again in the next one: nothing is accepted that nobody accepted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.review import cuts, hunks, marks
from makeitso.review.kept_marks import Carried, carry
from review.changed_trees import Oracle, Tree, budget, standing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from makeitso.protocol.change import Change, Hunk
    from makeitso.protocol.words import HunkState

STATES: list[HunkState] = ["pending", "accepted", "rejected", "landed"]
MARKED: list[HunkState] = ["accepted", "rejected", "landed"]
ALIKE = [b"line %d\n" % (at % 12) for at in range(24)]
UNIQUE = [b"line %d\n" % at for at in range(24)]
Cuts = dict[str, cuts.Cut]


def changed(edits: Mapping[int, bytes], lines: list[bytes]) -> bytes:
    """The text with these lines put in the place of some of its own."""
    return b"".join(edits.get(at, line) for at, line in enumerate(lines))


def proposal(world: Oracle, edits: Mapping[int, bytes], lines: list[bytes] = ALIKE) -> Change:
    base: Tree = {"f": ("100644", b"".join(lines)), "other": ("100644", b"o\n")}
    return world.change(base, {**base, "f": ("100644", changed(edits, lines))})


def laid_over(after: Change, found: Carried, before: Change) -> Change:
    """The next proposal with the marks that were found again, as the journal lays them over."""
    known: dict[str, HunkState] = {hunk.id: hunk.state for hunk in marks.all_hunks(before)}
    where = {name: cut for name, (cut, _) in found.cuts.items()}
    after = standing(after, {*found.splits, *where}, where)
    for name, parts in {**found.splits, **{n: p for n, (_, p) in found.cuts.items()}}.items():
        assert {h.id for h in marks.all_hunks(after)} >= set(parts), f"{name} stands as its parts"
    states: dict[str, HunkState] = {
        hunk.id: known.get(found.names.get(hunk.id, hunk.id), "pending")
        for hunk in marks.all_hunks(after)
    }
    return marks.with_states(after, states)


Effect = tuple[str, int, str]
"""Sign, how many lines of the base stand before it, text; without a last newline with its mark."""


def effects(hunk: Hunk) -> list[Effect]:
    """What a hunk does to the lines of the base when it lands alone."""
    at = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
    found: list[Effect] = []
    for line in hunk.diff.removesuffix("\n").split("\n")[1:]:
        if line[0] in "+-":
            found.append((line[0], at, line[1:]))
        elif line[0] == "\\" and found:
            sign, place, text = found[-1]
            found[-1] = (sign, place, f"{text}{line}")
        at += line[0] in " -"
    return found


def said(change: Change, state: HunkState) -> Counter[Effect]:
    every = [effects(hunk) for hunk in marks.all_hunks(change) if hunk.state == state]
    return Counter(effect for one in every for effect in one)


def of_accepted(world: Oracle, change: Change, names: Iterable[str] | None = None) -> bytes:
    """The base with the accepted hunks in it, or with some of them."""
    file = next((f for f in change.files if f.path == "f"), None)
    if file is None:
        return b""
    base, new = (world.box.git("cat-file", "blob", b) for b in (file.base_blob, file.new_blob) if b)
    taken = [
        h for h in file.hunks if h.state == "accepted" and (names is None or h.id in set(names))
    ]
    return hunks.apply(base, new, taken) if taken else b""


EDITS = st.dictionaries(
    st.integers(0, len(ALIKE) - 1),
    st.sampled_from([b"new\n", b"other\n", b"", b"a\nb\n", b"a\nnew\nb\n", b"no end"]),
)


def cut_somewhere(data: st.DataObject, change: Change) -> tuple[Change, set[str], Cuts]:
    """The change with some of its hunks as parts: at unchanged lines, or by chosen lines."""
    split, where = set[str](), Cuts()
    for _ in range(data.draw(st.integers(0, 3))):
        shown = standing(change, split, where)
        able = [h for h in marks.all_hunks(shown) if len(effects(h)) > 1]
        if not able:
            break
        hunk = data.draw(st.sampled_from(able))
        numbers = [
            n for n, line in enumerate(hunk.diff.split("\n")[1:], start=1) if line[:1] in ("-", "+")
        ]
        chosen = data.draw(st.sets(st.sampled_from(numbers), min_size=1))
        choice = cuts.choose(hunk, [(n, n) for n in sorted(chosen)])
        if data.draw(st.booleans()):
            split.add(hunk.id)
        elif choice.cut is not None:
            split.add(hunk.id)
            where[hunk.id] = choice.cut
    return standing(change, split, where), split, where


def marked(data: st.DataObject, change: Change) -> Change:
    states: dict[str, HunkState] = {
        hunk.id: data.draw(st.sampled_from(STATES)) for hunk in marks.all_hunks(change)
    }
    return marks.with_states(change, states)


@budget(60)
@given(first=EDITS, second=EDITS, keep=st.booleans(), data=st.data())
def test_a_mark_is_on_what_was_marked_and_on_nothing_else(
    world: Oracle,
    first: dict[int, bytes],
    second: dict[int, bytes],
    keep: bool,
    data: st.DataObject,
) -> None:
    before, split, where = cut_somewhere(data, proposal(world, first))
    before = marked(data, before)
    after = proposal(world, {**first, **second} if keep else second)
    found = carry(before, after := standing(after, split, where))
    now = laid_over(after, found, before)
    for state in MARKED:
        assert said(now, state) <= said(before, state)
    kept = [
        hunk.id
        for hunk in marks.all_hunks(before)
        if hunk.state == "accepted" and hunk.id not in found.changed
    ]
    assert of_accepted(world, now) == of_accepted(world, before, kept)


@budget(30)
@given(
    first=st.sets(st.integers(0, 23), min_size=1), second=st.sets(st.integers(0, 23)),
    taller=st.booleans(), data=st.data(),
)  # fmt: skip
def test_what_comes_beside_it_takes_no_mark_away(
    world: Oracle, first: set[int], second: set[int], taller: bool, data: st.DataObject
) -> None:
    mine = {at: b"first %d\n" % at * (1 + taller * (at % 3)) for at in first}
    added = {
        at: data.draw(st.sampled_from([b"", b"second %d\n" % at, b"more %d\nand %d\n" % (at, at)]))
        for at in second - first
    }
    before, split, where = cut_somewhere(data, proposal(world, mine, UNIQUE))
    before = marked(data, before)
    after = standing(proposal(world, {**mine, **added}, UNIQUE), split, where)
    found = carry(before, after)
    now = laid_over(after, found, before)
    assert found.changed == ()
    for state in MARKED:
        assert said(now, state) == said(before, state)


@budget(40)
@given(first=EDITS, second=EDITS, data=st.data())
def test_any_of_the_parts_land_as_git_applies_them(
    world: Oracle, first: dict[int, bytes], second: dict[int, bytes], data: st.DataObject
) -> None:
    before, split, where = cut_somewhere(data, proposal(world, first))
    before = marked(data, before)
    after = standing(proposal(world, {**first, **second}), split, where)
    now = laid_over(after, carry(before, after), before)
    every = list(marks.all_hunks(now))
    if not every or any("\\" in hunk.diff for hunk in every):
        return
    taken = [hunk for hunk in every if data.draw(st.booleans())]
    base, new = b"".join(ALIKE), changed({**first, **second}, ALIKE)
    world.box.write("f", base)
    world.box.git("update-index", "--add", "f")
    patch = patch_of(taken).encode()
    world.box.git("apply", "--cached", "--whitespace=nowarn", "--allow-empty", stdin=patch)
    assert world.box.git("show", ":f") == hunks.apply(base, new, taken)
    assert hunks.apply(base, new, data.draw(st.permutations(every))) == new


def patch_of(taken: list[Hunk]) -> str:
    """What the hunks do, as one patch that shows the whole file."""
    doing = [effect for hunk in taken for effect in effects(hunk)]
    if not doing:
        return ""
    gone = {at for sign, at, _ in doing if sign == "-"}
    lines: list[str] = []
    for at in range(len(ALIKE) + 1):
        lines += [f"+{text}" for sign, place, text in doing if (sign, place) == ("+", at)]
        if at < len(ALIKE):
            lines.append(("-" if at in gone else " ") + ALIKE[at].decode().removesuffix("\n"))
    new = sum(line[0] != "-" for line in lines)
    body = "\n".join([f"@@ -1,{len(ALIKE)} +{min(new, 1)},{new} @@", *lines, ""])
    return f"diff --git a/f b/f\n--- a/f\n+++ b/f\n{body}"


def test_what_git_draws_as_one_with_something_new_stands_as_its_parts(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"new\n"}))
    (hunk,) = marks.all_hunks(before)
    found = carry(before, after := proposal(world, {4: b"new\n", 7: b"more\n"}))
    (drawn,) = marks.all_hunks(after)
    assert len(found.splits[drawn.id]) == 2
    assert found.names == {found.splits[drawn.id][0]: hunk.id}
    assert (found.changed, found.cuts) == ((), {})


def all_accepted(change: Change) -> Change:
    return marks.with_states(change, {hunk.id: "accepted" for hunk in marks.all_hunks(change)})


def test_what_was_accepted_and_is_different_now_is_said(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"new\n"}))
    (hunk,) = marks.all_hunks(before)
    found = carry(before, proposal(world, {4: b"newer\n"}))
    assert (found.names, found.splits, found.cuts, found.changed) == ({}, {}, {}, (hunk.id,))


def cut_in_three(world: Oracle) -> tuple[Change, cuts.Cut]:
    """Lines 4 to 6 replaced one by one: the first accepted, the second open, the third rejected."""
    change = proposal(world, {4: b"A\n", 5: b"B\n", 6: b"C\n"}, UNIQUE)
    (hunk,) = marks.all_hunks(change)
    where = cuts.Cut(before=(2, 4), paired=(0,))
    parted = standing(change, {hunk.id}, {hunk.id: where})
    one, two, three = (part.id for part in marks.all_hunks(parted))
    states: dict[str, HunkState] = {one: "accepted", two: "pending", three: "rejected"}
    return marks.with_states(parted, states), where


def shown(change: Change) -> list[tuple[HunkState, list[str]]]:
    return [
        (hunk.state, [f"{sign}{text}" for sign, _, text in effects(hunk)])
        for hunk in marks.all_hunks(change)
    ]


def test_one_line_that_is_changed_opens_its_own_part_alone(world: Oracle) -> None:
    before, _ = cut_in_three(world)
    after = proposal(world, {4: b"A\n", 5: b"B2\n", 6: b"C\n"}, UNIQUE)
    found = carry(before, after)
    assert shown(laid_over(after, found, before)) == [
        ("accepted", ["-line 4", "+A"]),
        ("pending", ["-line 5", "+B2"]),
        ("rejected", ["-line 6", "+C"]),
    ]
    assert found.changed == ()


def test_a_part_of_which_one_line_is_another_is_open_as_a_whole(world: Oracle) -> None:
    before, _ = cut_in_three(world)
    one, _, three = marks.all_hunks(before)
    after = proposal(world, {4: b"A2\n", 5: b"B\n", 6: b"C\n"}, UNIQUE)
    found = carry(before, after)
    assert shown(laid_over(after, found, before)) == [
        ("pending", ["-line 4", "+A2"]),
        ("pending", ["-line 5", "+B"]),
        ("rejected", ["-line 6", "+C"]),
    ]
    assert found.changed == (one.id,)
    assert three.id in found.names.values()


def test_lines_put_between_are_open_and_what_is_around_them_is_not(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"A\nB\n"}, UNIQUE))
    after = proposal(world, {4: b"A\nnew\nB\n"}, UNIQUE)
    found = carry(before, after)
    assert shown(laid_over(after, found, before)) == [
        ("accepted", ["-line 4", "+A"]),
        ("pending", ["+new"]),
        ("accepted", ["+B"]),
    ]
    assert found.changed == ()


def test_lines_that_stand_elsewhere_now_are_not_what_was_accepted(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"line 4\nA\n"}, UNIQUE))
    for place, text in ((9, b"line 9\nA\nB\n"), (4, b"A\nline 4\nB\n")):
        found = carry(before, after := proposal(world, {place: text}, UNIQUE))
        now = laid_over(after, found, before)
        assert {state for state, _ in shown(now)} == {"pending"}, text


def test_where_it_stands_as_parts_already_lines_are_where_those_have_them(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"A\n"}, UNIQUE))
    after = proposal(world, {4: b"A\n", 5: b"B\n", 6: b"C\n"}, UNIQUE)
    (hunk,) = marks.all_hunks(after)
    removed_and_added = cuts.Cut(before=(3,))
    after = standing(after, {hunk.id}, {hunk.id: removed_and_added})
    now = laid_over(after, carry(before, after), before)
    assert shown(now) == [
        ("pending", ["-line 4", "-line 5", "-line 6"]),
        ("pending", ["+A", "+B", "+C"]),
    ], "A alone would stand behind line 6"


@pytest.mark.parametrize("gone", [0, 1])
def test_of_two_alike_at_one_place_nobody_says_which_is_gone(world: Oracle, gone: int) -> None:
    change = proposal(world, {4: b"line 4\nx\nx\n"}, UNIQUE)
    (hunk,) = marks.all_hunks(change)
    parted = standing(change, {hunk.id}, {hunk.id: cuts.Cut(before=(1,))})
    ids = [part.id for part in marks.all_hunks(parted)]
    before = marks.with_states(parted, {ids[gone]: "rejected", ids[1 - gone]: "accepted"})
    after = proposal(world, {4: b"line 4\nx\ny\n"}, UNIQUE)
    found = carry(before, after)
    assert {state for state, _ in shown(laid_over(after, found, before))} == {"pending"}


def test_of_two_that_say_the_same_the_one_that_is_left_keeps_its_own_mark(world: Oracle) -> None:
    before = proposal(world, {2: b"new\n", 20: b"new\n"})
    one, two = marks.all_hunks(before)
    before = marks.with_states(before, {one.id: "accepted", two.id: "rejected"})
    after = proposal(world, {20: b"new\n"})
    now = laid_over(after, carry(before, after), before)
    assert [hunk.state for hunk in marks.all_hunks(now)] == ["rejected"]
    assert carry(before, after).changed == (one.id,)


def test_bytes_that_text_cannot_tell_apart_are_not_the_same(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"\xe9\n"}, UNIQUE))
    after = proposal(world, {4: b"\\xe9\n", 8: b"new\n"}, UNIQUE)
    now = laid_over(after, carry(before, after), before)
    assert {state for state, _ in shown(now)} == {"pending"}


def created(world: Oracle, text: bytes, mode: str = "100644") -> Change:
    return world.change({"g": ("100644", b"g\n")}, {"g": ("100644", b"g\n"), "f": (mode, text)})


def test_lines_of_a_new_file_keep_their_marks_and_a_program_is_another_file(world: Oracle) -> None:
    before = all_accepted(created(world, b"a\nb\n"))
    after = created(world, b"a\nb\nc\n")
    assert shown(laid_over(after, carry(before, after), before)) == [
        ("accepted", ["+a", "+b"]),
        ("pending", ["+c"]),
    ]
    for text in (b"a\nb\n", b"a\nb\nc\n"):
        program = created(world, text, "100755")
        now = laid_over(program, carry(before, program), before)
        assert [hunk.state for hunk in marks.all_hunks(now)] == ["pending"]


def test_a_file_that_is_emptied_is_not_one_that_is_deleted(world: Oracle) -> None:
    base: Tree = {"f": ("100644", b"a\nb\n"), "g": ("100644", b"g\n")}
    before = all_accepted(world.change(base, {"g": base["g"]}))
    after = world.change(base, {**base, "f": ("100644", b"")})
    now = laid_over(after, carry(before, after), before)
    assert [hunk.state for hunk in marks.all_hunks(now)] == ["pending"]


def test_a_file_on_another_base_keeps_nothing(world: Oracle) -> None:
    before = all_accepted(proposal(world, {4: b"new\n"}))
    (hunk,) = marks.all_hunks(before)
    base: Tree = {"f": ("100644", b"moved on\n" + b"".join(ALIKE))}
    text = b"moved on\n" + changed({4: b"new\n"}, ALIKE)
    after = world.change(base, {"f": ("100644", text)})
    assert carry(before, after).names == {}
    assert carry(before, after).changed == (hunk.id,)
