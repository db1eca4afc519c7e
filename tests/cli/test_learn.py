"""`mis learn` and `mis approve`: from lines nobody knows to a pattern, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest
from mis_process import Mis, mis_in

if TYPE_CHECKING:
    from pathlib import Path

LIBRARY = ".makeitso/protocol/regexes.toml"


def log(run: int) -> str:
    lines = [
        f"zlint: src/m{n + run * 10}.zz:{n + 3}:4: warning: value v{n} is odd" for n in range(6)
    ]
    return "\n".join(["src/a.c:3:4: error: bad thing", *lines, ""])


@pytest.fixture
def mis(tmp_path: Path) -> Mis:
    found = mis_in(tmp_path)
    for run in (1, 2):
        found.write(f"run{run}.log", log(run))
    (found.work / ".makeitso").mkdir()
    return found


def learned(mis: Mis, *args: str) -> dict[str, Any]:
    done = mis.inside("learn", "run1.log", "run2.log", "--json", *args)
    assert done.code == 0, done.err
    return cast("dict[str, Any]", done.json)


def understood(mis: Mis) -> int:
    rows = [json.loads(row) for row in mis.inside("parse", "--json", "run1.log").out.splitlines()]
    return sum(row["kind"] == "record" for row in rows)


def the_only_id(result: dict[str, Any]) -> str:
    (item,) = result["written"]
    return cast("str", item["proposal"]["id"])


def test_the_loop_closes_and_opens_again(mis: Mis) -> None:
    result = learned(mis)
    assert (result["groups"], result["lines"], result["explained"]) == (1, 14, 2)
    name = the_only_id(result)
    assert understood(mis) == 1
    listed = mis.inside("approve", "--proposals")
    assert f"{name}  open" in listed.out
    assert "✓ golden" in listed.out
    assert "+name = " in listed.out
    assert mis("approve", name).code == 0
    assert understood(mis) == 7
    assert "is trusted" in mis.inside("trust").out
    assert learned(mis)["groups"] == 0
    assert mis.inside("approve", "--proposals").out == ""
    done = mis("learn", "--rollback", name, "--because", "too wide")
    assert (done.code, done.out) == (0, f"{name} rolled back; the file is as it was\n")
    assert not (mis.work / LIBRARY).exists()
    assert understood(mis) == 1
    history = mis.inside("learn", "--history").out
    words = [line.split()[2] for line in history.splitlines()]
    assert words == ["proposed", "applying", "applied", "rolling-back", "rolled-back"]
    again = learned(mis)
    assert again["written"] == []
    assert any("rolled-back before: too wide" in reason for reason in again["refused"])


def test_one_run_alone_proves_nothing(mis: Mis) -> None:
    done = mis.inside("learn", "run1.log", "--json")
    result = cast("dict[str, Any]", done.json)
    assert result["written"] == []
    assert "2 runs are needed" in result["refused"][0]


def test_what_was_denied_is_not_proposed_again(mis: Mis) -> None:
    name = the_only_id(learned(mis))
    file = f".makeitso/proposals/{name}.toml"
    done = mis.inside("approve", "--deny", "--because", "chatty", file)
    assert f"{name} denied" in done.out
    assert learned(mis)["refused"] == [f"{name}: denied before: chatty"]
    assert mis.inside("approve", name).code == 0


def test_auto_lets_in_what_passes_and_a_risky_one_never(mis: Mis) -> None:
    for run in (1, 2):
        lines = [f"q {run * 100 + n} {'x' * n}z" for n in range(1, 7)]
        mis.write(f"run{run}.log", log(run) + "\n".join(lines) + "\n")
    result = learned(mis, "--mode", "auto")
    assert len(result["applied"]) == 1
    assert understood(mis) == 7
    assert any(item["proposal"]["risks"] for item in result["written"])
    for item in result["written"]:
        risky = bool(item["proposal"]["risks"])
        assert item["state"] == ("open" if risky else "applied")


def test_a_dry_run_writes_nothing(mis: Mis) -> None:
    result = learned(mis, "--dry-run", "--mode", "auto")
    assert len(result["written"]) == 1
    assert not (mis.work / ".makeitso/proposals").exists()


def test_off_is_off(mis: Mis) -> None:
    done = mis.inside("-c", "learning.mode=off", "learn", "run1.log")
    assert done.code == 2
    assert "learning is off" in done.err


def test_an_edited_proposal_is_looked_at_again_and_left_alone(mis: Mis) -> None:
    name = the_only_id(learned(mis))
    path = mis.work / f".makeitso/proposals/{name}.toml"
    text = path.read_text()
    path.write_text(text.replace("zlint: +", ".*zlint: +(?P<nonsense>)"))
    done = mis.inside("approve", name)
    assert done.code == 2
    assert "does not pass the gate" in done.err
    assert not (mis.work / LIBRARY).exists()
    assert learned(mis)["refused"] == [f"{name}: it was edited by hand and is left as it is"]
    path.write_text(text.replace("[[gate]]", "[[gate", 1))
    done = mis.inside("approve", "--proposals")
    assert done.code == 1
    assert f"{name}.toml:" in done.out


def test_a_workspace_nobody_trusts_is_not_changed(mis: Mis) -> None:
    name = the_only_id(learned(mis))
    mis.write(LIBRARY, "# somebody's\n")
    done = mis.inside("approve", name)
    assert done.code == 2
    assert "not trusted" in done.err
    assert (mis.work / LIBRARY).read_text() == "# somebody's\n"


GOLDEN = ".makeitso/golden"


def test_in_ci_nothing_is_let_in_and_the_exit_code_tells(mis: Mis) -> None:
    mis.write(f"{GOLDEN}/known.log", "src/a.c:3:4: error: bad thing\n")
    assert mis("learn", "--ci").code == 0
    for run in (1, 2):
        mis.write(f"{GOLDEN}/run{run}.log", log(run))
    done = mis("learn", "--ci", "-c", "learning.mode=auto")
    assert done.code == 3
    assert not (mis.work / LIBRARY).exists()
    assert len(list((mis.work / ".makeitso/proposals").glob("p-*.toml"))) == 1


def test_a_golden_log_that_reads_differently_breaks_ci(mis: Mis) -> None:
    path = mis.write(f"{GOLDEN}/known.log", "src/a.c:3:4: error: bad thing\nnobody knows\n")
    rows = mis.inside("parse", "--json", str(path)).out
    mis.write(f"{GOLDEN}/known.jsonl", rows)
    assert mis.inside("learn", "--ci").code == 0
    mis.write(f"{GOLDEN}/known.jsonl", rows.replace("bad thing", "good thing"))
    done = mis.inside("learn", "--ci")
    assert done.code == 1
    assert "golden log broke: known.log: expected" in done.out


@pytest.mark.parametrize(
    "args",
    [
        ("--check", "x", "--ci"),
        ("--because", "x"),
        ("--mode", "sometimes", "run1.log"),
        ("gone.log",),
        ("r20310102-1",),
        ("--rollback", "p-none"),
    ],
)
def test_what_makes_no_sense_is_refused(mis: Mis, args: tuple[str, ...]) -> None:
    done = mis.inside("learn", *args)
    assert done.code == 2
    assert "mis: " in done.err
