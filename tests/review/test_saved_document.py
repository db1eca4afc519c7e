"""What is read back from a saved document, and where lines of a base stand in a buffer."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from makeitso.protocol.change import Change, ChangedFile, Hunk
from makeitso.review.line_map import LineMap
from makeitso.review.render import document
from makeitso.review.saved import read_saved
from makeitso.review.sections import read_sections
from review.changed_trees import budget

A, B = "a" * 12, "b" * 12
DIFFS = {
    A: "@@ -1,3 +1,3 @@ def f\n one\n-two  \n+tw\u202eo\n end\n",
    B: "@@ -9,2 +9,3 @@\n x\r\n-y\r\n+Y\r\n+\r\n",
}


def change(**flags: tuple[str, ...]) -> Change:
    hunks = tuple(
        Hunk(run="r", task="T1", path="a.py", kind="text", old_start=1, old_lines=3, new_start=1,
             new_lines=3, id=name, diff=diff, flags=flags.get(name, ()))
        for name, diff in DIFFS.items()
    )  # fmt: skip
    file = ChangedFile(
        path="a.py", status="modified", base_blob="1" * 40, new_blob="2" * 40,
        base_mode="100644", new_mode="100644", hunks=hunks,
    )  # fmt: skip
    return Change(run="r", task="T1", base_tree="1", tree="2", files=(file,))


TEXT = document(change(), title="T1").text


def saved(text: str, before: str = TEXT) -> tuple[dict[str, str], list[tuple[str, str, int]]]:
    found = read_saved(text, change(), before=before)
    assert not found.gone
    return dict(found.edits), [(name, said.text, said.after) for name, said in found.remarks]


def test_what_editors_do_by_themselves_is_no_edit() -> None:
    for text in (
        TEXT,
        TEXT.replace("\r\n", "\n"),
        TEXT.replace("\r\n", "\n").replace("\n", "\r\n"),
        "\n".join(line.rstrip() for line in TEXT.split("\n")),
        TEXT.rstrip("\n"),
        TEXT.replace("# T1", "# Another title"),
    ):
        assert saved(text) == ({}, []), repr(text)


def test_an_edit_keeps_the_bytes_of_all_other_lines() -> None:
    assert "\\u{202e}" in TEXT, "it is spelled in the document"
    edits, _ = saved(TEXT.replace("+tw\\u{202e}o\n", "+tw\\u{202e}o\n+more\n"))
    assert edits == {A: DIFFS[A].replace(" end\n", "+more\n end\n")}
    edits, _ = saved(TEXT.replace("\r\n", "\n").replace("+Y\n", "+YY\n"))
    assert edits == {B: DIFFS[B].replace("+Y\r\n", "+YY\r\n")}


def test_remarks_belong_to_the_line_above_and_are_no_lines() -> None:
    text = TEXT.replace("-two  \n", "-two  \n# > why\n# > really\n")
    text = text.replace("+Y\r\n", "+Y\r\n#> Y?\n").rstrip("\n") + "\n# > last\n"
    edits, remarks = saved(text)
    assert edits == {}
    assert remarks == [(A, "why\nreally", 2), (B, "Y?", 3), (B, "last", 4)]
    assert saved(TEXT.replace(" one\n", " one\n# > \n")) == ({}, []), (
        "a line only begun says nothing"
    )


def test_a_remark_in_an_edited_hunk_names_the_line_that_was_there() -> None:
    two, body = "-two  \n", "+tw\\u{202e}o\n"
    for text, line in (
        (TEXT.replace(" one\n", "+new\n+too\n one\n# > why\n"), 1),
        (TEXT.replace(" one\n", "+new\n# > why\n one\n"), 0),
        (TEXT.replace(two, f"{two}+new\n# > why\n"), 2),
        (TEXT.replace(body, "+a\n+b\n# > why\n"), 3),
        (TEXT.replace(body, "").replace(" end\n", " end\n# > why\n"), 4),
    ):
        edits, remarks = saved(text)
        assert set(edits) == {A}
        assert remarks == [(A, "why", line)], text


def test_a_hunk_that_is_gone_counts_only_if_a_person_touched_it() -> None:
    old = TEXT.replace(A, "c" * 12)
    assert not read_saved(old, change(), before=old).gone
    touched = old.replace("+tw", "+TW")
    assert read_saved(touched, change(), before=old).gone == ("c" * 12,)


def test_what_is_new_is_a_section_and_stands_in_the_header() -> None:
    shown = document(change(**{B: ("new", "whitespace")}), title="T1")
    assert f"# New since you looked last: 1 of 2 hunks\n#   a.py [{B}]\n" in shown.text
    (file,) = read_sections(shown.text)
    assert [hunk.flags for hunk in file.hunks] == [(), ("new", "whitespace")]
    assert "New since" not in TEXT


WORDS = st.lists(st.sampled_from(["a", "b", "c", "", "x = 1", "y"]), max_size=12)


@budget(100)
@given(base=WORDS, now=WORDS)
def test_lines_are_found_where_they_are(base: list[str], now: list[str]) -> None:
    found = LineMap(base, now)
    last = 0
    for at, line in enumerate(base):
        first, end = found.place(at, at + 1)
        assert first == end
        assert first >= last, "order is kept"
        assert first == 0 or first < len(now)
        last = first
        if base == now:
            assert now[first] == line


@budget(100)
@given(base=st.lists(st.integers(), unique=True, min_size=1).map(lambda n: [str(i) for i in n]),
       data=st.data())  # fmt: skip
def test_what_is_typed_elsewhere_moves_a_line_by_as_much(
    base: list[str], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(base) - 1))
    typed = data.draw(st.lists(st.sampled_from(["typed", "also"]), max_size=5))
    where = data.draw(st.integers(0, len(base)))
    now = [*base[:where], *typed, *base[where:]]
    line, _ = LineMap(base, now).place(at, at + 1)
    assert now[line] == base[at]
