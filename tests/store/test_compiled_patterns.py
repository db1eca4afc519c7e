from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from makeitso.store.compiled import KEPT, CompiledPatterns

if TYPE_CHECKING:
    from pathlib import Path


def key(number: int) -> str:
    return f"{number:064x}"


def test_what_is_kept_comes_back_and_the_oldest_goes(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "patterns"
    kept = CompiledPatterns(folder)
    assert kept.get(key(0)) is None
    for number in range(KEPT + 3):
        kept.put(key(number), b"%d" % number)
        os.utime(folder / f"{key(number)}.hs", (number, number))
    assert kept.get(key(KEPT + 2)) == b"%d" % (KEPT + 2)
    assert kept.get(key(0)) is None
    assert len(list(folder.iterdir())) == KEPT
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = CompiledPatterns(tmp_path / "file" / "patterns")
    kept.put(key(1), b"x")
    assert kept.get(key(1)) is None
    with pytest.raises(ValueError, match="no key"):
        kept.get("../../etc/passwd")
