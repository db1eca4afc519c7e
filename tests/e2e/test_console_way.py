"""Who says what on a terminal: a word and a colour each; plain where colours are not wanted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, change, work
from e2e.terminal import Terminal
from makeitso.scripted import Answer, Run, Say, Script

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World
    from makeitso.scripted import RequestView

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

MONITOR = "\x1b[1;33m"
MANAGER = "\x1b[35m"
WORKER = "\x1b[36m"
RED = "\x1b[31m"


def looping() -> Script:
    """A worker that does the same until it is told of the interrupt."""
    done = work(change("line 2", "line two"))

    def script(view: RequestView) -> Answer:
        if any("You were interrupted" in text for text in view.user_texts):
            return done(view)
        made = len(view.calls)
        return Answer(items=(Say("I look again."), Run("grep -c nothing poem.txt", f"c{made}")))

    return script


def shown(w: World, *args: str, env: dict[str, str] | None = None) -> Terminal:
    with Terminal(w, *args, env=env) as t:
        t.expect("3 times in a row").expect("(empty: later)").type("go on")
        t.expect("T1: landed")
        t.end().expect(0)
    return t


def line_with(t: Terminal, words: str) -> str:
    return next(line for line in t.raw.splitlines() if words in line)


def test_each_voice_has_a_word_and_a_colour(tmp_path: Path) -> None:
    with world(tmp_path, looping(), files=FILES) as w:
        t = shown(w, "run", w.plan("spell", PLAN), "--yes")
        assert line_with(t, "monitor: interrupted (loop)").startswith(MONITOR)
        assert line_with(t, "worker   │ I look again.").startswith(WORKER)
        assert line_with(t, "manager: done.").startswith(MANAGER)
        assert line_with(t, "check on base: red").startswith(RED)


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    with world(tmp_path, looping(), files=FILES) as w:
        t = shown(w, "run", w.plan("spell", PLAN), "--yes", env={"NO_COLOR": "1"})
        assert "monitor: interrupted (loop)" in t.raw
        assert "\x1b" not in t.raw, "nothing is bold or dim either"
        piped = w.mis("status")
        assert "\x1b" not in piped.out + piped.err


def test_without_a_terminal_and_for_a_script_it_is_plain(tmp_path: Path) -> None:
    with world(tmp_path, looping(), files=FILES) as w:
        ended = w.mis("run", w.plan("spell", PLAN), "--yes").expect(
            3, "monitor: interrupted (loop)"
        )
        assert "\x1b" not in ended.out + ended.err
        w.mis("approve", "--answer", "go on", w.pending("question")).expect(0)
        resumed = w.mis("resume", "--json")
        assert resumed.code == 0
        assert "\x1b" not in resumed.out + resumed.err
        rows = [json.loads(line) for line in resumed.out.splitlines()]
        assert rows[-1]["type"]
