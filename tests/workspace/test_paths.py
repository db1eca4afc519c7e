"""Where the workspace is found, what is created in it, and what lies beside it."""

from __future__ import annotations

import stat
import subprocess
from typing import TYPE_CHECKING

import pytest

from makeitso.errors import UsageError
from makeitso.workspace import paths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


def test_the_nearest_directory_of_ours_is_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "a/.makeitso").mkdir(parents=True)
    (tmp_path / "a/b/.git").mkdir(parents=True)
    (tmp_path / "a/b/c").mkdir()
    assert paths.find_root(tmp_path / "a/b/c") == tmp_path / "a"


def test_else_the_git_repository_even_as_a_worktree(tmp_path: Path) -> None:
    (tmp_path / "r/sub").mkdir(parents=True)
    (tmp_path / "r/.git").write_text("gitdir: elsewhere")
    assert paths.find_root(tmp_path / "r/sub") == tmp_path / "r"


def test_else_where_one_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").mkdir()
    monkeypatch.chdir(tmp_path / "x")
    assert paths.find_root() == tmp_path / "x"


def test_home_is_no_workspace_of_what_lies_below(home: Path) -> None:
    (home / ".makeitso").mkdir()
    (home / "project/.git").mkdir(parents=True)
    assert paths.find_root(home / "project") == home / "project"
    assert paths.find_root(home) == home


def test_a_file_of_that_name_is_no_workspace(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / ".makeitso").write_text("")
    assert paths.find_root(tmp_path / "x") == tmp_path / "x"


def test_a_link_leads_to_the_real_place(tmp_path: Path) -> None:
    (tmp_path / "r/.git").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "r")
    assert paths.find_root(tmp_path / "link") == tmp_path / "r"


def test_no_such_directory(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such directory"):
        paths.find_root(tmp_path / "missing")


def test_person_directories_follow_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "c"))
    monkeypatch.setenv("XDG_STATE_HOME", "relative/is/ignored")
    dirs = paths.user_dirs()
    assert dirs.config_file == tmp_path / "c/makeitso/config.toml"
    assert dirs.state.is_absolute()
    assert "relative" not in str(dirs.state)


def test_no_temporary_directory_is_above_a_codex_home(tmp_path: Path) -> None:
    dirs = paths.UserDirs(config=tmp_path / "c", state=tmp_path / "s")
    state = paths.workspace_state(tmp_path, dirs=dirs)
    places = [state.worktrees, state.codex, state.tmp]
    assert len({place.parent for place in places}) == 1
    assert not any(a in b.parents for a in places for b in places)
    assert state != paths.workspace_state(tmp_path / "s", dirs=dirs)


def test_one_workspace_has_one_state_whatever_it_is_called(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "r")
    assert paths.workspace_state(tmp_path / "r") == paths.workspace_state(tmp_path / "link")


def test_private_directories_are_private_all_the_way(tmp_path: Path) -> None:
    made = paths.private_dir(tmp_path / "a/b")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE(made.parent.stat().st_mode) == 0o700
    assert paths.private_dir(made) == made


def test_the_directory_ignores_all_but_what_may_be_committed(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    dot = paths.ensure_dot_makeitso(tmp_path)
    for file in (dot.config, dot.plans / "p.plan.md", dot.protocol / "prompts/x.md", dot.journal):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    for directory in (dot.artifacts, dot.replays, dot.review, dot.editors, dot.landing):
        directory.mkdir()
        (directory / "x").write_text("x")
    seen = subprocess.run(
        ["git", "-C", str(tmp_path), "status", "--porcelain", "-uall"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()[1::2]
    assert sorted(seen) == [
        ".makeitso/.gitignore",
        ".makeitso/config.toml",
        ".makeitso/plans/p.plan.md",
        ".makeitso/protocol/prompts/x.md",
    ]


def test_making_it_twice_keeps_what_was_edited(tmp_path: Path) -> None:
    dot = paths.ensure_dot_makeitso(tmp_path)
    dot.gitignore.write_text("# mine\n")
    paths.ensure_dot_makeitso(tmp_path)
    assert dot.gitignore.read_text() == "# mine\n"


def test_a_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "w/.makeitso").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="not a directory"):
        paths.ensure_dot_makeitso(tmp_path / "w")
    assert list((tmp_path / "elsewhere").iterdir()) == []
