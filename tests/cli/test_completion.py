"""The shell completes verbs, options and ids; asked as bash, zsh and fish ask."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from mis_process import mis_in

from journal.tape import plan_of
from makeitso.protocol import events as ev
from makeitso.protocol.approval import Decision
from makeitso.runs.ask import ask, decide
from makeitso.store import glance
from runs.run_place import Place, place

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = place(tmp_path, monkeypatch, plan=plan_of("T1", "T2", "docs"))
    for number in range(3):
        ask(found.ctx, kind="phase", subject=f"enter\n{number}", digest=str(number))
    decide(found.ctx.book, Decision(id="a1", grant=True))
    return found


def asked(
    there: Place, line: str, *python: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *python, "-m", "makeitso"],
        cwd=cwd or there.box.root,
        env={
            **os.environ,
            "_MIS_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(shlex.split(line + "x")) - 1),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def completed(there: Place, line: str, *, cwd: Path | None = None) -> list[str]:
    done = asked(there, line, cwd=cwd)
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("mis rev", ["review"]),
        ("mis approve ", ["a2", "a3"]),
        ("mis approve a2 ", ["a3"]),
        ("mis resume --retry T", ["T1", "T2"]),
        ("mis stop d", ["docs"]),
        ("mis approve --add", ["--add-rule"]),
        ("mis parse --channel s", ["stdout", "stderr"]),
    ],
)
def test_what_may_stand_there_is_offered(there: Place, line: str, found: list[str]) -> None:
    assert completed(there, line) == found


def test_runs_are_offered_from_elsewhere_too(there: Place, tmp_path: Path) -> None:
    line = f"mis -C {shlex.quote(str(there.box.root))} status r"
    assert completed(there, line, cwd=tmp_path) == [there.ctx.run_id]
    assert completed(there, "mis status r", cwd=tmp_path) == []


def test_rows_are_only_read(there: Place, tmp_path: Path) -> None:
    journal = there.bridge.dot.journal
    assert glance.runs(journal) == [(there.ctx.run_id, "g")]
    assert glance.open_questions(journal) == [("a2", "phase: enter 1"), ("a3", "phase: enter 2")]
    assert glance.tasks(journal, "r-none") == []
    there.ctx.append(ev.RunFinished(state="done"))
    assert glance.open_questions(journal) == []
    nothing = tmp_path / "none.db"
    assert glance.runs(nothing) == []
    assert not nothing.exists()
    nothing.write_bytes(b"no database at all" * 100)
    assert glance.runs(nothing) == []


@pytest.mark.parametrize("line", ["mis approve ", "mis resume ", "mis "])
def test_nothing_that_takes_long_is_loaded_for_it(there: Place, line: str) -> None:
    loaded = asked(there, line, "-X", "importtime").stderr
    assert "makeitso.cli.main" in loaded
    assert not [name for name in ("pygls", "openai", "makeitso.runs.engine") if name in loaded]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_a_shell_is_shown(tmp_path: Path, shell: str) -> None:
    undetected = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = mis_in(tmp_path, **undetected)("--show-completion", shell)
    assert shown.code == 0, shown.err
    assert "_MIS_COMPLETE" in shown.out
