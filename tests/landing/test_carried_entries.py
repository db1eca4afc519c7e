"""Many files carried over at once: as each alone, for two calls of git and the merges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.landing import carry, merge
from makeitso.workspace import blobs, git_process, trees
from makeitso.workspace.git import open_repository
from makeitso.workspace.trees import Entry

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workspace.git import Repository

TEXT = b"".join(b"%d\n" % n for n in range(1, 20))
THEIRS = TEXT.replace(b"\n3\n", b"\nthree\n")
OURS = TEXT.replace(b"\n15\n", b"\nfifteen\n")
BOTH = THEIRS.replace(b"\n15\n", b"\nfifteen\n")
ELSE = TEXT.replace(b"\n3\n", b"\nTHREE\n")


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    box = git_sandbox.make(tmp_path / "here")
    box.write("a.txt", TEXT)
    box.commit("one")
    return open_repository(box.root)


def test_many_are_carried_as_each_alone(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    text, theirs, ours, other = (
        Entry("100644", trees.write_blob(repo, data)) for data in (TEXT, THEIRS, OURS, ELSE)
    )
    program = Entry("100755", theirs.blob)
    link = Entry("120000", theirs.blob)
    sides = {
        "untouched": (text, text, theirs),
        "there": (theirs, text, theirs),
        "merged": (ours, text, theirs),
        "merged too": (ours, text, program),
        "gone": (None, text, theirs),
        "removed": (text, text, None),
        "another": (other, text, theirs),
        "a link": (link, text, theirs),
    }
    alone = {
        path: carry.carry_entry(repo, ours=one, ancestor=two, theirs=three)
        for path, (one, two, three) in sides.items()
    }
    calls: list[str] = []

    def counted(args: list[str], **rest: object) -> bytes:
        calls.append(args[0])
        return real(args, **rest)  # pyright: ignore[reportArgumentType]

    real = git_process.run_git
    monkeypatch.setattr(trees, "run_git", counted)
    monkeypatch.setattr(blobs, "run_git", counted)
    assert carry.carry_entries(repo, sides) == alone
    assert sorted(calls) == ["cat-file", "hash-object"]
    merged, too = alone["merged"], alone["merged too"]
    assert isinstance(merged, Entry)
    assert isinstance(too, Entry)
    assert (merged.mode, too.mode) == ("100644", "100755")
    assert blobs.read(repo, [merged.blob])[merged.blob] == BOTH
    assert alone["another"] is alone["a link"] is alone["gone"] is carry.STAYS
    assert alone["removed"] is None


def test_nothing_to_carry_asks_git_for_nothing(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "run_git", None)
    monkeypatch.setattr(blobs, "run_git", None)
    monkeypatch.setattr(merge, "try_git", None)
    assert carry.carry_entries(repo, {}) == {}
