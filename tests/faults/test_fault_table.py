"""The table of fault points is the code's own, and a name outside it is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import makeitso
from cli.mis_process import mis_in
from makeitso.wiring.faults import STEPS, points

SOURCE = Path(makeitso.__file__).parent
GENERAL = {"recording", "recorded"}


def called() -> set[str]:
    """Every name a call of the hook gives as it stands in the source."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found |= set(re.findall(r'fault\("([^"]+)"\)', path.read_text("utf-8")))
    return found


def test_the_table_names_every_call_and_nothing_else() -> None:
    assert called() == set(STEPS)


def test_names_made_up_when_running_are_those_of_events() -> None:
    made_up = {
        text
        for path in SOURCE.rglob("*.py")
        for text in re.findall(r'fault\((f"[^"]+")\)', path.read_text("utf-8"))
    }
    assert made_up == {'f"recording.{data.type}"', 'f"recorded.{data.type}"'}
    assert set(points()) >= GENERAL


def test_the_points_are_listed(tmp_path: Path) -> None:
    mis = mis_in(tmp_path)
    listed = json.loads(mis("doctor", "--fault-points", "--json").out)
    assert {row["name"]: row["meaning"] for row in listed} == dict(points())
    plain = mis("doctor", "--fault-points").out
    assert all(name in plain for name in points())


def test_an_unknown_point_is_refused(tmp_path: Path) -> None:
    mis = mis_in(tmp_path, MAKEITSO_CRASH_AT="no.such.point")
    ended = mis("status")
    assert ended.code == 2
    assert "names no fault point" in ended.err
    assert not (mis.work / ".makeitso").exists()
