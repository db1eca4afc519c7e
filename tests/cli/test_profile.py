"""`mis profile` shows profiles, and every setting with the place it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from mis_process import Mis, mis_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


def keys(mis: Mis, *args: str) -> dict[str, dict[str, Any]]:
    done = mis("profile", "show", "--json", *args)
    assert done.code == 0, done.err
    answer = cast("dict[str, Any]", done.json)
    return {item["key"]: item for item in answer["keys"]}


def test_no_profile(mis: Mis) -> None:
    done = mis("profile")
    assert done.code == 0
    assert "config/makeitso/config.toml  (missing)" in done.out
    assert mis("profile", "--json").json == []
    assert mis("profile", "list").out == done.out


def test_profiles_and_their_files(mis: Mis) -> None:
    user = mis.user_config("[profiles.careful]\n[profiles.fast]\n")
    own = mis.write(".makeitso/config.toml", "[profiles.careful]\n")
    assert mis.inside("--profile", "fast", "profile", "list", "--json").json == [
        {"name": "careful", "active": False, "files": [str(user), str(own)]},
        {"name": "fast", "active": True, "files": [str(user)]},
    ]
    assert mis.inside("profile").out.splitlines()[0] == f"  careful  {user}, {own}"


def test_every_key_with_its_source(mis: Mis) -> None:
    user = mis.user_config("[manager]\nseed = 1\n[profiles.p.manager]\nmax_rounds = 2\n")
    shown = keys(mis, "p", "-c", "ui.profile=me")
    assert shown["manager.seed"]["value"] == 1
    assert shown["manager.seed"]["source"] == {
        "kind": "file",
        "side": "user",
        "path": str(user),
        "line": 2,
        "profile": None,
    }
    assert shown["manager.max_rounds"]["source"]["profile"] == "p"
    assert shown["ui.profile"]["source"]["kind"] == "flag"
    assert shown["policies.network"]["source"]["kind"] == "default"
    assert len(shown) > 60
    plain = mis.inside("profile", "show", "p").out
    assert f"manager.seed = 1  # {user}:2\n" in plain
    assert f"manager.max_rounds = 2  # {user}:4 (profile p)\n" in plain
    assert 'policies.network = "ask"  # default\n' in plain


def test_problems_are_said_with_their_place(mis: Mis) -> None:
    user = mis.user_config("[manager]\naproval = 'manual'\nmax_concurrency = 'two'\n")
    done = mis.inside("profile", "show", "--json")
    assert done.code == 0
    problems = cast("dict[str, Any]", done.json)["problems"]
    assert [(p["code"], p["key"], p["path"], p["line"], p["column"]) for p in problems] == [
        ("unknown-key", "manager.aproval", str(user), 2, 1),
        ("wrong-value", "manager.max_concurrency", str(user), 3, 19),
    ]
    assert f"{user}:2:1: warning: unknown key manager.aproval; did you mean" in done.err
    assert f"{user}:3:19: error: manager.max_concurrency: expected a whole number" in done.err


def test_a_broken_file_stops_nothing_that_only_shows(mis: Mis) -> None:
    mis.user_config("[manager\n")
    done = mis.inside("profile", "show")
    assert done.code == 0
    assert "config.toml:1:9: error: config.toml is not valid TOML" in done.err


def test_one_key_explained(mis: Mis) -> None:
    user = mis.user_config("[policies]\nnetwork = 'never'\n")
    done = mis.inside("profile", "show", "--key", "policies.network", "-c", "policies.network=ask")
    assert done.out.splitlines() == [
        'policies.network = "ask"',
        "  Network for workers: never, ask, auto.",
        '  default: "ask"',
        '  holds: "ask" from command line',
        f'  overridden: "never" from {user}:2',
    ]
    assert list(keys(mis, "--key", "policies.network")) == ["policies.network"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("profile", "show", "--key", "manager.aproval"), "Did you mean manager.approval?"),
        (("profile", "show", "--key", "manager.aproval", "--json"), "Did you mean manager.appro"),
        (("profile", "show", "nope"), "no profile nope"),
        (("--profile", "nope", "profile", "show"), "no profile nope"),
        (("-c", "manager.seed", "profile", "show"), "not key=value"),
        (("-c", "manager.seed=x", "profile", "show"), "expected a whole number"),
        (("-c", "manager.sed=1", "profile", "show"), "did you mean manager.seed?"),
    ],
)
def test_wrong_calls(mis: Mis, args: tuple[str, ...], said: str) -> None:
    done = mis.inside(*args)
    assert done.code == 2
    assert said in done.err
