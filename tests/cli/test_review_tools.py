"""`mis review` with the programs a person told git to use; scripts stand for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from cli.mis_process import Mis

if TYPE_CHECKING:
    from pathlib import Path

    from git_sandbox import Sandbox

Desk = tuple[Mis, "Sandbox"]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "home").mkdir()
    box = git_sandbox.make(tmp_path / "work")
    box.write("a.txt", b"1\n2\n3\n")
    box.commit("one")
    box.git("checkout", "-q", "-b", "speed")
    box.write("a.txt", b"1\n2\nthree\n")
    box.commit("two")
    box.git("checkout", "-q", "main")
    return Mis(tmp_path / "home", box.root, dict(git_sandbox.ENVIRONMENT)), box


def test_a_diff_filter_gets_each_hunk(desk: Desk) -> None:
    mis, box = desk
    box.git("config", "interactive.diffFilter", "sed s/^/FILTERED/")
    ended = mis.on_terminal("review", "--from", "speed", until="accept this hunk", answer="q\n")
    assert "FILTERED\x1b[32m+three" in ended.out
    box.git("config", "interactive.diffFilter", "head -1")
    ended = mis.on_terminal("review", "--from", "speed", until="accept this hunk", answer="q\n")
    assert "shown without it" in ended.out
    assert "+three" in ended.out


def test_what_a_tool_saves_is_accepted(desk: Desk) -> None:
    mis, box = desk
    assert "ended with 1" in mis("review", "--from", "speed", "--tool", "false").err
    assert not (box.root / ".makeitso").exists()
    box.git("config", "difftool.fake.cmd", 'sed -i s/three/THREE/ "$REMOTE"')
    assert "as you saved it" in mis("review", "--from", "speed", "--tool", "fake").err
    assert (box.root / "a.txt").read_text() == "1\n2\nTHREE\n"


def test_scripts_learn_places_and_whether_something_waits(desk: Desk) -> None:
    mis, _ = desk
    shown = mis("review", "--from", "speed", "--quickfix")
    assert shown.out.startswith("a.txt:3:1: 3 [")
    assert mis("review", "--from", "speed", "--exit-code").code == 3
    assert mis("review", "--from", "speed", "--name-only").out == "a.txt\n"
    assert " 1 files, 1 hunks, +1 -1" in mis("review", "--from", "speed", "--stat").out
