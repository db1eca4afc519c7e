from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.errors import EnvironmentFault
from makeitso.workspace import snapshots
from makeitso.workspace.git import open_repository
from makeitso.workspace.snapshots import Snapshot, take

if TYPE_CHECKING:
    from pathlib import Path

    from git_sandbox import Sandbox


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def box(tmp_path: Path) -> Sandbox:
    return git_sandbox.make(tmp_path / "my repo é")


def snap(box: Sandbox, name: str = "base") -> Snapshot:
    repo = open_repository(box.root)
    return take(repo, repo.root, run="r20260101-1", task="T1", name=name)


def listing(box: Sandbox, tree: str) -> dict[str, bytes]:
    entries = box.git("ls-tree", "-r", "-z", tree).split(b"\0")
    out: dict[str, bytes] = {}
    for entry in entries[:-1]:
        meta, _, path = entry.partition(b"\t")
        mode, kind, oid = meta.decode().split(" ")
        out[f"{mode} {os.fsdecode(path)}"] = (
            box.git("cat-file", "blob", oid) if kind == "blob" else b""
        )
    return out


def oracle(box: Sandbox) -> str:
    """The tree the person's own `git add -A` would make, in a copy of their index."""
    index = box.root / ".git" / "oracle-index"
    index.unlink(missing_ok=True)
    original = box.root / ".git" / "index"
    if original.exists():
        index.write_bytes(original.read_bytes())
    env = {"GIT_INDEX_FILE": os.fspath(index)}
    box.git("add", "-A", env=env)
    return box.git("write-tree", env=env).decode().strip()


def test_unborn_head_and_untracked_files(box: Sandbox) -> None:
    box.write("a.txt", b"a\n")
    box.write("dir/ü \u3042.txt", b"b")
    before = box.state()
    taken = snap(box)
    assert listing(box, taken.tree) == {"100644 a.txt": b"a\n", "100644 dir/ü \u3042.txt": b"b"}
    assert box.state() == before
    assert box.text("rev-list", "--parents", "-1", taken.commit) == taken.commit
    assert taken.ref == "refs/makeitso/r20260101-1/T1/base"
    assert box.text("rev-parse", taken.ref) == taken.commit


def test_dirty_tree_leaves_index_head_and_stash_alone(box: Sandbox) -> None:
    for name in ("staged", "changed", "gone", "both", "kept", "unstaged-gone"):
        box.write(name, b"1\n")
    head = box.commit()
    box.write("stashed", b"s\n")
    box.git("add", "-A")
    box.git("stash")
    box.write("staged", b"2\n")
    box.write("both", b"2\n")
    box.git("add", "-A")
    box.write("both", b"3\n")
    box.write("changed", b"2\n")
    box.git("rm", "-q", "gone")
    (box.root / "unstaged-gone").unlink()
    box.write("new", b"n\n")
    box.write("run.sh", b"#!/bin/sh\n", executable=True)
    before = box.state()
    raw_index = (box.root / ".git" / "index").read_bytes()
    taken = snap(box)
    assert listing(box, taken.tree) == {
        "100644 staged": b"2\n",
        "100644 changed": b"2\n",
        "100644 both": b"3\n",
        "100644 kept": b"1\n",
        "100644 new": b"n\n",
        "100755 run.sh": b"#!/bin/sh\n",
    }
    assert taken.tree == oracle(box)
    assert (box.root / ".git" / "index").read_bytes() == raw_index
    assert box.state() == before
    assert box.text("rev-parse", f"{taken.commit}^") == head


def test_detached_head_and_a_merge_in_progress(box: Sandbox) -> None:
    box.write("f", b"1\n")
    box.commit()
    box.git("checkout", "-q", "-b", "side")
    box.write("f", b"2\n")
    box.commit()
    box.git("checkout", "-q", "--detach", "main")
    box.write("f", b"3\n")
    box.commit()
    with pytest.raises(AssertionError, match="merge"):
        box.git("merge", "side")
    before = box.state()
    assert b"u UU" in before["status"]
    taken = snap(box)
    assert b"<<<<<<<" in listing(box, taken.tree)["100644 f"]
    assert box.state() == before


def test_ignored_files_are_left_out_and_named(box: Sandbox) -> None:
    box.write(".gitignore", b"*.log\n/out/\n")
    box.write("a.log", b"x")
    box.write("out/b", b"x")
    box.write(".makeitso/.gitignore", b"*\n!plans/\n!plans/**\n!.gitignore\n")
    box.write(".makeitso/journal.db", b"x")
    box.write(".makeitso/plans/p.plan.md", b"# P\n")
    taken = snap(box)
    assert set(listing(box, taken.tree)) == {
        "100644 .gitignore",
        "100644 .makeitso/.gitignore",
        "100644 .makeitso/plans/p.plan.md",
    }
    assert taken.notes == ("Ignored files are not included: a.log, out/.",), (
        "ours go without saying"
    )


def test_submodule_dirt_and_nested_repositories(box: Sandbox, tmp_path: Path) -> None:
    other = git_sandbox.make(tmp_path / "other")
    other.write("lib.c", b"1\n")
    inner = other.commit()
    box.write("a", b"a\n")
    box.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", os.fspath(other.root), "sub"
    )
    box.commit()
    box.write("sub/lib.c", b"dirty\n")
    nested = git_sandbox.make(box.root / "nested")
    nested.write("n", b"n\n")
    nested.commit()
    empty = git_sandbox.make(box.root / "empty-nested")
    empty.write("n", b"n\n")
    taken = snap(box)
    stage = box.text("ls-tree", taken.tree, "sub")
    assert stage.startswith(f"160000 commit {inner}")
    assert "100644 a" in listing(box, taken.tree)
    assert not any("nested" in name for name in listing(box, taken.tree))
    assert any("Submodules" in note and "sub" in note for note in taken.notes)
    assert any(
        "Nested" in note and "nested" in note and "empty-nested" in note for note in taken.notes
    )


def test_a_nested_repository_runs_nothing(box: Sandbox, tmp_path: Path) -> None:
    """Its filters, fsmonitor and hooks are a worker's to write; a snapshot must not start them."""
    canary = tmp_path / "canary"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 >> '{canary}'\ncat\n")
    script.chmod(0o755)
    box.write("a", b"a\n")
    other = git_sandbox.make(tmp_path / "other")
    other.write("x", b"x\n")
    other.commit()
    box.git(
        "-c", "protocol.file.allow=always", "submodule", "add", "-q", os.fspath(other.root), "sub"
    )
    box.commit()
    for place in ("sub", "sub2"):
        inside = git_sandbox.make(box.root / place)
        inside.git("config", "core.fsmonitor", os.fspath(script))
        inside.git("config", "filter.evil.clean", os.fspath(script))
        inside.git("config", "core.hooksPath", os.fspath(tmp_path))
        inside.write(".gitattributes", b"* filter=evil\n")
        inside.write("x", b"changed\n")
    assert not canary.exists()
    box.git("status")  # the person's own git does run them: the trap works
    assert canary.exists()
    canary.unlink()
    snap(box)
    assert not canary.exists()


def test_files_directories_and_links_changing_places(box: Sandbox) -> None:
    box.write("d/x", b"1\n")
    box.write("d/deep/y", b"1\n")
    box.write("e/x", b"1\n")
    box.write("f", b"1\n")
    box.write("target/x", b"t\n")
    box.commit()
    for path in ("d/x", "d/deep/y", "e/x", "f"):
        (box.root / path).unlink()
    (box.root / "d" / "deep").rmdir()
    (box.root / "d").rmdir()
    (box.root / "e").rmdir()
    (box.root / "d").symlink_to("target")
    box.write("e", b"now a file\n")
    box.write("f/x", b"now a directory\n")
    taken = snap(box)
    assert set(listing(box, taken.tree)) == {
        "120000 d",
        "100644 e",
        "100644 f/x",
        "100644 target/x",
    }
    assert taken.tree == oracle(box)


def test_a_directory_hidden_behind_an_ignored_link(box: Sandbox, tmp_path: Path) -> None:
    box.write("d/x", b"1\n")
    box.write(".gitignore", b"/d\n")
    box.git("add", "-f", "d/x")
    box.commit()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x").write_bytes(b"not ours\n")
    (box.root / "d" / "x").unlink()
    (box.root / "d").rmdir()
    (box.root / "d").symlink_to(tmp_path / "elsewhere")
    taken = snap(box)
    assert set(listing(box, taken.tree)) == {"100644 .gitignore"}
    assert taken.tree == oracle(box)


def test_attributes_and_filters_as_git_would_commit(box: Sandbox) -> None:
    box.write(".gitattributes", b"*.txt text eol=crlf\n*.up filter=up\n")
    box.git("config", "filter.up.clean", "tr a-z A-Z")
    box.git("config", "filter.up.smudge", "tr A-Z a-z")
    box.write("a.txt", b"one\r\ntwo\r\n")
    box.write("b.up", b"loud\n")
    box.write("c.bin", b"one\r\n")
    taken = snap(box)
    tree = listing(box, taken.tree)
    assert tree["100644 a.txt"] == b"one\ntwo\n"
    assert tree["100644 b.up"] == b"LOUD\n"
    assert tree["100644 c.bin"] == b"one\r\n"
    assert taken.tree == oracle(box)


def test_sparse_checkout_does_not_delete(box: Sandbox) -> None:
    box.write("in/a", b"a\n")
    box.write("out/b", b"b\n")
    box.commit()
    box.git("sparse-checkout", "set", "in")
    assert not (box.root / "out" / "b").exists()
    taken = snap(box)
    assert set(listing(box, taken.tree)) == {"100644 in/a", "100644 out/b"}


def test_names_git_would_quote(box: Sandbox) -> None:
    names = [
        b"tab\there",
        b"new\nline",
        b'quo"te',
        b"latin\xe9",
        b" lead",
        b"-dash",
        b"back\\slash",
    ]
    for name in names:
        box.write(name, b"x\n")
    taken = snap(box)
    assert {os.fsencode(key[7:]) for key in listing(box, taken.tree)} == set(names)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file_is_named(box: Sandbox) -> None:
    box.write("secret", b"x\n").chmod(0)
    with pytest.raises(EnvironmentFault, match="secret"):
        snap(box)


def test_a_repository_opened_long_ago(box: Sandbox) -> None:
    repo = open_repository(box.root)
    box.write("a", b"a\n")
    head = box.commit()
    taken = take(repo, repo.root, run="r1", task="T1", name="base")
    assert box.text("rev-parse", f"{taken.commit}^") == head


def test_an_edit_in_the_same_tick_as_the_index_is_seen(box: Sandbox) -> None:
    """Git compares contents when a file is as young as the index: a copy must keep its age."""
    tick = 1_700_000_000_000_000_000
    box.git("config", "core.trustctime", "false")
    path = box.write("a", b"1\n")
    os.utime(path, ns=(tick, tick))
    box.git("add", "-A")
    with path.open("r+b") as stream:
        stream.write(b"2\n")
    os.utime(path, ns=(tick, tick))
    os.utime(box.root / ".git" / "index", ns=(tick, tick))
    assert listing(box, snap(box).tree) == {"100644 a": b"2\n"}


def test_same_files_same_tree_and_refs_can_be_dropped(box: Sandbox) -> None:
    box.write("a", b"a\n")
    box.commit()
    first, second = snap(box, "one"), snap(box, "v1.2")
    assert first.tree == second.tree
    assert second.ref.endswith("/v1%2E2")
    repo = open_repository(box.root)
    assert snapshots.commit_of(repo, second.ref) == second.commit
    assert snapshots.tree_of(repo, first.ref) == first.tree
    assert snapshots.drop(repo, run="r20260101-1") == 2
    assert snapshots.commit_of(repo, second.ref) is None
    assert list(repo.state_dir.iterdir()) == []
