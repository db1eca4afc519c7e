"""Repositories in every state: what is refused says why, what works leaves the person's git alone.

Each test here is a row of docs/bad-input.md.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

import git_sandbox
from e2e.harness import world
from e2e.stories import FILES, PLAN, change, never, spell, work

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def test_no_git_repository(tmp_path: Path) -> None:
    with world(tmp_path, never(), files=FILES) as w:
        shutil.rmtree(w.root / ".git")
        for args in (("run", "a goal", "--yes"), ("run", w.plan("spell", PLAN))):
            w.mis(*args).expect(2, "not in a git repository", "git init")
        assert not (w.root / ".makeitso/journal.db").exists(), "a run that never was is recorded"
        w.mis("status").expect(0, "no runs yet")
        w.mis("resume").expect(2, "no run is open")
        w.mis("review", "--json").expect(0)


def test_no_commits_and_a_path_with_spaces_and_umlauts(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES, commit=False, name="mein Gedicht ü 詩") as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "done")
        assert "line two\n" in w.read("poem.txt")
        assert w.box.text("for-each-ref", "refs/heads") == "", "a commit was made"
        assert w.box.text("ls-files") == "", "the index was touched"


def dirty(w: World) -> None:
    """Staged, unstaged and untracked, all at once."""
    w.box.write("staged.txt", b"staged\n")
    w.box.git("add", "staged.txt")
    w.box.write("staged.txt", b"staged\nand more\n")
    w.box.write("new file.txt", b"untracked\n")
    poem = w.read("poem.txt").replace("line 30", "my line 30")
    (w.root / "poem.txt").write_text(poem)


def test_a_dirty_tree_with_a_detached_head_and_a_submodule(tmp_path: Path) -> None:
    other = git_sandbox.make(tmp_path / "other")
    other.write("inner.txt", b"inner\n")
    other.commit()
    script = work(
        change("line 2", "line two"), change("and more", "and much more", path="staged.txt")
    )
    plan = PLAN.replace("`poem.txt`\n", "`poem.txt`, `staged.txt`\n")
    with world(tmp_path, script, files=FILES) as w:
        w.box.git(
            "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other.root), "sub"
        )
        w.box.commit("with a submodule")
        w.box.git("checkout", "-q", "--detach")
        (w.root / "sub/inner.txt").write_text("dirty inner\n")
        dirty(w)
        before = w.box.state()
        w.mis("run", w.plan("spell", plan), "--yes").expect(0, "Submodules are included at")
        assert w.read("poem.txt").splitlines()[1] == "line two"
        assert w.read("poem.txt").splitlines()[29] == "my line 30", "the person's edit is gone"
        assert w.read("staged.txt") == "staged\nand much more\n"
        assert w.read("sub/inner.txt") == "dirty inner\n"
        assert w.read("new file.txt") == "untracked\n"
        after = w.box.state()
        assert {k: after[k] for k in ("index", "head", "refs")} == {
            k: before[k] for k in ("index", "head", "refs")
        }
