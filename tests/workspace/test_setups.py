"""Kept set-ups: whole or not there, put back as they were, without the path of their worktree."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from makeitso.errors import EnvironmentFault
from makeitso.workspace import setups, snapshots
from makeitso.workspace.git import open_repository
from makeitso.workspace.setups import Facts

if TYPE_CHECKING:
    from pathlib import Path

FACTS = Facts(
    commands=("npm ci",),
    network=False,
    sandboxed=True,
    locks=(("package-lock.json", "abc"),),
    copied=(),
    tools=(("node", "/usr/bin/node", 1),),
)
DAY = 86_400_000
BIG = 10_000_000


class Trees:
    """Two worktrees and a place for set-ups."""

    def __init__(self, top: Path) -> None:
        self.setups, self.one, self.two = top / "state/setups", top / "r1-T1", top / "r1-T2"
        self.one.mkdir()
        self.two.mkdir()
        self.write("node_modules/.bin/tool", b"#!/usr/bin/env node\n", 0o755)
        self.write("node_modules/a/index.js", b"a")
        self.write("pkg/node_modules/b", b"b")
        (self.one / "node_modules/link").symlink_to("a/index.js")

    def write(self, path: str, data: bytes, mode: int = 0o644) -> Path:
        target = self.one / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)
        return target

    def keep(self, key: str = "k", most_bytes: int = BIG) -> str:
        roots = ["node_modules/", "pkg/node_modules/"]
        return setups.keep(self.setups, key, self.one, roots, most_bytes=most_bytes)

    def names(self) -> list[str]:
        return sorted(path.name for path in self.setups.iterdir())


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path)


def look(top: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        path.relative_to(top).as_posix(): (
            path.lstat().st_mode,
            0 if path.is_symlink() else path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in top.rglob("*node_modules*/**/*")
    }


def test_what_is_kept_comes_back_as_it_was(trees: Trees) -> None:
    assert trees.keep() == ""
    assert setups.find(trees.setups, ["other", "k"]) == "k"
    back = setups.restore(trees.setups, "k", trees.two)
    assert look(trees.two) == look(trees.one)
    assert len(look(trees.two)) >= 5
    assert back.files == 4
    assert trees.names() == ["k"]
    assert (trees.setups.stat().st_mode & 0o077) == 0


def test_a_worker_that_writes_what_it_got_changes_nothing_kept(trees: Trees) -> None:
    trees.keep()
    setups.restore(trees.setups, "k", trees.two)
    (trees.two / "node_modules/a/index.js").write_text("poisoned")
    os.truncate(trees.two / "node_modules/.bin/tool", 0)
    third = trees.two.parent / "r1-T3"
    third.mkdir()
    setups.restore(trees.setups, "k", third)
    assert look(third) == look(trees.one)


@pytest.mark.parametrize("where", ["node_modules/a/index.js", "node_modules/link"])
def test_what_holds_its_own_path_is_not_kept(trees: Trees, where: str) -> None:
    path = trees.one / where
    path.unlink()
    if where.endswith("link"):
        path.symlink_to(trees.one / "node_modules/a/index.js")
    else:
        path.write_text(f"#!{trees.one}/.venv/bin/python\n")
    assert trees.keep() == f"{where} holds the path of its worktree"
    assert trees.names() == [], "nothing is left of the try"


def test_what_cannot_be_copied_or_is_too_large_is_not_kept(trees: Trees) -> None:
    assert "are to be copied" in trees.keep(most_bytes=10)
    os.mkfifo(trees.one / "node_modules/pipe")
    assert "node_modules/pipe is not a file" in trees.keep()
    assert trees.names() == []


def test_of_two_that_keep_the_same_one_is_enough(trees: Trees) -> None:
    assert trees.keep() == ""
    assert trees.keep() == ""
    assert trees.names() == ["k"]


@pytest.mark.parametrize("damage", ["gone", "shorter", "more", "manifest"])
def test_a_damaged_one_is_not_put_there_and_leaves_nothing(trees: Trees, damage: str) -> None:
    trees.keep()
    file = trees.setups / "k/files/node_modules/a/index.js"
    if damage == "gone":
        file.unlink()
    elif damage == "shorter":
        file.write_bytes(b"")
    elif damage == "more":
        file.with_name("more").write_bytes(b"")
    else:
        (trees.setups / "k/manifest.json").write_text("{")
    with pytest.raises(EnvironmentFault, match="not whole"):
        setups.restore(trees.setups, "k", trees.two)
    assert look(trees.two) == {}


def test_it_takes_the_place_of_what_a_broken_off_try_left(trees: Trees) -> None:
    trees.keep()
    (trees.two / "node_modules/a").mkdir(parents=True)
    (trees.two / "node_modules/a/stale").write_text("stale")
    setups.restore(trees.setups, "k", trees.two)
    assert look(trees.two) == look(trees.one)


def test_every_fact_has_a_key_of_its_own() -> None:
    others = [
        replace(FACTS, commands=("npm i",)),
        replace(FACTS, network=True),
        replace(FACTS, sandboxed=False),
        replace(FACTS, locks=(("package-lock.json", "abd"),)),
        replace(FACTS, locks=(("web/package-lock.json", "abc"),)),
        replace(FACTS, copied=((".npmrc", 3, 4),)),
        replace(FACTS, tools=(("node", "/usr/bin/node", 2),)),
    ]
    keys = [FACTS.key(), FACTS.key(tree="t1"), FACTS.key(tree="t2"), *(f.key() for f in others)]
    assert len(set(keys)) == len(keys)
    assert FACTS.key() == replace(FACTS).key()


def test_lock_files_are_those_of_the_base_and_not_of_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    box = git_sandbox.make(tmp_path / "repo")
    box.write("web/package-lock.json", b"{}")
    box.write("ü/uv.lock", b"1")
    box.write("a.txt", b"1")
    box.commit()
    repo = open_repository(box.root)
    base = snapshots.take(repo, repo.root, run="r", task="T", name="base")
    before = setups.lock_files(repo, base.tree)
    assert [path for path, _ in before] == ["web/package-lock.json", "ü/uv.lock"]
    box.write("web/package-lock.json", b'{"evil": 1}')
    assert setups.lock_files(repo, base.tree) == before
    later = snapshots.take(repo, repo.root, run="r", task="T", name="later")
    assert setups.lock_files(repo, later.tree) != before


def test_tidying_takes_the_old_the_half_made_and_the_oldest_beyond_the_size(trees: Trees) -> None:
    for number, key in enumerate("abcd"):
        trees.keep(key)
        at = 1_000 * DAY - (5 - number) * DAY
        os.utime(trees.setups / key, ns=(at * 10**6, at * 10**6))
    (trees.setups / ".new-0123-k").mkdir()
    size = setups.bytes_of(trees.setups / "a")
    assert size > 0
    now = 1_000 * DAY
    setups.tidy(trees.setups, but="a", days=30, most_bytes=2 * size, now_ms=now)
    assert trees.names() == ["a", "c", "d"], "the one just made stays, the others by their use"
    setups.tidy(trees.setups, but="", days=2, most_bytes=9 * size, now_ms=now)
    assert trees.names() == ["d"]
    setups.restore(trees.setups, "d", trees.two)
    assert setups.used_ms(trees.setups / "d") > 1_500_000_000_000, "a use counts"


def test_the_manifest_says_what_is_there(trees: Trees) -> None:
    trees.keep()
    found = json.loads((trees.setups / "k/manifest.json").read_text())
    assert found["roots"] == ["node_modules", "pkg/node_modules"]
    assert found["paths"]["node_modules/a/index.js"] == 1
