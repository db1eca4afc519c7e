"""A workspace and a person's config directory on disk, for tests of settings and trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.workspace import config, trust
from makeitso.workspace.paths import UserDirs

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.trust import TrustState


@dataclass(frozen=True)
class Place:
    root: Path
    dirs: UserDirs

    def write(self, relative: str, text: str) -> Path:
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def user(self, text: str) -> Path:
        self.dirs.config.mkdir(parents=True, exist_ok=True)
        self.dirs.config_file.write_text(text, encoding="utf-8")
        return self.dirs.config_file

    def workspace(self, text: str) -> Path:
        return self.write(".makeitso/config.toml", text)

    def agree(self) -> TrustState:
        trust.grant(trust.status(self.root, dirs=self.dirs), at=1, dirs=self.dirs)
        return trust.status(self.root, dirs=self.dirs)

    def agree_needed(self) -> bool:
        return trust.status(self.root, dirs=self.dirs).state != "trusted"

    def load(self, *overrides: str, profile: str = "") -> config.LoadedConfig:
        return trust.load_config(self.root, profile=profile, overrides=overrides, dirs=self.dirs)[0]


def place_in(tmp_path: Path) -> Place:
    root = tmp_path / "work"
    root.mkdir()
    return Place(root, UserDirs(config=tmp_path / "config", state=tmp_path / "state"))


def found(loaded: config.LoadedConfig) -> list[tuple[str, str, int]]:
    """Code, key and line (from 1) of every problem."""
    return [(p.problem.code, p.key, p.problem.span.line + 1) for p in loaded.problems]
