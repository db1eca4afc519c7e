"""`mis learn --check`: what is wrong in a library, for a person and for a script."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from mis_process import Mis, mis_in

from makeitso.prompts.packaged import packaged_text

if TYPE_CHECKING:
    from pathlib import Path

LOOSE = "[[pattern]]\nname = 'acme'\nintent = 'event'\nregex = 'acme did it'\n"


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


def test_the_packaged_library_passes(mis: Mis) -> None:
    mis.write("lib.toml", packaged_text("regexes.toml"))
    done = mis.inside("learn", "--check", "lib.toml", "--json")
    assert (done.code, done.json) == (0, {"file": "lib.toml", "problems": []})


def test_a_warning_is_shown_with_its_way_out_and_fails_nothing(mis: Mis) -> None:
    mis.write("lib.toml", LOOSE)
    done = mis.inside("learn", "--check", "lib.toml")
    assert done.code == 0
    assert "lib.toml:4:10: warning: acme: not anchored" in done.out
    assert "\n        ^acme did it\n" in done.out


def test_an_error_in_any_file_is_exit_code_1(mis: Mis) -> None:
    mis.write("good.toml", LOOSE)
    mis.write("bad.toml", LOOSE.replace("did it", "("))
    done = mis.inside("learn", "--check", "bad.toml", "good.toml", "--json")
    assert done.code == 1
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert [p["code"] for p in first["problems"]] == ["pattern-regex"]
    assert second["problems"][0]["fixes"][0]["new_text"] == "^acme did it"


def test_a_proposal_is_read_as_one(mis: Mis) -> None:
    anchored = LOOSE.replace("'acme did", "'^acme did")
    mis.write("p.toml", f"id = 'acme-1'\ntitle = 't'\n{anchored}\n[support]\nlines = 3\n")
    done = mis.inside("learn", "--check", "p.toml")
    assert (done.code, done.out) == (0, "p.toml: nothing is wrong\n")


@pytest.mark.parametrize("args", [(), ("--check", "gone.toml")])
def test_what_makes_no_sense_is_refused(mis: Mis, args: tuple[str, ...]) -> None:
    done = mis.inside("learn", *args)
    assert done.code == 2
    assert "mis: " in done.err
