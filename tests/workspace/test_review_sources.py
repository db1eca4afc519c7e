"""What a person names to be reviewed, as two trees; hostile, broken and huge patches among it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.errors import NotFoundError, UsageError
from makeitso.workspace import patch_apply, sources
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from git_sandbox import Sandbox
    from makeitso.workspace.sources import Found

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))
HOOK = (
    b"diff --git a/.git/hooks/post-checkout b/.git/hooks/post-checkout\nnew file mode 100755\n"
    b"--- /dev/null\n+++ b/.git/hooks/post-checkout\n@@ -0,0 +1 @@\n+owned\n"
)
UPWARDS = b"--- a/../../outside\n+++ b/../../outside\n@@ -0,0 +1 @@\n+owned\n"
ABSOLUTE = b"--- /dev/null\n+++ /tmp/owned\n@@ -0,0 +1 @@\n+owned\n"
THROUGH_A_LINK = (
    b"diff --git a/way b/way\nnew file mode 120000\n--- /dev/null\n+++ b/way\n@@ -0,0 +1 @@\n"
    b"+/tmp\n\\ No newline at end of file\n"
    b"diff --git a/way/owned b/way/owned\nnew file mode 100644\n--- /dev/null\n+++ b/way/owned\n"
    b"@@ -0,0 +1 @@\n+owned\n"
)


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    box = git_sandbox.make(tmp_path / "repo")
    box.write("a.txt", NUMBERS.encode())
    box.write("b.txt", b"x\n")
    box.commit("one")
    box.git("checkout", "-q", "-b", "feature/speed")
    box.write("a.txt", NUMBERS.replace("\n3\n", "\nthree\n").encode())
    box.commit("Three in words")
    box.write("c.txt", b"new\n")
    box.commit("A file more")
    box.git("checkout", "-q", "main")
    box.write("b.txt", b"x\ny\n")
    box.commit("main moves on")
    return box


def found(box: Sandbox, name: str) -> Found:
    return sources.find(open_repository(box.root), name, start=box.root)


def paths(box: Sandbox, that: Found) -> list[str]:
    return box.text("diff-tree", "-r", "--name-only", that.base_tree, that.tree).split("\n")


def git_dir(box: Sandbox) -> set[str]:
    return {
        str(path.relative_to(box.root))
        for path in (box.root / ".git").rglob("*")
        if "objects" not in path.parts
    }


def test_a_branch_is_what_it_has_since_it_left(box: Sandbox) -> None:
    before, state = git_dir(box), box.state()
    that = found(box, "feature/speed")
    assert paths(box, that) == ["a.txt", "c.txt"]  # not b.txt, which only main changed
    assert (that.source.kind, that.source.key) == ("branch", "ref:refs/heads/feature/speed")
    assert that.base_commit == box.text("merge-base", "main", "feature/speed")
    assert that.title == "feature/speed, 2 commits"
    assert [line.split(" ", 1)[1] for line in that.summary.split("\n")] == [
        "Three in words",
        "A file more",
    ]
    assert (git_dir(box), box.state()) == (before, state)


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("main..feature/speed", ["a.txt", "b.txt", "c.txt"]),
        ("main...feature/speed", ["a.txt", "c.txt"]),
        ("feature/speed~1..feature/speed", ["c.txt"]),
        ("feature/speed~1..feature/speed~0", ["c.txt"]),
        ("HEAD~1..", ["b.txt"]),
    ],
)
def test_ranges_mean_what_they_mean_to_git(box: Sandbox, name: str, changed: list[str]) -> None:
    that = found(box, name)
    assert that.source.kind == "range"
    assert paths(box, that) == changed


def test_a_commit_is_the_same_however_it_is_named(box: Sandbox) -> None:
    one, other = found(box, "feature/speed~1"), found(box, box.text("rev-parse", "feature/speed~1"))
    assert one.source.kind == "commit"
    assert one.source.key == other.source.key
    assert one.title == "feature/speed~1: Three in words"


def test_a_stash_has_its_untracked_files(box: Sandbox) -> None:
    box.write("a.txt", b"stashed\n")
    box.write("u.txt", b"untracked\n")
    box.git("stash", "push", "-q", "-u")
    that = found(box, "stash@{0}")
    assert that.source.kind == "stash"
    assert paths(box, that) == ["a.txt", "u.txt"]


def test_a_dirty_worktree_is_its_commits_and_its_files(box: Sandbox, tmp_path: Path) -> None:
    box.git("worktree", "add", "-q", str(tmp_path / "wt"), "feature/speed")
    (tmp_path / "wt" / "b.txt").write_text("dirty\n")
    (tmp_path / "wt" / "sub").mkdir()
    (tmp_path / "wt" / "sub" / "u.txt").write_text("untracked\n")
    before, state = git_dir(box), box.state()
    for name in ("../wt", str(tmp_path / "wt"), "../wt/sub"):
        that = found(box, name)
        assert that.source.kind == "worktree"
        assert that.source.key == f"worktree:{tmp_path / 'wt'}"
        assert paths(box, that) == ["a.txt", "b.txt", "c.txt", "sub/u.txt"]
        assert that.title == "wt on feature/speed"
    assert (git_dir(box), box.state()) == (before, state)


def test_the_main_worktree_is_found_from_a_linked_one(box: Sandbox, tmp_path: Path) -> None:
    box.git("worktree", "add", "-q", str(tmp_path / "wt"), "feature/speed")
    box.write("b.txt", b"dirty\n")
    there = open_repository(tmp_path / "wt")
    that = sources.find(there, "../repo", start=tmp_path / "wt")
    assert paths(box, that) == ["b.txt"]


def test_what_a_worktree_says_of_itself_is_not_asked(box: Sandbox, tmp_path: Path) -> None:
    box.git("worktree", "add", "-q", str(tmp_path / "wt"), "feature/speed")
    other = git_sandbox.make(tmp_path / "other")
    other.git("config", "core.fsmonitor", f"touch {tmp_path}/owned")
    (tmp_path / "wt" / ".git").write_text(f"gitdir: {other.root}/.git\n")
    that = found(box, "../wt")
    assert paths(box, that) == ["a.txt", "c.txt"]
    assert not (tmp_path / "owned").exists()


def test_names_that_are_nothing_say_what_could_be(box: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere is no worktree"):
        found(box, "nowhere")
    git_sandbox.make(tmp_path / "other").commit()
    with pytest.raises(NotFoundError) as other:
        found(box, "../other")
    assert "git fetch" in other.value.hint
    with pytest.raises(UsageError, match="the workspace itself"):
        found(box, ".")
    for option in ("--all", "-h", ""):
        with pytest.raises(UsageError):
            found(box, option)


def test_a_history_of_its_own_is_named_as_a_range(box: Sandbox) -> None:
    box.git("checkout", "-q", "--orphan", "island")
    box.commit("island")
    box.git("checkout", "-q", "main")
    with pytest.raises(UsageError, match="no history in common"):
        found(box, "island")


def test_an_unborn_head_has_an_empty_base(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "new")
    that = sources.find_patch(
        open_repository(box.root),
        b"--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1 @@\n+a\n",
        name="p",
    )
    assert paths(box, that) == ["a.txt"]


def test_a_patch_and_a_mailbox_are_the_branch(box: Sandbox, tmp_path: Path) -> None:
    branch = box.text("merge-base", "main", "feature/speed")
    box.git("checkout", "-q", branch)
    tree = box.text("rev-parse", "feature/speed^{tree}")
    diff = tmp_path / "p.diff"
    diff.write_bytes(box.git("diff", "HEAD", "feature/speed"))
    plain = found(box, str(diff))
    assert (plain.tree, plain.source.kind, plain.title) == (tree, "patch", str(diff))
    mail = box.git("format-patch", "--stdout", "--cover-letter", "HEAD..feature/speed")
    mailed = sources.find_patch(open_repository(box.root), mail, name="mail")
    assert (mailed.tree, mailed.title) == (tree, "Three in words")
    assert mailed.summary == "Three in words\nA file more"


def test_a_patch_is_merged_where_it_does_not_fit(box: Sandbox) -> None:
    box.git("checkout", "-q", "feature/speed")
    patch = box.git("format-patch", "--stdout", "--full-index", "-2")
    box.git("checkout", "-q", "main")
    box.write("a.txt", NUMBERS.replace("\n6\n", "\nsix\n").encode())  # in the context of line 3
    box.commit("six")
    that = sources.find_patch(open_repository(box.root), patch, name="p")
    text = box.text("show", f"{that.tree}:a.txt").split("\n")
    assert (text[2], text[5]) == ("three", "six")


def test_a_patch_that_does_not_fit_says_where(box: Sandbox) -> None:
    patch = (
        b"--- a/b.txt\n+++ b/b.txt\n@@ -1,2 +1,2 @@\n x\n-y\n+z\n"
        b"--- a/a.txt\n+++ b/a.txt\n@@ -12,1 +12,1 @@\n-nothing like it\n+a\n"
    )
    with pytest.raises(UsageError, match=r"p does not fit HEAD: a\.txt, hunk at line 12") as error:
        sources.find_patch(open_repository(box.root), patch, name="p")
    assert error.value.data == {"places": [{"path": "a.txt", "line": 12}]}


def test_a_broken_patch_says_which_line_of_it(box: Sandbox) -> None:
    with pytest.raises(UsageError) as error:
        sources.find_patch(
            open_repository(box.root), b"--- a/b.txt\n+++ b/b.txt\n@@ -1,9 +1,9 @@\n x\n", name="p"
        )
    assert error.value.data == {"places": [{"patch_line": 5}]}


def test_a_patch_that_is_in_already_says_so(box: Sandbox) -> None:
    patch = box.git("diff", "HEAD~1", "HEAD")
    repo = open_repository(box.root)
    that = sources.find_patch(repo, patch, name="p")  # its blobs say so
    assert that.tree == that.base_tree
    bare = b"".join(line for line in patch.splitlines(True) if not line.startswith(b"index "))
    with pytest.raises(UsageError, match="p is in HEAD already"):
        sources.find_patch(repo, bare, name="p")


@pytest.mark.parametrize("patch", [HOOK, UPWARDS, THROUGH_A_LINK, b"hello\n", b"\n", b"\x00\xff"])
def test_hostile_patches_are_errors_and_leave_nothing(box: Sandbox, patch: bytes) -> None:
    before, state = git_dir(box), box.state()
    with pytest.raises(UsageError):
        sources.find_patch(open_repository(box.root), patch, name="p")
    assert (git_dir(box), box.state()) == (before, state)


def test_an_absolute_path_in_a_patch_stays_inside(box: Sandbox) -> None:
    that = sources.find_patch(open_repository(box.root), ABSOLUTE, name="p")
    assert paths(box, that) == ["tmp/owned"]
    assert not Path("/tmp/owned").exists()


def test_a_huge_patch_is_refused_unread(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patch_apply, "MOST_BYTES", 100)
    with pytest.raises(UsageError, match="larger than"):
        sources.find_patch(open_repository(box.root), ABSOLUTE * 3, name="p")
