"""A person leaves, is called, comes back and is told what happened; a script never is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, never
from e2e.terminal import Terminal
from makeitso.scripted import Answer, Rule, always, rules

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.scripted import Script

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def always_answers(answer: Answer) -> Script:
    """A model that says the same to everything."""
    return rules(Rule(when=always, answer=answer))


WEZTERM = {"TERM_PROGRAM": "WezTerm"}
CALL = "\x1b]9;makeitso: plan: run"
AWAY = "while you were away"


def test_called_away_and_back(tmp_path: Path) -> None:
    with world(tmp_path, never(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        with Terminal(w, "run", plan, env=WEZTERM) as t:
            t.expect("plan: run").expect("]? ").type("l")
            said = t.end().expect(3).err
        assert said.count(CALL) == 1, "called once, however often the question is looked at"
        with Terminal(w, "status") as t:
            assert AWAY not in t.end().expect(0).err, "nothing happened since"

        line = w.mis("status", "--line").expect(0)
        assert line.out == f"mis {w.run.id} waiting a1 · 0/500k\n"

        # Somebody else decides; no script is told of it in words.
        w.mis("approve", "--deny", "a1", "--because", "not now").expect(0)
        for script in (w.mis("status"), w.mis("status", "--json"), w.mis("status", "--line")):
            assert AWAY not in script.out + script.err
            assert "\x1b" not in script.out + script.err
        with Terminal(w, "status") as t:
            shown = t.expect(AWAY).end().expect(0).err
        assert "a1 denied by " in shown
        assert ": not now" in shown
        with Terminal(w, "status") as t:
            assert AWAY not in t.end().expect(0).err, "told once"


def test_an_outage_calls_too_also_who_said_yes(tmp_path: Path) -> None:
    refused = always_answers(Answer(status=401, error="Incorrect API key provided."))
    with world(tmp_path, refused, files=FILES) as w:
        plan = w.plan("spell", PLAN)
        with Terminal(w, "run", plan, "--yes", env=WEZTERM) as t:
            t.end().expect(1, "stopped")
        assert t.raw.count(f"\x1b]9;makeitso: {w.run.id} stopped: ") == 1


def test_who_wants_no_calls_gets_none(tmp_path: Path) -> None:
    with world(tmp_path, never(), files=FILES) as w:
        plan = w.plan("spell", PLAN)
        with Terminal(w, "run", plan, "-c", "ui.notify=false", env=WEZTERM) as t:
            t.expect("plan: run").expect("]? ").type("l")
            assert "\x1b]" not in t.end().expect(3).err


def test_the_line_is_cheap_and_never_fails(tmp_path: Path) -> None:
    with world(tmp_path, never(), files=FILES) as w:
        assert w.mis("status", "--line").expect(0).out == ""
        w.mis("run", w.plan("spell", PLAN)).expect(3)
        code = (
            "import sys; from makeitso.cli.main import main; code = main(['status', '--line']); "
            "print(code, sorted({'pygls', 'openai', 'lsprotocol'} & set(sys.modules)))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=w.root, env=w.env, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        assert done.stdout.splitlines()[1:] == ["0 []"]
        (w.root / ".makeitso/journal.db").write_bytes(b"this is no journal" * 100)
        broken = w.mis("status", "--line").expect(0)
        assert broken.out.startswith("mis: ")
        (w.root / ".makeitso/journal.db").unlink()
