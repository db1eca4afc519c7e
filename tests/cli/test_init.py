"""`mis init` writes what is missing, shows before it changes AGENTS.md, and twice is once."""

from __future__ import annotations

import hashlib
import signal
from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Mis, mis_in

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = "<!-- makeitso:dictionary:begin -->"
QUESTION = "Add this to AGENTS.md? [y/N]"


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_it_writes_settings_and_dictionary(mis: Mis) -> None:
    done = mis("init", "--yes", "--json")
    assert done.code == 0
    answer = cast("dict[str, object]", done.json)
    created = [".makeitso/.gitignore", ".makeitso/config.toml", "AGENTS.md"]
    assert answer["root"] == str(mis.work)
    assert answer["created"] == created
    assert answer["agents_md"] == "written"
    assert sorted(tree(mis.work)) == sorted(created)
    assert (mis.work / "AGENTS.md").read_text().startswith(BEGIN)
    assert str(answer["diff"]).startswith("--- /dev/null\n+++ b/AGENTS.md\n")


def test_twice_is_once(mis: Mis) -> None:
    mis.inside("init", "--yes")
    once = tree(mis.work)
    again = mis.inside("init", "--yes", "--json")
    assert tree(mis.work) == once
    answer = cast("dict[str, object]", again.json)
    assert (answer["created"], answer["agents_md"], answer["diff"]) == ([], "present", "")


def test_edits_survive(mis: Mis) -> None:
    mis.inside("init", "--yes")
    mis.write(".makeitso/config.toml", "# mine\n")
    mis.write(".makeitso/.gitignore", "# mine\n")
    agents = mis.work / "AGENTS.md"
    agents.write_text(agents.read_text().replace("Be terse.", "Be kind."))
    edited = tree(mis.work)
    assert mis.inside("init", "--yes").code == 0
    assert tree(mis.work) == edited


def test_what_stood_in_agents_md_stays_byte_for_byte(mis: Mis) -> None:
    before = b"\xef\xbb\xbf# R\xc3\xbcles\r\n\r\n- no tabs\r\nno end"
    path = mis.work / "AGENTS.md"
    path.write_bytes(before)
    path.chmod(0o640)
    assert mis.inside("init", "--yes").code == 0
    after = path.read_bytes()
    assert after.startswith(before)
    assert b"\n" not in after.replace(b"\r\n", b"")
    assert path.stat().st_mode & 0o777 == 0o640


def test_without_anybody_to_ask_agents_md_is_left_alone_and_that_is_said(mis: Mis) -> None:
    done = mis.inside("init")
    assert done.code == 0
    assert not (mis.work / "AGENTS.md").exists()
    assert (mis.work / ".makeitso/config.toml").exists()
    assert "nobody to ask" in done.out
    assert f"+{BEGIN}" in done.err


def test_it_can_be_told_to_leave_agents_md_alone(mis: Mis) -> None:
    mis.write("AGENTS.md", "# Ours\n")
    done = mis.inside("init", "--yes", "--no-agents-md")
    assert (mis.work / "AGENTS.md").read_text() == "# Ours\n"
    assert "left alone" in done.out
    assert BEGIN not in done.err


def test_the_root_gitignore_is_never_touched(mis: Mis) -> None:
    mis.write(".gitignore", "x\n")
    mis.inside("init", "--yes")
    assert (mis.work / ".gitignore").read_text() == "x\n"


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("\n", False), ("n\n", False)])
def test_on_a_terminal_it_shows_and_asks(mis: Mis, answer: str, written: bool) -> None:
    done = mis.on_terminal("init", until=QUESTION, answer=answer)
    assert done.code == 0
    assert done.out.index(f"+{BEGIN}") < done.out.index(QUESTION)
    assert (mis.work / "AGENTS.md").exists() is written


def test_interrupted_at_the_question(mis: Mis) -> None:
    done = mis.on_terminal("init", until=QUESTION, answer=signal.SIGINT)
    assert done.code == 130
    assert not (mis.work / "AGENTS.md").exists()
    assert "Traceback" not in done.out


def test_the_end_of_input_is_a_no(mis: Mis) -> None:
    done = mis.on_terminal("init", until=QUESTION, answer="\x04")
    assert done.code == 0
    assert not (mis.work / "AGENTS.md").exists()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\xff\xfe", "cannot read"),
        (f"x\n{BEGIN}\nno end\n".encode(), "AGENTS.md:2: "),
    ],
)
def test_an_agents_md_that_cannot_be_used_changes_nothing(mis: Mis, raw: bytes, said: str) -> None:
    (mis.work / "AGENTS.md").write_bytes(raw)
    done = mis.inside("init", "--yes")
    assert done.code == 2
    assert said in done.err
    assert "--no-agents-md" in done.err
    assert list(tree(mis.work)) == ["AGENTS.md"]
    assert mis.inside("init", "--yes", "--no-agents-md").code == 0


def test_a_link_inside_is_followed_and_one_out_is_not(mis: Mis, tmp_path: Path) -> None:
    real = mis.write("docs/RULES.md", "# Rules\n")
    (mis.work / "AGENTS.md").symlink_to("docs/RULES.md")
    assert mis.inside("init", "--yes").code == 0
    assert BEGIN in real.read_text()
    assert (mis.work / "AGENTS.md").is_symlink()
    (tmp_path / "out.md").write_text("x")
    (mis.work / "AGENTS.md").unlink()
    (mis.work / "AGENTS.md").symlink_to(tmp_path / "out.md")
    assert mis.inside("init", "--yes").code == 2
    assert (tmp_path / "out.md").read_text() == "x"


def test_what_it_wrote_needs_no_trust(mis: Mis) -> None:
    mis.inside("init", "--yes")
    state = cast("dict[str, object]", mis.inside("trust", "--json").json)
    assert (state["state"], state["files"]) == ("trusted", [])
    problems = cast("dict[str, object]", mis.inside("profile", "show", "--json").json)["problems"]
    assert problems == []


def test_from_a_directory_below_it_sets_up_the_repository(mis: Mis) -> None:
    (mis.work / "a/b").mkdir(parents=True)
    assert Mis(mis.home, mis.work / "a/b")("init", "--no-agents-md").code == 0
    assert (mis.work / ".makeitso/config.toml").exists()
    assert not (mis.work / "a/b/.makeitso").exists()


def test_a_workspace_that_cannot_be_written(mis: Mis) -> None:
    (mis.work / ".makeitso").write_text("in the way")
    done = mis.inside("init", "--yes", "--json")
    assert done.code == 2
    assert cast("dict[str, object]", done.json)["type"] == "error"
    assert not (mis.work / "AGENTS.md").exists()
