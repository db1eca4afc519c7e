"""kill -9 while a proposal is let in or taken back: the next call makes up for it."""

from __future__ import annotations

import json
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from cli.mis_process import Mis, mis_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.faults

LIBRARY = ".makeitso/protocol/regexes.toml"
OWN = "# mine\n[[pattern]]\nname = 'mine'\nintent = 'event'\nregex = '^mine did it$'\n"
STEPS = ("learning.begun", "learning.agreed", "learning.replaced", "learning.recorded")


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    found = mis_in(tmp_path)
    for run in (1, 2):
        lines = [f"zlint: m{n}.zz:{n}: warning: v{n} is odd" for n in range(run * 9, run * 9 + 6)]
        found.write(f"run{run}.log", "\n".join(lines) + "\n")
    found.write(LIBRARY, OWN)
    assert found("trust", "--yes").code == 0
    return found


def proposed(mis: Mis) -> str:
    done = mis("learn", "run1.log", "run2.log", "--json")
    (item,) = cast("dict[str, Any]", json.loads(done.out))["written"]
    return cast("str", item["proposal"]["id"])


def killed(mis: Mis, at: str, *args: str) -> None:
    ended = replace(mis, extra={**mis.extra, "MAKEITSO_CRASH_AT": at})(*args)
    assert ended.code == -signal.SIGKILL, f"{at} never fired: {ended}"


def states(mis: Mis) -> list[str]:
    found = json.loads(mis("approve", "--proposals", "--all", "--json").out)
    return [item["state"] for item in found["proposals"]]


@pytest.mark.parametrize("at", STEPS)
def test_killed_while_letting_in(mis: Mis, at: str) -> None:
    name = proposed(mis)
    killed(mis, at, "approve", name)
    done = at != "learning.begun"
    assert states(mis) == ["applied" if done else "open"]
    assert ("zlint" in (mis.work / LIBRARY).read_text()) is done
    assert "is trusted" in mis("trust").out
    assert mis("approve", name).code == 0
    assert mis("learn", "--rollback", name).code == 0
    assert (mis.work / LIBRARY).read_text() == OWN


@pytest.mark.parametrize("at", STEPS)
def test_killed_while_taking_back(mis: Mis, at: str) -> None:
    name = proposed(mis)
    assert mis("approve", name).code == 0
    killed(mis, at, "learn", "--rollback", name)
    done = at != "learning.begun"
    assert states(mis) == ["rolled-back" if done else "applied"]
    assert ("zlint" in (mis.work / LIBRARY).read_text()) is not done
    assert "is trusted" in mis("trust").out
    if not done:
        assert mis("learn", "--rollback", name).code == 0
    assert (mis.work / LIBRARY).read_text() == OWN
