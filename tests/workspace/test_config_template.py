"""The written config file explains every key and changes nothing; edits keep every comment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import tomlkit
from config_files import Place, place_in

from makeitso.errors import ConfigError
from makeitso.protocol.config import Config
from makeitso.workspace import config_keys
from makeitso.workspace.config_edit import set_value
from makeitso.workspace.config_template import config_template

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return place_in(tmp_path)


def test_as_written_it_changes_nothing_and_needs_no_trust(place: Place) -> None:
    place.workspace(config_template())
    loaded = place.load()
    assert loaded.problems == ()
    assert loaded.config == Config()
    assert place.agree_needed() is False


def test_every_default_in_it_is_the_default(place: Place) -> None:
    text = config_template().partition("# A profile is")[0]
    live = re.sub(r"(?m)^# ((?:[a-z_]+ = |\[).*)$", r"\1", text)
    live = live.replace("[debug.targets.NAME]", "[debug.targets.a]").partition("[repos.NAME]")[0]
    place.user(live)
    loaded = place.load()
    assert loaded.problems == ()
    plain = loaded.config.model_copy(update={"debug": Config().debug})
    assert plain == Config()
    unset = {key for key, source in loaded.sources.items() if source.kind == "default"}
    assert unset == set()


def test_every_key_is_there_with_its_meaning() -> None:
    text = config_template()
    joined = re.sub(r"\n# {3}", " ", text)
    for path, key in config_keys.keys().items():
        assert f"\n# {path[-1]} = " in text
        assert key.description in joined
        for choice in key.choices:
            assert choice in joined


def test_no_line_is_too_long() -> None:
    assert max(map(len, config_template().splitlines())) <= 100


def test_the_profile_it_shows_works(place: Place) -> None:
    tail = config_template().partition("# [profiles")[2]
    place.user("[profiles" + tail.replace("# ", ""))
    loaded = place.load(profile="careful")
    assert loaded.config.manager.approval == "manual"
    assert loaded.problems == ()


def test_setting_a_value_keeps_every_other_byte(place: Place) -> None:
    path = place.user(
        "# top\n[manager] # who\napproval = 'manual'   # careful\n\nseed=3\n[ui]\n# end"
    )
    set_value(path, "manager.approval", "delegate")
    assert path.read_text() == (
        '# top\n[manager] # who\napproval = "delegate"   # careful\n\nseed=3\n[ui]\n# end'
    )


def test_setting_makes_file_and_tables(place: Place) -> None:
    path = place.dirs.config / "deep/config.toml"
    set_value(path, "workers.codex.extra_args", ("-c", "x"))
    set_value(path, 'debug.targets."a b".program', "p")
    tree = tomlkit.parse(path.read_text()).unwrap()
    assert tree == {
        "workers": {"codex": {"extra_args": ["-c", "x"]}},
        "debug": {"targets": {"a b": {"program": "p"}}},
    }


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("manager.aproval", "manual", "no config key"),
        ("manager", 1, "no config key"),
        ("manager.approval", "sometimes", "expected one of"),
        ("manager.seed", "3", "a whole number"),
    ],
)
def test_what_makes_no_sense_is_not_written(
    place: Place, key: str, value: object, message: str
) -> None:
    path = place.user("# mine\n")
    with pytest.raises(ConfigError, match=message):
        set_value(path, key, value)
    assert path.read_text() == "# mine\n"


@pytest.mark.parametrize("text", ["[manager", "manager = 3"])
def test_a_damaged_file_is_not_touched(place: Place, text: str) -> None:
    path = place.user(text)
    with pytest.raises(ConfigError, match="config"):
        set_value(path, "manager.seed", 3)
    assert path.read_text() == text


def test_a_link_stays_a_link(place: Place, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("# mine\n")
    place.dirs.config.mkdir()
    place.dirs.config_file.symlink_to(real)
    set_value(place.dirs.config_file, "manager.seed", 3)
    assert place.dirs.config_file.is_symlink()
    assert "seed = 3" in real.read_text()
