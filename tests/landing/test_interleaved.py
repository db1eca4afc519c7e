from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from landing.flavours import ATTRIBUTES, AUTOCRLF, PLAIN, Flavour
from landing.interleaved import play

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("seed", "flavour"), [(7, PLAIN), (4711, AUTOCRLF), (99, ATTRIBUTES)])
def test_marks_edits_landings_and_undos_in_any_order_lose_nothing(
    tmp_path: Path, seed: int, flavour: Flavour
) -> None:
    done = play(tmp_path, steps=24, seed=seed, each=24, flavours=[flavour])
    assert done["there and back"] > 0
    assert min(done["edits"], done["undone"]) > 0
    assert sum(count for what, count in done.items() if what.startswith("landed in")) > 0
