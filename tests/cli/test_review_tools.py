"""`mis review` with the programs a person told git to use; scripts stand for them."""

from __future__ import annotations

import json
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


def rows(mis: Mis) -> list[dict[str, object]]:
    return json.loads(mis("review", "--json").out)


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
    assert " 1 file, 1 hunk, +1 -1" in mis("review", "--from", "speed", "--stat").out


def test_a_hunk_is_edited_in_the_editor_that_git_would_start(desk: Desk) -> None:
    mis, box = desk
    mis("review", "open", "speed")
    (row,) = rows(mis)
    box.git("config", "core.editor", "f() { sed -i 's/^+three/+THREE/' \"$1\"; }; f")
    ended = mis("review", "edit", str(row["id"]))
    assert ended.code == 0, ended.err
    assert (box.root / "a.txt").read_text() == "1\n2\nTHREE\n"


def test_an_editor_that_is_not_there_is_said_and_changes_nothing(desk: Desk) -> None:
    mis, box = desk
    mis("review", "open", "speed")
    (row,) = rows(mis)
    box.git("config", "core.editor", "no-such-editor-here")
    ended = mis("review", "edit", str(row["id"]))
    assert ended.code == 2
    assert "the editor `no-such-editor-here` cannot be started" in ended.err
    assert rows(mis) == [row]


def test_a_script_gives_the_hunk_as_it_is_to_be(desk: Desk, tmp_path: Path) -> None:
    mis, box = desk
    mis("review", "open", "speed")
    (row,) = rows(mis)
    name, shown = str(row["id"]), mis("review", "show", str(row["id"])).out
    file = tmp_path / "hunk"
    for text, why in (
        (shown.replace(" 2\n", " two\n"), "does not fit a.txt at line 2"),
        (shown * 2, "holds 2 hunks"),
        ("three\n", "holds 0 hunks"),
    ):
        file.write_text(text)
        ended = mis("review", "edit", name, "--as", str(file))
        assert (ended.code, why in ended.err) == (2, True), ended.err
        assert rows(mis) == [row]
    file.write_text(shown.replace("+three\n", "+THREE\n"))
    assert mis("review", "edit", name, "--as", str(file)).code == 0
    assert (box.root / "a.txt").read_text() == "1\n2\nTHREE\n"
