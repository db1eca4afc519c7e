"""`[monitor]` follows the config files while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import UsageError
from makeitso.wiring.live import LOOK_S, LiveMonitor
from makeitso.workspace.config import load
from makeitso.workspace.paths import UserDirs, user_dirs

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from makeitso.workspace.config import LoadedConfig


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def _user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UserDirs:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home/.config"))
    return user_dirs()


def test_a_changed_file_is_read_and_a_broken_one_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dirs, clock = _user(tmp_path, monkeypatch), Clock()
    dirs.config_file.parent.mkdir(parents=True)
    dirs.config_file.write_text("[monitor]\nloop_limit = 5\n")
    loads: list[int] = []

    def again() -> LoadedConfig:
        loads.append(1)
        if dirs.config_file.exists() and "boom" in dirs.config_file.read_text():
            raise UsageError("gone")
        return load(tmp_path, dirs=dirs)

    live = LiveMonitor(load(tmp_path, dirs=dirs), again, clock=clock)
    assert live().loop_limit == 5
    dirs.config_file.write_text("[monitor]\nloop_limit = 77\n")
    assert live().loop_limit == 5, "it looks at most once a second"
    clock.now += LOOK_S
    assert live().loop_limit == 77
    clock.now += LOOK_S
    assert live().loop_limit == 77
    assert len(loads) == 1, "an unchanged file was read again"
    dirs.config_file.write_text("[monitor]\nloop_limit = 4\n# boom\n")
    clock.now += LOOK_S
    assert live().loop_limit == 77
    dirs.config_file.unlink()
    clock.now += LOOK_S
    assert live().loop_limit == 3
