from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from makeitso.errors import UsageError
from makeitso.review import hunks
from makeitso.review.edited import carried, editable, with_edit
from review.changed_trees import Oracle, budget, edited, texts

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk
    from makeitso.protocol.words import HunkState


def is_utf8(text: bytes) -> bool:
    return b"\xe9" not in text


UTF8 = texts().filter(is_utf8)


def hunks_of(world: Oracle, base: bytes | None, proposal: bytes) -> tuple[Hunk, ...]:
    """The hunks of lines git sees between two texts; None: a new file."""
    before = {} if base is None else {"a.py": ("100644", base)}
    change = world.change(before, {"a.py": ("100644", proposal)})
    return tuple(h for f in change.files for h in f.hunks if h.kind in ("text", "create"))


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes | None, bytes]:
    base = draw(st.one_of(st.none(), UTF8, st.just(b"")))
    if base is None:
        return None, draw(UTF8)
    return base, draw(st.one_of(edited(base), edited(base), UTF8).filter(is_utf8))


@budget(15)
@given(pair=pairs())
def test_a_hunk_saved_as_it_was_changes_nothing(
    world: Oracle, pair: tuple[bytes | None, bytes]
) -> None:
    base, proposal = pair
    found = hunks_of(world, base, proposal)
    for hunk in [part for whole in found for part in (whole, *hunks.split(whole))]:
        assert with_edit(base or b"", proposal, hunk, hunk.diff) == proposal
        without_header = hunk.diff.partition("\n")[2]
        assert with_edit(base or b"", proposal, hunk, without_header) == proposal


@budget(15)
@given(pair=pairs(), data=st.data())
def test_added_lines_land_exactly_where_they_stand(
    world: Oracle, pair: tuple[bytes | None, bytes], data: st.DataObject
) -> None:
    base, proposal = pair
    for hunk in hunks_of(world, base, proposal):
        header, *body = hunk.diff.removesuffix("\n").split("\n")
        places = [n for n in range(len(body) + 1) if not "".join(body[n : n + 1]).startswith("\\")]
        at = data.draw(st.sampled_from(places))
        if any(line[:1] == "\\" for line in body[:at]):
            continue  # below the end of a file without a last newline
        line = data.draw(st.sampled_from(["new", "", "  \t", "+plus", "-minus", "größe\r"]))
        saved = "\n".join([header, *body[:at], f"+{line}", *body[at:], ""])
        above = sum(tag[:1] in (" ", "+") for tag in body[:at])
        lines = hunks.split_lines(proposal)
        first = hunk.new_start - 1 if hunk.new_lines else hunk.new_start
        lines.insert(first + above, f"{line}\n".encode())
        assert with_edit(base or b"", proposal, hunk, saved) == b"".join(lines)


@budget(15)
@given(pair=pairs())
def test_a_hunk_whose_changes_are_taken_back_is_the_base_there(
    world: Oracle, pair: tuple[bytes | None, bytes]
) -> None:
    base, proposal = pair
    found = hunks_of(world, base, proposal)
    for hunk in found:
        kept: list[str] = []
        last = ""
        for line in hunk.diff.removesuffix("\n").split("\n"):
            if not line.startswith("+") and not (line.startswith("\\") and last == "+"):
                kept.append(f" {line[1:]}" if line.startswith("-") else line)
            last = line[:1]
        others = [other for other in found if other.id != hunk.id]
        expected = hunks.apply(base or b"", proposal, others)
        assert with_edit(base or b"", proposal, hunk, "\n".join([*kept, ""])) == expected


BASE = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"
PROPOSAL = BASE.replace(b"three\n", b"THREE\n")


@pytest.fixture(scope="module")
def hunk(world: Oracle) -> Hunk:
    (found,) = hunks_of(world, BASE, PROPOSAL)
    return found


WRONG = {
    "a context line changed": (" two\n", " 2\n", "line 2"),
    "a context line gone": (" two\n", "", "line 2"),
    "a removed line changed": ("-three\n", "-3\n", "line 3"),
    "the last context line gone": (" six\n", "", "line 6"),
    "context beyond the hunk": (" six\n", " six\n seven\n", "line 7"),
}


@pytest.mark.parametrize("case", WRONG)
def test_context_that_does_not_fit_is_refused_with_its_line(hunk: Hunk, case: str) -> None:
    before, after, place = WRONG[case]
    assert before in hunk.diff
    with pytest.raises(UsageError, match=f"does not fit a.py at {place}:") as caught:
        with_edit(BASE, PROPOSAL, hunk, hunk.diff.replace(before, after))
    assert "+" in caught.value.hint


def test_a_line_that_is_no_diff_is_refused_with_its_number(hunk: Hunk) -> None:
    saved = hunk.diff.replace("+THREE", "THREE")
    with pytest.raises(UsageError, match=r"line 5 of the edited hunk begins with 'T'"):
        with_edit(BASE, PROPOSAL, hunk, saved)


def test_what_people_do_to_a_hunk_is_what_lands(hunk: Hunk) -> None:
    saved = hunk.diff.replace("+THREE\n", "+drei\n+trois\n")
    assert with_edit(BASE, PROPOSAL, hunk, saved) == BASE.replace(b"three\n", b"drei\ntrois\n")
    kept = hunk.diff.replace("-three\n+THREE\n", " three\n")
    assert with_edit(BASE, PROPOSAL, hunk, kept) == BASE
    trimmed = hunk.diff.replace("@@ -1,6 +1,6 @@", "@@ -9 +9 @@")
    assert with_edit(BASE, PROPOSAL, hunk, trimmed) == PROPOSAL, "nobody keeps the numbers right"


def test_lines_that_a_diff_cannot_say_are_not_for_editing(world: Oracle) -> None:
    for base, proposal in ((b"a\n", b"caf\xe9\n"), (b"caf\xe9\n", b"caf\xe9\nb\n")):
        (found,) = hunks_of(world, base, proposal)
        assert not editable(base, proposal, found)
    (found,) = hunks_of(world, BASE, PROPOSAL)
    assert editable(BASE, PROPOSAL, found)


def test_an_empty_context_line_may_lose_its_blank(world: Oracle) -> None:
    base, proposal = b"a\n\nb\n", b"a\n\nB\n"
    (found,) = hunks_of(world, base, proposal)
    assert "\n \n" in found.diff
    assert with_edit(base, proposal, found, found.diff.replace("\n \n", "\n\n")) == proposal


def test_carriage_returns_are_part_of_the_lines(world: Oracle) -> None:
    base, proposal = b"a\r\nb\r\n", b"a\r\nc\r\n"
    (found,) = hunks_of(world, base, proposal)
    saved = found.diff.replace("+c\r\n", "+d\r\n")
    assert with_edit(base, proposal, found, saved) == b"a\r\nd\r\n"
    with pytest.raises(UsageError, match="line 1"):
        with_edit(base, proposal, found, found.diff.replace("\r\n", "\n"))


def test_the_last_line_has_a_newline_as_soon_as_it_is_not_the_last(world: Oracle) -> None:
    base, proposal = b"a\n" * 20, b"A\n" + b"a\n" * 19
    (found,) = hunks_of(world, base, proposal)
    saved = f"{found.diff}+B\n\\ No newline at end of file\n"
    assert with_edit(base, proposal, found, saved) == b"A\na\na\na\nB\n" + b"a\n" * 16


# -- marks of the other hunks ---------------------------------------------------------------------

NUMBERS = [f"{n}\n".encode() for n in range(1, 31)]


def text(**lines: str) -> bytes:
    """The numbers 1 to 30, some replaced: l5="five"."""
    new = [f"{lines[f'l{n}']}\n".encode() if f"l{n}" in lines else old
           for n, old in enumerate(NUMBERS, start=1)]  # fmt: skip
    return b"".join(new)


def shown(
    world: Oracle, proposal: bytes, states: dict[str, HunkState], *, split: bool = False
) -> list[Hunk]:
    """The hunks of a proposal in states, named by the added text they contain."""
    found = [
        part
        for hunk in hunks_of(world, text(), proposal)
        for part in (hunks.split(hunk) if split else (hunk,))
    ]
    return [
        hunk.model_copy(
            update={
                "state": next((s for w, s in states.items() if f"+{w}\n" in hunk.diff), "pending")
            }
        )
        for hunk in found
    ]


def marks(
    world: Oracle, before: list[Hunk], edited_word: str, proposal: bytes
) -> tuple[dict[str, HunkState], int]:
    """State by added word after an edit, and how many hunks were split."""
    (hunk,) = [h for h in before if f"+{edited_word}\n" in h.diff]
    after = hunks_of(world, text(), proposal)
    parts = {part.id: part for h in after for part in (h, *hunks.split(h))}
    found: dict[str, HunkState] = {}
    splits = 0
    for split, states in carried(before, after, edited=hunk.id):
        splits += split is not None
        for name, state in states.items():
            added = [ln[1:] for ln in parts[name].diff.split("\n") if ln.startswith("+")]
            found[" ".join(added)] = state
    return found, splits


def test_only_the_edited_hunk_is_new_and_it_is_accepted(world: Oracle) -> None:
    before = shown(world, text(l2="two", l20="twenty"), {"two": "rejected"})
    got = marks(world, before, "twenty", text(l2="two", l20="XX"))
    assert got == ({"XX": "accepted"}, 0)


def test_parts_of_a_split_hunk_keep_their_marks(world: Oracle) -> None:
    before = shown(
        world, text(l2="two", l4="four", l6="six"), {"two": "rejected", "six": "accepted"},
        split=True,
    )  # fmt: skip
    got = marks(world, before, "four", text(l2="two", l4="IV", l6="six"))
    assert got == ({"two": "rejected", "IV": "accepted", "six": "accepted"}, 1)


def test_what_was_next_to_a_part_that_is_taken_back_keeps_its_mark(world: Oracle) -> None:
    before = shown(world, text(l2="two", l4="four"), {"two": "rejected"}, split=True)
    got = marks(world, before, "four", text(l2="two"))
    assert got == ({"two": "rejected"}, 0)


def test_saved_as_it_was_a_hunk_is_accepted(world: Oracle) -> None:
    proposal = text(l2="two", l20="twenty")
    before = shown(world, proposal, {})
    assert marks(world, before, "two", proposal) == ({"two": "accepted"}, 0)


def test_what_cannot_be_told_apart_is_looked_at_again(world: Oracle) -> None:
    before = shown(world, text(l2="two", l4="four"), {"two": "rejected"}, split=True)
    # As if git drew the lines otherwise: what was rejected is in no hunk as it was.
    got, _ = marks(world, before, "four", text(l2="two", l3="III", l4="IV"))
    assert set(got.values()) == {"pending"}


def test_nothing_that_was_rejected_is_ever_accepted_by_an_edit(world: Oracle) -> None:
    for word in ("II", "III", "two"):
        before = shown(world, text(l2="two", l4="four"), {"two": "rejected"}, split=True)
        for proposal in (text(l2="two", l4=word), text(l2="two", l3="two", l4=word)):
            got, _ = marks(world, before, "four", proposal)
            for added, state in got.items():
                assert state != "accepted" or "two" not in added.split() or word == "two"
