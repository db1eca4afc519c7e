"""The monitor over real workers: what it stops, who is asked, and what the worker is told."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from codex_fixtures import live_commands, long_sleep
from e2e.harness import world
from e2e.stories import FILES, PLAN, change
from makeitso.protocol.events import (
    CommandRan,
    MonitorInterrupted,
    OutputParsed,
    TurnEnded,
    TurnStarted,
)
from makeitso.scripted import Answer, RequestView, Run, Say, Script

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

TOLD = "You were interrupted"


def first(*commands: str) -> Script:
    """A worker that runs commands, one after the other, until it is told of an interrupt."""

    def script(view: RequestView) -> Answer:
        told = any(TOLD in text for text in view.user_texts)
        made = len(view.calls)
        if not told and made < len(commands):
            return Answer(items=(Run(commands[made], f"c{made}"),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    return script


def went_on(w: World, cause: str) -> None:
    """The run waits with the question; told to go on, the worker is told why and finishes."""
    (alarm,) = w.of(MonitorInterrupted)
    assert alarm.cause == cause
    assert [turn.status for turn in w.of(TurnEnded)] == ["interrupted"]
    assert any(alarm.detail in note for note in w.task().notes)
    w.mis("approve", "--answer", "go on", w.pending("question")).expect(0)
    w.mis("resume").expect(0)
    assert [turn.intent for turn in w.of(TurnStarted)] == ["EXEC", "FIX"]
    assert [turn.round for turn in w.of(TurnStarted)] == [1, 1], "the interrupt cost a round"
    (fix,) = {t for v in w.server.views for t in v.user_texts if TOLD in t}
    assert alarm.detail in fix
    assert "go on" in fix
    assert "line two\n" in w.read("poem.txt")


def test_the_same_command_three_times_is_asked_about(tmp_path: Path) -> None:
    again = "grep -c nothing poem.txt"
    with world(tmp_path, first(*[again] * 9), files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "3 times in a row", "exit 1")
        assert [ran.exit_code for ran in w.of(CommandRan)] == [1, 1, 1]
        went_on(w, "loop")


def test_a_hanging_command_is_ended_and_a_person_may_stop_the_task(tmp_path: Path) -> None:
    nap = long_sleep()
    config = "[monitor]\nstall_timeout_s = 2\n"
    with world(tmp_path, first(nap), files=FILES, config=config) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "nothing came while", "2 s")
        assert not live_commands(nap)
        (alarm,) = w.of(MonitorInterrupted)
        assert alarm.cause == "stall"
        w.mis("approve", "--answer", "stop the task", w.pending("question")).expect(0)
        w.mis("resume").expect(1, "stopped by")
        assert w.task().ended == "failed"
        assert w.read("poem.txt") == FILES["poem.txt"]


def test_a_dangerous_command_is_refused_unasked_and_the_worker_is_told(tmp_path: Path) -> None:
    escalated = {"sandbox_permissions": "require_escalated", "justification": "I need it"}

    def script(view: RequestView) -> Answer:
        if not view.calls:
            return Answer(items=(Run("cat x; rm -rf ~/", "out", escalated),))
        if not view.answered("patch"):
            return Answer(items=(change("line 2", "line two", call="patch"),))
        return Answer(items=(Say("Line 2 is spelled out.", phase="final_answer"),))

    with world(tmp_path, script, files=FILES) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "refused without asking")
        assert not [a for a in w.run.approvals.values() if a.kind == "command"]
        assert not w.of(MonitorInterrupted)
        told = [t for view in w.server.views for t in view.user_texts if "Not granted" in t]
        assert "would remove a home directory" in told[0]
        assert w.home.is_dir()


def test_a_dangerous_command_in_the_sandbox_is_interrupted(tmp_path: Path) -> None:
    nap = long_sleep()
    config = '[monitor]\ndangerous_regexes = ["^sleep 400"]\n'
    with world(tmp_path, first(nap), files=FILES, config=config) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_event("monitor.interrupted", running)
        noticed = time.monotonic()
        w.until(lambda _: not live_commands(nap), running)
        assert time.monotonic() - noticed < 5, "1 s on an idle machine"
        running.wait().expect(3, "must not run", "^sleep 400")
        went_on(w, "danger")


def test_a_pattern_added_while_a_command_runs_ends_it(tmp_path: Path) -> None:
    nap = long_sleep()
    with world(tmp_path, first(nap), files=FILES) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until(lambda _: bool(live_commands(nap)), running)
        w.configure(more='[monitor]\ndangerous_regexes = ["^sleep 400"]\n')
        running.wait().expect(3, "must not run", "^sleep 400")
        assert not live_commands(nap)
        went_on(w, "danger")


def test_a_flood_is_cut_off_in_bounded_memory(tmp_path: Path) -> None:
    # It would not end by itself: what is interrupted is the command, not what is left of its turn.
    config = "[monitor]\nflood_bytes_per_turn = 200000\n"
    flood = f"yes {long_sleep()}"
    with world(tmp_path, first(flood), files=FILES, config=config) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        most, noticed, gone = 0, 0.0, 0.0
        process = psutil.Process(running.process.pid)
        while running.alive:
            noticed = noticed or (time.monotonic() if w.of(MonitorInterrupted) else 0.0)
            if noticed and not gone and not live_commands(flood):
                gone = time.monotonic()
            try:
                most = max(most, process.memory_info().rss)
            except psutil.Error:
                break
            time.sleep(0.05)
        running.wait().expect(3, "200,000 bytes")
        assert 0 < most < 300_000_000
        assert gone - noticed < 2.5, "0.3 s at a load of nine; Codex alone would take three"
        kept = sum(ref.length_bytes for turn in w.of(TurnEnded) for ref in turn.outputs)
        assert kept < 5_000_000
        assert not live_commands(flood)
        went_on(w, "flood")


def test_a_flood_of_short_lines_is_noticed_soon(tmp_path: Path) -> None:
    flood = f"yes {secrets.token_hex(3)}"
    with world(tmp_path, first(flood), files=FILES) as w:
        running = w.start("run", w.plan("spell", PLAN), "--yes")
        w.until_event("turn.started", running)
        begun = time.monotonic()
        w.until_event("monitor.interrupted", running)
        assert time.monotonic() - begun < 45, "3 s on an idle machine, minutes line by line"
        said = running.wait().expect(3, "lines more, kept in the output file").err
        assert said.count("output   │") < 200 * 60
        counted = [data for data in w.of(OutputParsed) if data.channel == "stdout"]
        lines = sum(data.lines for data in counted)
        assert lines > 500_000
        assert sum(data.unlisted_misses for data in counted) == lines - 400
        assert not live_commands(flood)


def test_turned_off_it_lets_everything_pass(tmp_path: Path) -> None:
    config = "[monitor]\nenabled = false\nloop_limit = 2\n"
    with world(tmp_path, first(*["false"] * 3), files=FILES, config=config) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0)
        assert not w.of(MonitorInterrupted)
