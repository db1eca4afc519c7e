"""What matches lines of output is a setting, and `mis doctor` says which it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from mis_process import Mis, mis_in

from makeitso.parsing import fast

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, str]
HYPERSCAN = ("-c", "learning.engine=hyperscan")


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    return mis_in(tmp_path)


def _patterns(mis: Mis, *settings: str) -> Row:
    checks = cast("dict[str, list[Row]]", mis(*settings, "doctor", "--json").json)["checks"]
    (row,) = [row for row in checks if row["name"] == "patterns"]
    return row


def test_doctor_says_what_matches(mis: Mis) -> None:
    assert _patterns(mis)["detail"] == "matched by RE2"
    row = _patterns(mis, *HYPERSCAN)
    if fast.version() is None:
        assert (row["state"], "makeitso-codex[fast]" in row["hint"]) == ("warning", True)
    else:
        assert (row["state"], row["detail"]) == ("ok", f"matched by Hyperscan ({fast.version()})")


@pytest.mark.skipif(fast.version() is None, reason="hyperscan is not installed")
def test_a_log_reads_the_same_and_what_was_compiled_is_kept(mis: Mis) -> None:
    log = mis.work / "build.log"
    log.write_bytes(b"a.c:1:2: error: expected ';'\nhello\nFAILED t.py::x - boom\xff\n")
    mis.extra["XDG_CACHE_HOME"] = str(mis.home / "cache")
    slow, quick = mis("parse", str(log), "--json"), mis(*HYPERSCAN, "parse", str(log), "--json")
    assert slow.out == quick.out
    assert "expected ';'" in quick.out
    kept = list((mis.home / "cache/makeitso/patterns").iterdir())
    assert kept
    again = mis(*HYPERSCAN, "parse", str(log), "--json")
    assert again.out == slow.out
    assert list((mis.home / "cache/makeitso/patterns").iterdir()) == kept
