"""Telemetry that is sent, with a real collector's side of the wire and no run that works."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from collector import collector
from journal import audit_tape as on
from makeitso.errors import EnvironmentFault
from makeitso.protocol import events as ev
from makeitso.wiring import sending
from makeitso.wiring.bridge import Bridge
from makeitso.wiring.telemetry import recorded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from collector import Collector
    from makeitso.protocol.events import EventData

    Open = Callable[..., Bridge]

SECRET = "sk-planted-0123456789abcdef"
PAUSE = ev.RunPaused(state="waiting", reason="", exit_code=3)
DONE = ev.RunFinished(state="done")


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
    def opened(endpoint: str = "", *more: str) -> Bridge:
        to = (f'telemetry.otlp_endpoint="{endpoint}"',) if endpoint else ()
        settings = ("telemetry.enabled=true", 'telemetry.store="none"', *to, *more)
        made = Bridge(root, client="test", overrides=settings)
        request.addfinalizer(made.close)
        return made

    return opened


def say(bridge: Bridge, data: EventData, *, task: str | None = None) -> None:
    bridge.journal.append(data, actor="engine", run="r1", task=task)


def drive(bridge: Bridge, *said: EventData, resumed: bool = False) -> None:
    with recorded(bridge, "r1", resumed=resumed):
        for data in said:
            say(bridge, data, task="T1")


def notes(bridge: Bridge) -> list[str]:
    found = (event.data for event in bridge.journal.read(run="r1"))
    return [data.text for data in found if isinstance(data, ev.NoteAdded)]


def names(there: Collector) -> list[str]:
    return [span.name for span in there.spans()]


def threads() -> list[str]:
    return [one.name for one in threading.enumerate() if "otlp" in one.name]


@pytest.mark.parametrize("off", [("telemetry.enabled=false",), ('telemetry.otlp_endpoint=""',)])
def test_off_means_off(bridge: Open, off: tuple[str, ...]) -> None:
    with collector() as there:
        at = bridge(there.url, *off)
        say(at, on.created())
        with recorded(at, "r1", resumed=False):
            say(at, DONE)
            assert threads() == []
        assert there.requests == []
        assert not list(at.places().artifacts.rglob("otlp*"))


def test_off_loads_nothing(root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from makeitso.wiring.bridge import Bridge;"
        "from makeitso.wiring.telemetry import recorded;"
        f"b = Bridge(Path({str(root)!r}), client='t', overrides=('telemetry.enabled=true',))\n"
        "with recorded(b, 'r1', resumed=False): pass\n"
        "print([n for n in sys.modules if n.startswith(('opentelemetry', 'requests'))])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    assert ended.stdout.strip() == "[]"


def test_a_run_in_two_drives_is_one_trace(bridge: Open) -> None:
    with collector() as there:
        at = bridge(there.url)
        say(at, on.created())
        drive(at, ev.TaskStarted(), PAUSE)
        assert names(there) == ["task", "invoke_workflow makeitso"]
        say(at, ev.NoteAdded(text="seen"))
        drive(at, ev.RunResumed(), DONE, resumed=True)
        _, first, second = there.spans()
        assert (second.trace, second.parent, second.name) == (first.trace, first.id, first.name)
        assert first.parent == ""
        assert [about["service.name"] for about in there.resources()] == ["makeitso"] * 2
        assert notes(at) == ["seen"]
        assert threads() == []


def test_what_a_crash_kept_back_is_sent_once(bridge: Open) -> None:
    with collector() as there:
        at = bridge(there.url)
        say(at, on.created())
        drive(at)  # as far as it came; what follows, nobody sent: the process died
        say(at, ev.TaskStarted(), task="T1")
        say(at, ev.PhaseStarted(), task="T1")
        drive(at, ev.RunResumed(), PAUSE, resumed=True)
        assert [(span.name, span.failed) for span in there.spans()] == [
            ("task", True),
            ("invoke_workflow makeitso", True),
            ("invoke_workflow makeitso", False),
        ]
        drive(at, resumed=True)
        assert len(there.spans()) == 3, "sent again"


def test_a_crash_right_after_it_was_taken_up_is_told_too(bridge: Open) -> None:
    with collector() as there:
        at = bridge(there.url)
        say(at, on.created())
        drive(at, PAUSE)
        drive(at, ev.RunResumed(), ev.TaskStarted(), resumed=True)  # the process died here
        drive(at, ev.RunResumed(), DONE, resumed=True)
        assert [(span.name, span.failed) for span in there.spans()] == [
            ("invoke_workflow makeitso", False),
            ("task", True),
            ("invoke_workflow makeitso", True),
            ("invoke_workflow makeitso", False),
        ]


def test_what_happened_while_it_was_off_is_never_sent(bridge: Open) -> None:
    with collector() as there:
        say(bridge(), on.created())
        drive(bridge(), ev.TaskStarted(), PAUSE)
        drive(bridge(there.url), ev.RunResumed(), PAUSE, resumed=True)
        drive(bridge(), ev.RunResumed(), ev.TaskStarted(), PAUSE, resumed=True)
        drive(bridge(there.url), ev.RunResumed(), DONE, resumed=True)
        assert names(there) == ["invoke_workflow makeitso"] * 2
        one, two = there.spans()
        assert one.trace == two.trace


def test_a_collector_that_was_away_gets_it_at_the_next_drive(bridge: Open) -> None:
    with collector(status=503) as there:
        at = bridge(there.url)
        say(at, on.created())
        drive(at, ev.TaskStarted(), PAUSE)
        (said,) = notes(at)
        assert said.startswith("telemetry is not sent: the collector does not answer")
        assert there.url in said
        there.status = 200
        drive(at, ev.RunResumed(), DONE, resumed=True)
        assert names(there) == ["task", *["invoke_workflow makeitso"] * 2]
        assert notes(at) == [said]


def test_what_got_lost_in_the_middle_is_sent_again(bridge: Open) -> None:
    with collector(status=503) as there:
        at = bridge(there.url)
        say(at, on.created())
        with recorded(at, "r1", resumed=False):
            say(at, ev.TaskStarted(), task="T1")
            say(at, ev.TaskEnded(state="failed"), task="T1")
            end = time.monotonic() + 30
            while not notes(at):
                assert time.monotonic() < end
                time.sleep(0.1)
                say(at, ev.MonitorInterrupted(cause="loop", detail="d"), task="T1")
            there.status = 200
            say(at, PAUSE)
        assert names(there) == ["invoke_workflow makeitso"]
        drive(at, ev.RunResumed(), DONE, resumed=True)
        assert "task" in names(there)


def test_a_dead_collector_is_said_once_and_stops_nothing(bridge: Open) -> None:
    at = bridge("http://127.0.0.1:9")
    say(at, on.created())
    with recorded(at, "r1", resumed=False):
        say(at, ev.TaskStarted(), task="T1")
        say(at, ev.TaskEnded(state="failed"), task="T1")
        end = time.monotonic() + 30
        while not notes(at):
            assert time.monotonic() < end
            time.sleep(0.1)
            say(at, ev.MonitorInterrupted(cause="loop", detail="d"), task="T1")
        say(at, DONE)
    assert len(notes(at)) == 1


def test_a_collector_that_hangs_holds_nobody_up_for_long(bridge: Open) -> None:
    with collector(hang_s=60) as there:
        at = bridge(there.url)
        say(at, on.created())
        begun = time.monotonic()
        drive(at, ev.TaskStarted(), DONE)
        assert time.monotonic() - begun < 15, "4 s on an idle machine"
        assert len(notes(at)) == 1


@pytest.mark.parametrize("wrong", ["localhost:4318", "ftp://h", "http://", "http://[::1"])
def test_no_address_is_said_and_stops_nothing(bridge: Open, wrong: str) -> None:
    at = bridge(wrong)
    say(at, on.created())
    drive(at, DONE)
    assert ["http://localhost:4318" in said for said in notes(at)] == [True]


def test_without_the_extra_it_says_how_to_get_it(
    bridge: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter", None)
    for name in [name for name in sys.modules if name.startswith("opentelemetry.exporter.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(EnvironmentFault):
        sending.require_sender("http://h")
    at = bridge("http://127.0.0.1:9")
    say(at, on.created())
    drive(at, DONE)
    (said,) = notes(at)
    assert "OpenTelemetry is not installed" in said
    assert "pip install 'makeitso-codex[otel]'" in said


def test_redacted_whatever_it_is_and_headers_of_the_person(
    bridge: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=0123456789-of-ada")
    with collector() as there:
        at = bridge(there.url)
        say(at, on.created())
        with recorded(at, "r1", resumed=False):
            say(at, ev.TaskStarted(), task=SECRET)
            say(at, ev.NoteAdded(text="0123456789-of-ada"))
            say(at, DONE)
        sent = b"".join(there.bodies)
        assert SECRET.encode() not in sent
        assert b"[REDACTED" in sent
        assert there.headers[0]["x-team"] == "0123456789-of-ada"
        assert "0123456789" not in notes(at)[0]
