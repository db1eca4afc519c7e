"""How far a person has looked is kept for each door, and its loss is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.workspace.paths import WorkspaceState
from makeitso.workspace.seen import FILE, last_seen, remember

if TYPE_CHECKING:
    from pathlib import Path


def test_each_door_has_its_own_and_it_never_goes_back(tmp_path: Path) -> None:
    state = WorkspaceState(tmp_path / "s")
    assert last_seen(state, "cli") is None
    remember(state, "cli", 5)
    remember(state, "lsp", 9)
    remember(state, "cli", 3)
    assert (last_seen(state, "cli"), last_seen(state, "lsp")) == (5, 9)
    assert (state.path / FILE).stat().st_mode & 0o777 == 0o600
    assert state.path.stat().st_mode & 0o777 == 0o700


def test_a_damaged_file_is_as_none(tmp_path: Path) -> None:
    state = WorkspaceState(tmp_path)
    for text in ("", "{", "[1]", '{"cli": "x"}'):
        (tmp_path / FILE).write_text(text)
        assert last_seen(state, "cli") is None
    remember(state, "cli", 1)
    assert last_seen(state, "cli") == 1
