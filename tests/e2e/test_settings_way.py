"""Settings and trust on the way: what a workspace may ask for, from where one starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, change, spell, work
from makeitso.protocol.events import CheckRan, SetupRan

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]


def test_an_untrusted_workspace_runs_nothing_until_it_is_trusted(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("init", "--no-agents-md").expect(0)
        plan = w.plan("spell", PLAN)
        config = w.root / ".makeitso/config.toml"
        own = config.read_text() + '\n[bootstrap]\ncommands = ["echo set-up"]\n'
        config.write_text(own.replace("\n[bootstrap]\n#", "\n#"))
        w.mis("run", plan, "--yes").expect(2, "mis trust")
        assert not w.runs()
        w.mis("trust", "--yes").expect(0)
        w.mis("run", plan, "--yes").expect(0)
        assert [s.command for s in w.of(SetupRan)] == ["echo set-up"]


def test_from_a_folder_below_with_a_check_in_a_folder(tmp_path: Path) -> None:
    files = {**FILES, "src/deep/poem.txt": FILES["poem.txt"], "src/check.sh": "test -e deep\n"}
    plan = PLAN.replace("`poem.txt`", "`src/**`").replace(
        f"`{CHECK}` (was: failing)", "`sh check.sh` in `src` timeout 2m"
    )
    script = work(change("line 2", "line two", path="src/deep/poem.txt"))
    with world(tmp_path, script, files=files) as w:
        path = w.plan("spell", plan)
        w.cwd = w.root / "src/deep"
        w.mis("run", path, "--yes").expect(0)
        assert {c.cwd for c in w.of(CheckRan)} == {"src"}
        assert "line two\n" in w.read("src/deep/poem.txt")
        assert not (w.root / "src/deep/.makeitso").exists()


def test_a_check_that_hangs_is_ended(tmp_path: Path) -> None:
    check = "grep -q 'line 2$' poem.txt || sleep 600\n"
    plan = PLAN.replace("(was: failing)", "timeout 2s")
    with world(tmp_path, spell(), files={**FILES, "check.sh": check}) as w:
        w.mis("run", w.plan("spell", plan), "--yes").expect(1, "timed out")
        w.until_quiet()
        assert w.status()["state"] == "failed"
        assert w.read("poem.txt") == FILES["poem.txt"]


def test_what_makes_no_sense_is_said_before_anything_runs(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files=FILES) as w:
        w.mis("run", "no-such.plan.md").expect(2, "there is no plan no-such.plan.md", "mis plan")
        plan = w.plan("spell", PLAN)
        w.mis("run", plan, "--halt-on", "everything").expect(2, "write_files, run_shell, network")
        w.mis("run", plan, "--approval", "never").expect(2, "manual, confirm-phase, delegate")
        w.mis("run", plan, "-c", "manager.knd=1").expect(2, "knd")
        w.mis("run", plan, "-c", 'workers.codex.run_via="api"').expect(2, "does not do that yet")
        w.mis("run", w.plan("done", PLAN.replace("[ ]", "[x]"))).expect(2, "no open task")
        w.mis("run", w.plan("empty", "")).expect(2, "empty.plan.md")
        w.mis("resume", "r20200101-1").expect(2, "mis status")
        w.mis("approve", "a99").expect(2, "mis approve --list")
        w.mis("review", "accept", "0123456789ab").expect(2, "mis review --json")
        w.mis("stop").expect(2, "no run is open")
        assert not w.runs()
