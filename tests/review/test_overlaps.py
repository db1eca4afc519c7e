"""Overlaps: what git could not merge without a word is always said, checked against git itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import git_sandbox
from makeitso.landing.merge import merge_text
from makeitso.review.hunks import LineEdit
from makeitso.review.overlaps import base_edits, moved_range, overlaps
from makeitso.workspace import changes, snapshots
from makeitso.workspace.git import open_repository
from makeitso.workspace.trees import Entry, with_entries, write_blob
from review.changed_trees import budget

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.workspace.git import Repository

Tree = dict[str, bytes | None]
POEM = b"".join(b"line %d\n" % n for n in range(1, 21))


class Trees:
    """Changes between trees that exist only as objects."""

    def __init__(self, repo: Repository, tree: str) -> None:
        self.repo, self.empty = repo, tree

    def tree(self, files: Tree, on: str | None = None) -> str:
        entries = {
            path: None if data is None else Entry("100644", write_blob(self.repo, data))
            for path, data in files.items()
        }
        return with_entries(self.repo, on or self.empty, entries)

    def change(self, base: str, tree: str, task: str = "T1") -> Change:
        return changes.between(self.repo, base, tree, run="r", task=task)

    def kinds(self, base: Tree, mine: Tree, other: Tree) -> list[tuple[str, str]]:
        """Kinds and paths of the overlaps of two changes of one base; the same both ways round."""
        start = self.tree(base)
        one = self.change(start, self.tree(mine, start))
        two = self.change(start, self.tree(other, start), "T2")
        found = overlaps(one, two, moved={})
        back = overlaps(two, one, moved={})
        assert {(o.hunk, o.other, o.kind) for o in found} == {
            (o.other, o.hunk, o.kind) for o in back
        }
        return [(o.kind, o.path) for o in found]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    top: Path = tmp_path_factory.mktemp("overlaps")
    box = git_sandbox.make(top / "work")
    box.write("unused", b"")
    box.commit()
    repo = open_repository(box.root)
    tree = snapshots.tree_of(repo, "HEAD")
    return Trees(repo, with_entries(repo, tree, {"unused": None}))


def lines(**changed: str) -> bytes:
    """The poem with lines replaced; `l3="x"` makes line 3 an x."""
    out = POEM.decode().splitlines()
    for name, text in changed.items():
        out[int(name[1:]) - 1] = text
    return ("\n".join(out) + "\n").encode()


@pytest.mark.parametrize(
    ("mine", "other", "expected"),
    [
        ({"p": lines(l3="x")}, {"p": lines(l3="y")}, [("lines", "p")]),
        ({"p": lines(l3="x")}, {"p": lines(l4="y")}, [("lines", "p")]),
        ({"p": lines(l3="x")}, {"p": lines(l5="y")}, []),
        ({"p": lines(l3="x")}, {"p": lines(l18="y")}, []),
        ({"p": lines(l3="x")}, {"p": lines(l3="x")}, []),
        ({"p": lines(l3="x")}, {"p": lines(l3="x", l18="z")}, []),
        ({"p": lines(l3="x")}, {"p": None}, [("delete", "p")]),
        ({"p": None}, {"p": None}, []),
        ({"n": b"1\n"}, {"n": b"2\n"}, [("create", "n")]),
        ({"n": b"1\n"}, {"n": b"1\n"}, []),
        ({"n": b"1\n"}, {"n/m": b"1\n"}, [("create", "n")]),
        ({"n": b"1\n"}, {"o": b"2\n"}, []),
        ({"b": b"\0\1"}, {"b": b"\0\2"}, [("content", "b")]),
        # A rename is a deletion and a new file, so an edit of the old one is found.
        ({"p": None, "q": POEM}, {"p": lines(l3="x")}, [("delete", "p")]),
    ],
)
def test_what_touches_and_what_does_not(
    trees: Trees, mine: Tree, other: Tree, expected: list[tuple[str, str]]
) -> None:
    assert trees.kinds({"p": POEM, "b": b"\0"}, mine, other) == expected


def test_on_another_base_lines_are_found_where_they_are_there(trees: Trees) -> None:
    """The other change stands on a base with five lines more on top."""
    below = trees.tree({"p": POEM})
    above = trees.tree({"p": b"new\n" * 5 + POEM})
    mine = trees.change(below, trees.tree({"p": lines(l3="x")}))
    moved = base_edits(trees.change(below, above))
    for line, touches in ((3, True), (4, True), (8, False)):
        text = b"new\n" * 5 + lines(**{f"l{line}": "y"})
        other = trees.change(above, trees.tree({"p": text}), "T2")
        found = overlaps(mine, other, moved=moved)
        assert bool(found) is touches, line


@pytest.mark.parametrize(
    ("edit", "given_range", "expected"),
    [
        (LineEdit(0, 0, 0, 5), (3, 4), (8, 9)),
        (LineEdit(0, 2, 0, 0), (3, 4), (1, 2)),
        (LineEdit(9, 9, 9, 12), (3, 4), (3, 4)),
        (LineEdit(3, 4, 3, 9), (3, 4), (3, 9)),
        (LineEdit(4, 6, 4, 5), (3, 4), (3, 5)),
    ],
)
def test_a_range_moves_with_the_lines(
    edit: LineEdit, given_range: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert moved_range(*given_range, [edit]) == expected


texts = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=8)


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), texts, texts)
@budget(40)
def test_what_git_does_not_merge_is_found(
    trees: Trees, base: list[str], mine: list[str], other: list[str]
) -> None:
    def data(of: list[str]) -> bytes:
        return "".join(f"{line}\n" for line in of).encode()

    texts = [data(of) for of in (base, mine, other)]
    if not all(texts):
        return
    merged = merge_text(trees.repo, ancestor=texts[0], ours=texts[1], theirs=texts[2])
    found = trees.kinds({"p": texts[0]}, {"p": texts[1]}, {"p": texts[2]})
    if merged is None:
        assert found
