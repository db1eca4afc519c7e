from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import psutil
import pytest

import git_sandbox
from makeitso.errors import EnvironmentFault, UserError
from makeitso.workspace.git import open_repository, read_head
from makeitso.workspace.git_process import GitPlace, clean_environment, run_git, try_git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def test_unborn_commit_and_detached_heads(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "r")
    repo = open_repository(box.root)
    assert (repo.head.kind, repo.head.branch, repo.head.commit) == ("unborn", "main", None)
    commit = box.commit()
    head = read_head(repo)
    assert (head.kind, head.branch, head.commit) == ("commit", "main", commit)
    box.git("checkout", "-q", "--detach")
    head = read_head(repo)
    assert (head.kind, head.branch, head.commit) == ("detached", None, commit)


def test_found_from_below_with_odd_names(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "größe 1\u3042")
    below = box.root / "a b" / "ü"
    below.mkdir(parents=True)
    repo = open_repository(below)
    assert repo.root == box.root.resolve()
    assert repo.git_dir == repo.common_dir == box.root.resolve() / ".git"


def test_linked_worktree_has_its_own_git_dir(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "r")
    box.commit()
    box.git("worktree", "add", "-q", "../other")
    repo = open_repository(tmp_path / "other")
    assert repo.root == (tmp_path / "other").resolve()
    assert repo.common_dir == (box.root / ".git").resolve()
    assert repo.git_dir.parent == repo.common_dir / "worktrees"


def test_refusals_say_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(UserError) as none:
        open_repository(tmp_path)
    assert "git init" in none.value.hint
    subprocess.run(["git", "init", "-q", "--bare", "bare"], cwd=tmp_path, check=True)
    with pytest.raises(UserError, match="bare"):
        open_repository(tmp_path / "bare")
    box = git_sandbox.make(tmp_path / "r")
    with pytest.raises(UserError, match="git directory"):
        open_repository(box.root / ".git")
    with pytest.raises(UserError, match="not a directory"):
        open_repository(tmp_path / "nowhere")


def test_no_git_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(EnvironmentFault) as fault:
        open_repository(tmp_path)
    assert "Install git" in fault.value.hint


def test_git_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho git version 2.17.1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", os.fspath(fake.parent))
    with pytest.raises(EnvironmentFault, match=r"2\.17\.1 is too old"):
        open_repository(tmp_path)


def test_variables_that_redirect_git_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = git_sandbox.make(tmp_path / "r")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/nowhere")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/nowhere")
    assert open_repository(box.root).root == box.root.resolve()
    env = clean_environment()
    assert "GIT_DIR" not in env
    assert "GIT_EXTERNAL_DIFF" not in env
    assert env["GIT_CONFIG_GLOBAL"] == "/dev/null"


def test_a_git_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    box = git_sandbox.make(tmp_path / "r")
    box.git("config", "alias.hang", f"!echo $$ > '{marker}'; sleep 600")
    with pytest.raises(EnvironmentFault, match="did not end"):
        run_git(
            ["hang"], place=GitPlace(git_dir=box.root / ".git", work_tree=box.root), timeout_s=3
        )
    pid = int(marker.read_text())
    until = time.monotonic() + 60
    while _runs(pid):
        assert time.monotonic() < until, "the child of git was left running"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    """Nobody may reap it in a container: a zombie has ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_failures_carry_what_git_said(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "r")
    place = GitPlace(git_dir=box.root / ".git")
    assert try_git(["rev-parse", "--verify", "nope"], place=place).code == 128
    with pytest.raises(EnvironmentFault, match="exit code 128"):
        run_git(["rev-parse", "--verify", "nope"], place=place)
