"""Hunks put onto a tree: what landing would make of it, file by file, and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.landing.onto_tree import lay
from makeitso.workspace import changes, snapshots
from makeitso.workspace.git import open_repository
from makeitso.workspace.trees import Entry, entries, with_entries, write_blob

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.workspace.git import Repository

Files = dict[str, bytes | tuple[str, bytes] | None]
POEM = b"".join(b"line %d\n" % n for n in range(1, 21))


def poem(**changed: str) -> bytes:
    lines = POEM.decode().splitlines()
    for name, text in changed.items():
        lines[int(name[1:]) - 1] = text
    return ("\n".join(lines) + "\n").encode()


class Trees:
    def __init__(self, repo: Repository, empty: str) -> None:
        self.repo, self.empty = repo, empty

    def tree(self, files: Files, on: str | None = None) -> str:
        changed: dict[str, Entry | None] = {}
        for path, said in files.items():
            mode, data = said if isinstance(said, tuple) else ("100644", said)
            changed[path] = None if data is None else Entry(mode, write_blob(self.repo, data))
        return with_entries(self.repo, on or self.empty, changed)

    def change(self, base: str, files: Files) -> Change:
        return changes.between(self.repo, base, self.tree(files, base), run="r", task="T1")

    def lay(self, ours: Files, theirs: Files, base: Files) -> tuple[str, list[tuple[str, str]]]:
        """Everything of a change onto a base that moved on."""
        below = self.tree(base)
        change = self.change(below, theirs)
        hunks = {hunk.id for file in change.files for hunk in file.hunks}
        laid = lay(self.repo, self.tree(ours, below), change, hunks)
        return laid.tree, [(c.path, c.reason) for c in laid.conflicts]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    top: Path = tmp_path_factory.mktemp("onto")
    box = git_sandbox.make(top / "work")
    box.write("unused", b"")
    box.commit()
    repo = open_repository(box.root)
    tree = snapshots.tree_of(repo, "HEAD")
    return Trees(repo, with_entries(repo, tree, {"unused": None}))


BASE: Files = {"p": POEM, "b": b"\0\1", "x": b"#!/bin/sh\n", "d/e": b"deep\n"}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({}, {"p": poem(l3="x")}, {"p": poem(l3="x")}),
        ({"p": poem(l18="y")}, {"p": poem(l3="x")}, {"p": poem(l3="x", l18="y")}),
        ({"p": poem(l3="x")}, {"p": poem(l3="x")}, {"p": poem(l3="x")}),
        ({}, {"n/m": b"new\n"}, {"n/m": b"new\n"}),
        ({"n": b"same\n"}, {"n": b"same\n"}, {"n": b"same\n"}),
        ({}, {"d/e": None}, {"d/e": None}),
        ({"d/e": None}, {"d/e": None}, {"d/e": None}),
        ({}, {"b": b"\0\2"}, {"b": b"\0\2"}),
        ({"b": b"\0\2"}, {"b": b"\0\2"}, {"b": b"\0\2"}),
        ({"x": b"#!/bin/sh\nexit\n"}, {"x": ("100755", b"#!/bin/sh\n")},
         {"x": ("100755", b"#!/bin/sh\nexit\n")}),
        ({"p": poem(l18="y")}, {"b": None, "p": poem(l3="x"), "q": b"q\n"},
         {"b": None, "p": poem(l3="x", l18="y"), "q": b"q\n"}),
    ],
)  # fmt: skip
def test_what_fits(trees: Trees, ours: Files, theirs: Files, expected: Files) -> None:
    tree, conflicts = trees.lay(ours, theirs, BASE)
    assert conflicts == []
    assert entries(trees.repo, tree) == entries(trees.repo, trees.tree({**BASE, **expected}))


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "word"),
    [
        ({"p": poem(l3="y")}, {"p": poem(l3="x")}, "p", "same lines"),
        ({"p": None}, {"p": poem(l3="x")}, "p", "gone"),
        ({"p": poem(l3="y")}, {"p": None}, "p", "not deleted"),
        ({"n": b"1\n"}, {"n": b"2\n"}, "n", "already there"),
        ({"n/m": b"1\n"}, {"n": b"2\n"}, "n", "directory"),
        ({"n": b"1\n"}, {"n/m": b"2\n"}, "n/m", "n is a file"),
        ({"b": b"\0\3"}, {"b": b"\0\2"}, "b", "no text"),
    ],
)
def test_what_does_not_is_left_out_and_said(
    trees: Trees, ours: Files, theirs: Files, path: str, word: str
) -> None:
    tree, conflicts = trees.lay(ours, {**theirs, "q": b"q\n"}, BASE)
    assert [where for where, _ in conflicts] == [path]
    assert word in conflicts[0][1]
    expected = trees.tree({**BASE, **ours, "q": b"q\n"})
    assert tree == expected, "the rest is put there, what does not fit is as it was"


def test_of_one_file_the_hunks_that_fit_are_taken(trees: Trees) -> None:
    ours: Files = {"p": poem(l3="y")}
    tree, conflicts = trees.lay(ours, {"p": poem(l3="x", l18="z")}, BASE)
    assert len(conflicts) == 1
    assert tree == trees.tree({**BASE, "p": poem(l3="y", l18="z")})


def test_a_choice_and_what_has_landed_before(trees: Trees) -> None:
    """One hunk landed, one is chosen, one is not: what is in the tree already is not put twice."""
    below = trees.tree(BASE)
    change = trees.change(below, {"p": poem(l2="a", l10="b", l18="c")})
    first, second, _ = change.files[0].hunks
    landed = first.model_copy(update={"state": "landed"})
    file = change.files[0].model_copy(update={"hunks": (landed, *change.files[0].hunks[1:])})
    present = trees.tree({"p": poem(l2="a")}, below)
    laid = lay(trees.repo, present, change.model_copy(update={"files": (file,)}), {second.id})
    assert laid.conflicts == ()
    assert laid.tree == trees.tree({**BASE, "p": poem(l2="a", l10="b")})


def test_what_can_never_land_is_not_in_a_base_either(trees: Trees) -> None:
    tree, conflicts = trees.lay({}, {"link": ("120000", b"/etc/passwd")}, BASE)
    assert [path for path, _ in conflicts] == ["link"]
    assert tree == trees.tree(BASE)
