from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import git_sandbox
from landing.interleaved import play

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [7, 4711])
def test_marks_edits_landings_and_undos_in_any_order_lose_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    done = play(tmp_path, steps=30, seed=seed, each=30)
    assert done["there and back"] > 0
    assert min(done["edits"], done["undone"]) > 0
    assert sum(count for what, count in done.items() if what.startswith("landed in")) > 0
