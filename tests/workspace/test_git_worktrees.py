from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from git_sandbox import Sandbox
from makeitso.errors import EnvironmentFault, StateError
from makeitso.workspace import changes, snapshots, worktrees
from makeitso.workspace.git import Repository, open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.workspace.worktrees import Worktree


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


class World:
    def __init__(self, root: Path) -> None:
        self.box = git_sandbox.make(root / "repo é x")
        self.outside = root / "outside"
        self.outside.mkdir()
        self.path = root / "trees ü" / "r1-T1"

    @property
    def repo(self) -> Repository:
        return open_repository(self.box.root)

    def worktree(self) -> Worktree:
        repo = self.repo
        base = snapshots.take(repo, repo.root, run="r1", task="T1", name="base")
        return worktrees.create(repo, base, self.path, run="r1", task="T1")

    def paths(self, tree: Worktree, name: str = "1") -> dict[str, str]:
        """Path to kind, or the reason it is refused, of what the worker changed."""
        repo = self.repo
        taken = snapshots.take(repo, tree, run="r1", task="T1", name=name)
        change = changes.between(repo, tree.base_tree, taken.tree, run="r1", task="T1")
        return {file.path: file.refused or file.hunks[0].kind for file in change.files}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_holds_the_snapshot_and_has_no_branch(world: World) -> None:
    world.box.write("a b", b"a\n")
    world.box.commit()
    world.box.write("ü", b"untracked\n")
    before = world.box.state()
    tree = world.worktree()
    assert sorted(entry.name for entry in world.path.iterdir()) == [".git", "a b", "ü"]
    seen = Sandbox(world.path)
    assert seen.text("status", "--porcelain") == ""
    assert seen.text("rev-parse", "HEAD") == tree.base_commit
    assert seen.git("branch", "--show-current") == b""
    assert world.box.state() == before
    assert worktrees.listing(world.repo) == (tree,)
    assert worktrees.owner_lives(tree)
    assert not worktrees.owner_lives(replace(tree, started=tree.started - 100))
    assert "locked makeitso r1/T1" in world.box.text("worktree", "list", "--porcelain")


def test_from_an_unborn_head(world: World) -> None:
    world.box.write("a", b"a\n")
    tree = world.worktree()
    Sandbox(tree.path).write("b", b"b\n")
    assert world.paths(tree) == {"b": "create"}


def test_hooks_of_the_repository_do_not_run(world: World, tmp_path: Path) -> None:
    world.box.write("a", b"a\n")
    world.box.commit()
    canary = tmp_path / "canary"
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        world.box.write(
            f".git/hooks/{hook}", f"#!/bin/sh\ntouch '{canary}'\n".encode(), executable=True
        )
    world.paths(world.worktree())
    assert not canary.exists()
    world.box.git("checkout", "-q", "-b", "x")
    assert canary.exists()


def test_a_rewritten_git_file_changes_nothing(world: World) -> None:
    world.box.write("a", b"a\n")
    world.box.commit()
    tree = world.worktree()
    evil = git_sandbox.make(world.outside / "evil")
    evil.write("a", b"other\n")
    evil.commit()
    (tree.path / ".git").write_text(f"gitdir: {evil.root}/.git\n")
    (tree.path / "a").write_bytes(b"changed\n")
    assert world.paths(tree) == {"a": "text"}
    (tree.path / ".git").unlink()
    git_sandbox.make(tree.path)
    assert world.paths(tree, "2") == {"a": "text"}
    kept = worktrees.remove(world.repo, tree)
    assert kept is not None
    assert not tree.path.exists()
    assert worktrees.listing(world.repo) == ()
    assert evil.text("status", "--porcelain") == ""


def test_an_index_that_lies_hides_nothing(world: World) -> None:
    world.box.write("a", b"a\n")
    world.box.commit()
    tree = world.worktree()
    worker = Sandbox(tree.path)
    worker.write("a", b"changed\n")
    worker.git("update-index", "--assume-unchanged", "a")
    worker.git("commit", "-q", "--allow-empty", "-m", "workers may commit; nobody looks")
    assert world.paths(tree) == {"a": "text"}


def test_links_out_and_nested_repositories_are_seen(world: World) -> None:
    world.box.write("a", b"a\n")
    world.box.write("d/x", b"x\n")
    world.box.commit()
    tree = world.worktree()
    (world.outside / "secret").write_bytes(b"secret\n")
    (tree.path / "link").symlink_to(world.outside / "secret")
    (tree.path / "d" / "x").unlink()
    (tree.path / "d").rmdir()
    (tree.path / "d").symlink_to(world.outside)
    nested = git_sandbox.make(tree.path / "sub")
    nested.write("n", b"n\n")
    repo = world.repo
    taken = snapshots.take(repo, tree, run="r1", task="T1", name="1")
    change = changes.between(
        repo, tree.base_tree, taken.tree, run="r1", task="T1", notes=taken.notes
    )
    assert {file.path: file.refused or file.hunks[0].kind for file in change.files} == {
        "d": "it is a symbolic link",
        "d/x": "delete",
        "link": "it is a symbolic link",
    }
    assert "secret\n" not in "".join(
        hunk.diff for file in change.files for hunk in file.hunks
    ).split("/")
    assert any("Nested repositories are not included: sub" in note for note in change.notes)


def test_removed_with_its_last_state_kept(world: World) -> None:
    world.box.write("a", b"a\n")
    tree = world.worktree()
    (tree.path / "b").write_bytes(b"b\n")
    locked = tree.path / "ro"
    locked.mkdir()
    (locked / "c").write_bytes(b"c\n")
    locked.chmod(0o500)
    (tree.path / "out").symlink_to(world.outside)
    (world.outside / "keep").write_bytes(b"k")
    kept = worktrees.remove(world.repo, tree)
    assert kept is not None
    assert kept.ref == "refs/makeitso/r1/T1/final"
    assert world.box.git("show", f"{kept.ref}:ro/c") == b"c\n"
    assert not tree.path.exists()
    assert (world.outside / "keep").exists()
    assert world.box.text("worktree", "list").count("\n") == 0
    assert worktrees.remove(world.repo, tree) is None


def test_removed_without_a_second_copy_when_saved(world: World) -> None:
    world.box.write("a", b"a\n")
    tree = world.worktree()
    repo = world.repo
    with pytest.raises(StateError):
        worktrees.remove(repo, tree, saved="refs/makeitso/r1/T1/nothing")
    assert tree.path.is_dir()
    saved = snapshots.take(repo, tree, run="r1", task="T1", name="done")
    assert worktrees.remove(repo, tree, saved=saved.ref) is None
    assert snapshots.commit_of(repo, "refs/makeitso/r1/T1/final") is None


def test_pruned_only_when_gone(world: World) -> None:
    world.box.write("a", b"a\n")
    tree = world.worktree()
    repo = world.repo
    assert worktrees.prune(repo) == ()
    moved = world.path.rename(world.path.with_name("moved"))
    assert worktrees.prune(repo) == (tree,)
    assert worktrees.listing(repo) == ()
    assert (moved / "a").exists()


def test_refused_places(world: World) -> None:
    world.box.write("a", b"a\n")
    world.path = world.box.root / "inside"
    with pytest.raises(EnvironmentFault, match="inside the repository"):
        world.worktree()
    world.path = world.outside / "full"
    world.path.mkdir()
    (world.path / "x").write_bytes(b"x")
    with pytest.raises(StateError, match="in the way"):
        world.worktree()


def test_adopted_and_locked(world: World) -> None:
    world.box.write("a", b"a\n")
    tree = worktrees.adopt(replace(world.worktree(), pid=1, started=0.0))
    assert worktrees.owner_lives(tree)
    worktrees.lock(world.repo, tree, reason="waits for marks")
    assert "locked waits for marks" in world.box.text("worktree", "list", "--porcelain")
    with pytest.raises(StateError):
        worktrees.lock(world.repo, replace(tree, admin_dir=world.outside), reason="x")


def test_many_come_and_go_at_once(world: World) -> None:
    """git fails on a worktree that is just being made or removed beside the one it adds."""
    world.box.write("a", b"a\n")
    world.box.commit()
    repo = world.repo
    base = snapshots.take(repo, repo.root, run="r1", task="T1", name="base")

    def come_and_go(number: int) -> None:
        for turn in range(3):
            path = world.path.with_name(f"r1-T{number}-{turn}")
            tree = worktrees.create(repo, base, path, run="r1", task=f"T{number}")
            worktrees.remove(repo, tree, saved=base.commit)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(come_and_go, range(12)))
    assert worktrees.listing(repo) == ()
    assert world.box.text("worktree", "list").count("\n") == 0
