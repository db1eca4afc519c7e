from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from journal import audit_tape as on
from makeitso.protocol import events as ev
from makeitso.requests.audit import read
from makeitso.wiring.bridge import Bridge
from makeitso.wiring.telemetry import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from makeitso.protocol.events import EventData

    Open = Callable[..., Bridge]

SECRET = "sk-planted-0123456789abcdef"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv("CODEX_API_KEY", SECRET)
    work = tmp_path / "work"
    subprocess.run(["git", "init", "-q", str(work)], check=True)
    return work


@pytest.fixture
def bridge(root: Path, request: pytest.FixtureRequest) -> Open:
    def opened(*overrides: str) -> Bridge:
        made = Bridge(root, client="test", overrides=overrides)
        request.addfinalizer(made.close)
        return made

    return opened


ON, OFF = "telemetry.enabled=true", "telemetry.enabled=false"


def say(bridge: Bridge, data: EventData, *, task: str | None = None) -> int:
    return bridge.journal.append(data, actor="engine", run="r1", task=task, phase="task").seq


def written(root: Path) -> list[dict[str, Any]]:
    path = root / ".makeitso/artifacts/telemetry.jsonl"
    return [json.loads(text) for text in path.read_text().splitlines()] if path.exists() else []


def seqs(root: Path) -> list[int]:
    return [line["seq"] for line in written(root)]


def drive(bridge: Bridge, *said: EventData, resumed: bool = False) -> list[int]:
    with recorded(bridge, "r1", resumed=resumed):
        return [say(bridge, data, task="T1") for data in said]


PAUSE = ev.RunPaused(state="waiting", reason="", exit_code=3)


@pytest.mark.parametrize("off", [(), (OFF,), (ON, 'telemetry.store="none"')])
def test_off_means_off(root: Path, bridge: Open, off: tuple[str, ...]) -> None:
    at = bridge(*off)
    say(at, on.created())
    drive(at, ev.PhaseStarted(), ev.PhaseEnded(state="passed"), ev.RunFinished(state="done"))
    assert not list((root / ".makeitso").rglob("telemetry*"))


def test_on(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    first = say(at, on.created())
    said = drive(at, ev.PhaseStarted(), ev.NoteAdded(text="x"), ev.PhaseEnded(state="passed"))
    say(at, ev.RunFinished(state="done"))  # nobody drives
    assert seqs(root) == [first, said[0], said[2]]
    assert (root / ".makeitso/artifacts/telemetry.jsonl").stat().st_mode & 0o777 == 0o600


def test_what_happened_between_two_drives_is_written_once(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    say(at, on.created())
    ask = ev.ApprovalAsked(id="a1", kind="plan", subject="s", digest="d")
    drive(at, ask, PAUSE)
    answer = say(at, ev.ApprovalDecided(id="a1", grant=True, who="ada"))
    resumed, end = drive(at, ev.RunResumed(), ev.RunFinished(state="done"), resumed=True)
    assert seqs(root) == [1, 3, answer, resumed, end]
    drive(at, resumed=True)
    assert seqs(root) == [1, 3, answer, resumed, end]


CHANGE = ev.ApprovalAsked(id="a1", kind="change", tasks=("T1",), subject="s", digest="d")
MARKED = ev.HunkMarked(hunks=("h1",), mark="accepted")
CLOSED = ev.ApprovalVoided(id="a1", reason="decided hunk by hunk")


def waits_of(root: Path) -> list[tuple[str, int]]:
    return [(w["outcome"], w["duration_ms"]) for w in written(root) if w["type"] == "wait"]


@pytest.mark.parametrize("closed", ["as it was marked", "by who settles it", "once it goes on"])
def test_a_change_that_waits_across_a_pause_is_one_wait(
    root: Path, bridge: Open, closed: str
) -> None:
    """The run asks and stands still; a review marks and settles; the run is taken up again."""
    say(bridge(ON), on.created())
    drive(bridge(ON), CHANGE, PAUSE)
    say(bridge(ON), MARKED, task="T1")  # nobody drives it
    if closed == "as it was marked":
        say(bridge(ON), CLOSED, task="T1")
    drive(bridge(ON), *[CLOSED] * (closed == "by who settles it"), resumed=True)
    again = [ev.RunResumed(), CHANGE] if closed == "once it goes on" else [ev.RunResumed()]
    drive(bridge(ON), *again, *[CLOSED] * (closed == "once it goes on"), PAUSE, resumed=True)
    drive(bridge(ON), resumed=True)
    events = list(bridge(ON).journal.read(run="r1"))
    asked = next(event for event in events if isinstance(event.data, ev.ApprovalAsked))
    ended = next(event for event in events if isinstance(event.data, ev.ApprovalVoided))
    assert waits_of(root) == [("void", ended.at - asked.at)]
    figures = read(bridge(ON)).by_run[0].figures
    assert figures.waits.person_ms == ended.at - asked.at
    assert [(a.asked, a.void, a.pending) for a in figures.approvals] == [(1, 1, 0)]


def test_a_review_of_a_change_from_elsewhere_is_no_run(root: Path, bridge: Open) -> None:
    base = ev.SnapshotTaken(name="base", tree="t", commit="c", ref="r")
    opened = ev.ReviewOpened(
        source=ev.ReviewSource(kind="branch", name="b", key="b"),
        title="t", name="T1", base=base, change=on.proposed(("h1", "a")),
        options=on.created().options, policies=on.POLICIES, version="0",
    )  # fmt: skip
    say(bridge(ON), opened)
    say(bridge(ON), MARKED, task="T1")
    drive(bridge(ON), ev.RunFinished(state="done"), resumed=True)
    assert written(root) == []


def test_a_crash_loses_no_line_and_doubles_none(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    say(at, on.created())
    drive(at, ev.PhaseStarted())
    lost = say(at, ev.PhaseEnded(state="passed"), task="T1")  # and the process died
    path = root / ".makeitso/artifacts/telemetry.jsonl"
    with path.open("a") as file:
        file.write('{"seq":99,"run":"r1"')  # a line cut short by a full disk
    drive(at, resumed=True)
    assert [json.loads(text)["seq"] for text in path.read_text().splitlines()[3:]] == [lost]


def test_what_happened_while_it_was_off_is_never_written(root: Path, bridge: Open) -> None:
    say(bridge(ON), on.created())
    drive(bridge(ON), PAUSE)
    drive(bridge(OFF), ev.RunResumed(), ev.PhaseStarted(), PAUSE, resumed=True)
    again, end = drive(bridge(ON), ev.RunResumed(), ev.RunFinished(state="done"), resumed=True)
    assert seqs(root) == [1, 2, again, end]


def test_turned_on_in_the_middle_of_a_run(root: Path, bridge: Open) -> None:
    say(bridge(OFF), on.created())
    drive(bridge(OFF), ev.PhaseStarted())
    again = drive(bridge(ON), ev.RunResumed(), resumed=True)
    assert seqs(root) == again


def test_redacted_whatever_it_is(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    say(at, on.created())
    with recorded(at, "r1", resumed=False):
        at.journal.append(ev.PhaseStarted(), actor="engine", run="r1", task=SECRET, phase="task")
    text = (root / ".makeitso/artifacts/telemetry.jsonl").read_text()
    assert SECRET not in text
    assert "[REDACTED" in text


def test_it_cannot_be_made_to_write_secrets(root: Path, bridge: Open) -> None:
    (root / ".makeitso").mkdir()
    (root / ".makeitso/config.toml").write_text("[telemetry]\nredact = false\n")
    at = bridge(ON)
    assert at.config.telemetry.redact is True
    assert [found.problem.code for found in at.loaded.problems] == ["refused"]


def test_a_file_that_breaks_on_the_way_is_left_alone_from_there(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    say(at, on.created())
    path = root / ".makeitso/artifacts/telemetry.jsonl"
    with recorded(at, "r1", resumed=False):
        path.unlink()
        path.mkdir()
        say(at, ev.PhaseStarted(), task="T1")
        path.rmdir()
        say(at, ev.PhaseEnded(state="passed"), task="T1")
    assert not path.exists()


def test_a_file_that_cannot_be_written_stops_no_run(root: Path, bridge: Open) -> None:
    at = bridge(ON)
    say(at, on.created())
    (root / ".makeitso/artifacts/telemetry.jsonl").mkdir(parents=True)
    assert len(drive(at, ev.PhaseStarted(), ev.PhaseEnded(state="passed"))) == 2
