from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.errors import EnvironmentFault
from makeitso.workspace import changes, snapshots, worktrees
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from git_sandbox import Sandbox
    from makeitso.protocol.change import Change


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return git_sandbox.make(tmp_path / "r")


def snap(box: Sandbox, name: str) -> str:
    repo = open_repository(box.root)
    return snapshots.take(repo, repo.root, run="r1", task="T1", name=name).tree


def between(box: Sandbox, base: str, tree: str) -> Change:
    return changes.between(open_repository(box.root), base, tree, run="r1", task="T1")


def test_attributes_and_settings_hide_nothing(box: Sandbox) -> None:
    """Neither what a worker commits nor what the person configured changes how a change reads."""
    box.write(".gitattributes", b"* -diff\n*.x diff=evil\n")
    box.write("a.py", b"1\n\n\n2\n")
    box.write("b.x", b"1\n")
    for key, value in (
        ("diff.evil.command", "echo hidden"),
        ("diff.evil.textconv", "echo hidden"),
        ("diff.external", "echo hidden"),
        ("diff.noprefix", "true"),
        ("diff.context", "0"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.renames", "copies"),
        ("color.ui", "always"),
        ("core.quotePath", "true"),
    ):
        box.git("config", key, value)
    box.commit()
    base = snap(box, "base")
    box.write("a.py", b"1\n\n\n3\n")
    box.write("b.x", b"2\n")
    change = between(box, base, snap(box, "new"))
    diffs = [hunk.diff for file in change.files for hunk in file.hunks]
    assert diffs == ["@@ -1,4 +1,4 @@\n 1\n \n \n-2\n+3\n", "@@ -1 +1 @@\n-1\n+2\n"]


def test_attributes_of_a_submodule_hide_nothing(box: Sandbox, tmp_path: Path) -> None:
    """There `core.worktree` tells git where the files are."""
    inner = git_sandbox.make(tmp_path / "inner")
    inner.write(".gitattributes", b"* -diff\n")
    inner.write("a", b"1\n")
    inner.commit()
    url = str(inner.root)
    box.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "sub")
    sub = git_sandbox.Sandbox(box.root / "sub")
    base = snap(sub, "base")
    sub.write("a", b"2\n")
    change = between(sub, base, snap(sub, "new"))
    assert [hunk.diff for file in change.files for hunk in file.hunks] == ["@@ -1 +1 @@\n-1\n+2\n"]
    repo = open_repository(sub.root)
    taken = snapshots.take(repo, repo.root, run="r1", task="T1", name="w")
    tree = worktrees.create(repo, taken, tmp_path / "tree", run="r1", task="T1")
    assert (tree.path / "a").read_bytes() == b"2\n"
    (tree.path / "a").write_bytes(b"3\n")
    taken = snapshots.take(repo, tree, run="r1", task="T1", name="x")
    assert sub.git("show", f"{taken.tree}:a") == b"3\n"
    assert sub.text("status", "--porcelain") == "M a"


def test_renames_are_a_deletion_and_a_creation(box: Sandbox) -> None:
    box.write("old name", b"1\n2\n3\n")
    base = snap(box, "base")
    (box.root / "old name").rename(box.root / "new name")
    change = between(box, base, snap(box, "new"))
    assert [(file.path, file.status) for file in change.files] == [
        ("new name", "added"),
        ("old name", "deleted"),
    ]
    assert [hunk.kind for file in change.files for hunk in file.hunks] == ["create", "delete"]


def test_ids_survive_new_rounds_and_moved_lines(box: Sandbox) -> None:
    lines = [b"line %d\n" % number for number in range(60)]
    box.write("f", b"".join(lines))
    base = snap(box, "base")
    first = [*lines[:30], b"added\n", *lines[30:]]
    box.write("f", b"".join(first))
    (hunk,) = between(box, base, snap(box, "1")).files[0].hunks
    box.write("f", b"".join([b"top\n", *first]))
    top, moved = between(box, base, snap(box, "2")).files[0].hunks
    assert moved.id == hunk.id
    assert moved.new_start == hunk.new_start + 1
    assert top.id != hunk.id
    twice = [*lines[:10], b"added\n", *lines[10:30], b"added\n", *lines[30:]]
    box.write("f", b"".join(twice))
    ids = [item.id for item in between(box, base, snap(box, "3")).files[0].hunks]
    assert ids[1] == hunk.id, "of two alike the one at the same place keeps its name"
    assert ids[0] != hunk.id


def test_a_name_that_looks_like_a_patch(box: Sandbox) -> None:
    box.write("a", b"1\n")
    base = snap(box, "base")
    box.write(b"x\n@@ -1 +1 @@\n-a\n+b", b"evil\n")
    box.write("a", b"2\n")
    change = between(box, base, snap(box, "new"))
    assert [(file.path[:2], file.refused) for file in change.files] == [
        ("a", ""),
        ("x\n", "its name holds control characters"),
    ]


def test_twins_large_and_binary_are_protected(box: Sandbox) -> None:
    box.write("readme", b"1\n")
    base = snap(box, "base")
    box.write("README", b"1\n")
    box.write("large.txt", b"x\n" * 600_000)
    box.write("huge.txt", b"x\n" * 3_000_000)
    box.write("bin", b"\0")
    change = between(box, base, snap(box, "new"))
    found = {file.path: (file.hunks[0].kind, file.protected) for file in change.files}
    assert found == {
        "README": ("create", "on some file systems it is the same file as readme"),
        "bin": ("binary", "it is binary"),
        "huge.txt": ("binary", "it is binary"),
        "large.txt": ("create", "it is larger than 1 MB"),
    }


def test_a_missing_tree_is_an_error(box: Sandbox) -> None:
    with pytest.raises(EnvironmentFault):
        between(box, "1" * 40, "2" * 40)
