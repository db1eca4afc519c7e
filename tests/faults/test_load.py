"""A gigabyte of output under 200 MB of memory; a hundred workers at once, and the loop's lag."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.harness import world
from makeitso.scripted import Answer, Say, always, rules
from makeitso.scripted.script import Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex, pytest.mark.timeout(900)]

PROGRAM = Path(__file__).with_name("scripted_run.py")
MOST_MB = 200
LAG_P99_MS = 2000.0
"""Generous: two busy cores, and a hundred tasks that all come to the same step at the same time."""
NO_FLOOD = "[monitor]\nflood_bytes_per_s = 0\nflood_bytes_per_turn = 0\n"
SILENT = rules(Rule(when=always, answer=lambda view: Answer(items=(Say("Nobody asked."),))))


def task(name: str, check: str = "") -> str:
    done = f"  - done when: `{check}`\n" if check else ""
    return f"- [ ] **{name}** Write {name}\n  - files: `{name}.txt`\n{done}"


def measured(w: World, text: str, *args: str, limit_s: int) -> dict[str, Any]:
    """Run a plan with scripted workers in a process of its own; its figures."""
    plan, figures = w.plan("load", text), w.top / "figures.json"
    done = subprocess.run(
        [sys.executable, str(PROGRAM), plan, str(figures), *args],
        cwd=w.root,
        env=w.env,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(figures.read_text("utf-8"))
    assert found["state"] == "done", found
    return found


def note(request: pytest.FixtureRequest, what: str, figures: Mapping[str, Any]) -> None:
    """Let the figures be part of the report; they are printed at its end."""
    shown = {key: round(v, 1) if isinstance(v, float) else v for key, v in figures.items()}
    request.node.user_properties.append((what, json.dumps(shown)))


@pytest.fixture
def size_bytes(pytestconfig: pytest.Config) -> int:
    """One gigabyte in the lane, less without --faults."""
    return 1_000_000_000 if pytestconfig.getoption("faults") else 8_000_000


def test_a_worker_puts_out_a_gigabyte(
    tmp_path: Path, size_bytes: int, request: pytest.FixtureRequest
) -> None:
    with world(tmp_path, SILENT, files={"a.txt": "a\n"}, config=NO_FLOOD) as w:
        text = "# Much is said\n\nT1 talks.\n\n" + task("T1")
        found = measured(w, text, "--output-bytes", str(size_bytes), limit_s=800)
        note(request, f"worker puts out {size_bytes:,} bytes", found)
        kept = [p.stat().st_size for p in w.root.glob(".makeitso/artifacts/*/T1/output/*.log")]
        assert sum(kept) >= size_bytes, "every captured byte is kept"
        assert found["peak_mb"] < MOST_MB, found


def test_a_check_puts_out_a_gigabyte(
    tmp_path: Path, size_bytes: int, request: pytest.FixtureRequest
) -> None:
    line = "step of the check goes on and nothing is to be seen in it at all"
    check = f"ls | grep -q ^T && yes '{line}' | head -c {size_bytes}"
    with world(tmp_path, SILENT, files={"a.txt": "a\n"}, config=NO_FLOOD) as w:
        text = "# Much is printed\n\nT1 works.\n\n" + task("T1", check)
        found = measured(w, text, limit_s=800)
        note(request, f"each check puts out {size_bytes:,} bytes", found)
        kept = [p.stat().st_size for p in w.root.glob(".makeitso/artifacts/*/T1/checks/*.log")]
        assert max(kept) >= size_bytes, kept  # and what the shell says of the broken pipe
        assert found["peak_mb"] < MOST_MB, found


def test_a_hundred_workers_at_once(
    tmp_path: Path, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> None:
    crowd = 100 if pytestconfig.getoption("faults") else 12
    config = "[manager]\n"
    with world(tmp_path, SILENT, files={"a.txt": "a\n"}) as w:
        path = w.home / ".config/makeitso/config.toml"
        text = path.read_text("utf-8").replace(config, f"{config}max_concurrency = {crowd}\n")
        path.write_text(text, "utf-8")
        plan = "# A crowd\n\nEach writes a file.\n\n"
        plan += "".join(task(f"T{n}") for n in range(1, crowd + 1))
        found = measured(w, plan, "--at-once", str(crowd), limit_s=600)
        note(request, f"{crowd} workers at once", found)
        assert found["at_once"] == crowd
        assert found["landed"] == crowd
        for n in range(1, crowd + 1):
            assert w.read(f"T{n}.txt") == f"T{n} was here\n"
        assert found["lag_p99_ms"] < LAG_P99_MS, found
