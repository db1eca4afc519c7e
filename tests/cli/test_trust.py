"""`mis trust` shows what files carry, asks a person, and records what was shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Mis, mis_in

if TYPE_CHECKING:
    from pathlib import Path

QUESTION = "Do you trust these files? [y/N]"
CONFIG = '[policies]\nnetwork = "auto"\n[workers.codex]\ncommand = "./codex"\n'


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    mis = mis_in(tmp_path)
    mis.write(".makeitso/config.toml", CONFIG)
    return mis


def state(mis: Mis) -> str:
    done = mis("trust", "--json")
    assert done.code == 0
    return str(cast("dict[str, object]", done.json)["state"])


def test_nothing_to_trust(tmp_path: Path) -> None:
    mis = mis_in(tmp_path)
    done = mis("trust")
    assert done.code == 0
    assert "Nothing to trust" in done.out
    assert not (mis.work / ".makeitso").exists()


def test_it_shows_files_digests_and_what_they_carry(mis: Mis) -> None:
    done = mis.inside("trust")
    assert done.code == 2
    assert ".makeitso/config.toml  sha256:" in done.out
    assert 'policies.network = "auto"' in done.out
    assert 'workers.codex.command = "./codex"' in done.out
    assert "mis trust --yes" in done.err
    assert state(mis) == "untrusted"


def test_yes_records(mis: Mis) -> None:
    assert mis.inside("trust", "--yes").code == 0
    assert state(mis) == "trusted"
    assert "policies.network" in mis.inside("trust").out
    mis.write(".makeitso/config.toml", CONFIG + "# more\n")
    assert state(mis) == "changed"
    shown = mis.inside("trust")
    assert shown.code == 2
    assert "(changed)" in shown.out


def test_yes_for_a_script(mis: Mis) -> None:
    done = mis.inside("trust", "--yes", "--json")
    assert done.code == 0
    answer = cast("dict[str, object]", done.json)
    assert answer["state"] == "trusted"
    assert answer["workspace"] == str(mis.work)


@pytest.mark.parametrize(
    ("answer", "code", "after"), [("y\n", 0, "trusted"), ("\n", 2, "untrusted")]
)
def test_on_a_terminal_it_asks(mis: Mis, answer: str, code: int, after: str) -> None:
    done = mis.on_terminal("trust", until=QUESTION, answer=answer)
    assert done.code == code
    assert done.out.index("workers.codex.command") < done.out.index(QUESTION)
    assert state(mis) == after


def test_list_and_revoke(mis: Mis) -> None:
    assert mis.inside("trust", "--list").out == "No workspace is trusted.\n"
    mis.inside("trust", "--yes")
    assert mis.inside("trust", "--list").out == f"{mis.work}  (1 file)\n"
    (grant,) = cast("list[dict[str, object]]", mis.inside("trust", "--list", "--json").json)
    assert grant["workspace"] == str(mis.work)
    assert cast("int", grant["granted_at"]) > 1_700_000_000_000
    assert mis.inside("trust", "--revoke").out == "No longer trusted.\n"
    assert mis.inside("trust", "--revoke").out == "It was not trusted.\n"
    assert state(mis) == "untrusted"


def test_one_thing_at_a_time(mis: Mis) -> None:
    done = mis.inside("trust", "--list", "--revoke")
    assert done.code == 2
    assert "exclude each other" in done.err


def test_only_trust_brings_the_rights_into_force(mis: Mis) -> None:
    before = mis.inside("profile", "show")
    assert 'policies.network = "ask"  # default' in before.out
    assert f"{mis.work}/.makeitso/config.toml:2:11: warning: policies.network" in before.err
    mis.inside("trust", "--yes")
    after = mis.inside("profile", "show")
    assert f'policies.network = "auto"  # {mis.work}/.makeitso/config.toml:2' in after.out
    assert after.err == ""


def test_text_of_the_workspace_cannot_paint_the_terminal(tmp_path: Path) -> None:
    mis = mis_in(tmp_path)
    mis.write(".makeitso/config.toml", 'ui.open_url_command = "\\u001B[2J[bold]x\\u202E"\n')
    done = mis.inside("trust")
    assert "\\x1b[2J[bold]x\\u202e" in done.out
    assert "\x1b" not in done.out
    answer = json.loads(mis.inside("trust", "--json").out)
    assert answer["files"][0]["carries"] == ['ui.open_url_command = "\x1b[2J[bold]x\u202e"']
