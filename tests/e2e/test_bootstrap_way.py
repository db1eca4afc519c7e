"""Worktrees made ready in the real sandbox: what git ignores, set-up, its network, what it made."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, cast

import pytest

from e2e.harness import world
from e2e.stories import CHECK, FILES, PLAN, POEM, by_task, change, never, spell, work
from e2e.test_managers_way import managed
from makeitso.protocol import events as ev

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.codex]

IGNORED = {
    **FILES,
    ".gitignore": "node_modules/\n.env*\n.venv/\n",
    "package-lock.json": "{}\n",
}
MAKE = "mkdir -p node_modules && echo made >> node_modules/made && touch $TMPDIR/of-set-up"
NEEDS = "grep -q made node_modules/made && grep -q tests .env.test && test ! -e $TMPDIR/of-set-up"
TWO = f"""# Both texts

- [ ] **T1** Spell the poem
  - files: `poem.txt`
  - done when: `{CHECK}` (was: failing)
- [ ] **T2** Spell the song
  - files: `song.txt`
  - done when: `sh song.sh` (was: failing)
"""


def test_two_tasks_and_a_second_run_share_one_set_up(tmp_path: Path) -> None:
    files = {
        **IGNORED,
        "song.txt": POEM,
        "check.sh": f"{NEEDS} && grep -q 'line two' poem.txt\n",
        "song.sh": f"{NEEDS} && grep -q 'line two' song.txt\n",
    }
    script = by_task(
        poem=spell(), song=work(change("line 2", "line two", path="song.txt"), last="Spelled.")
    )
    config = f'[bootstrap]\ncommands = ["{MAKE}"]\ncopy = [".env.test"]\n'
    with world(tmp_path, script, files=files, config=config) as w:
        w.box.write(".env.test", b"KEY=tests\n")
        plan = w.plan("both", TWO)
        w.mis("run", plan, "--yes", "-c", "manager.max_concurrency=1").expect(0, "done")
        assert [ran.reused for ran in w.of(ev.SetupRan)] == [False, True]
        assert [p.copied for p in w.of(ev.WorktreePrepared)] == [1, 1]
        assert w.read("poem.txt") == w.read("song.txt") == POEM.replace("line 2\n", "line two\n")
        changed = {ref.path for data in w.of(ev.ChangeProposed) for ref in data.hunks}
        assert changed == {"poem.txt", "song.txt"}, "what is copied or made is no part of it"
        assert (w.root / ".env.test").read_text() == "KEY=tests\n"
        assert not (w.root / "node_modules").exists()
        rows = cast("list[dict[str, object]]", w.mis("clean", "-n", "--json").value["items"])
        (kept,) = [row for row in rows if row["kind"] == "setup"]
        assert (kept["action"], kept["run"]) == ("keep", None)
        assert cast("int", kept["size_bytes"]) > 0


@pytest.mark.parametrize("network", ["never", "auto"])
def test_the_network_of_set_up_is_what_the_settings_say(tmp_path: Path, network: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = f"bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}'"
        config = f'[bootstrap]\ncommands = ["{command}"]\nnetwork = "{network}"\n'
        with world(tmp_path, spell(), files=FILES, config=config) as w:
            ended = w.mis("run", w.plan("spell", PLAN), "--yes")
            (ran,) = w.of(ev.SetupRan)
            assert (ran.exit_code == 0) is (network == "auto"), ran
            if network == "auto":
                ended.expect(0, "done")
            else:
                ended.expect(2, "failed with exit status", '[bootstrap] network = "auto"')
                assert not w.of(ev.TurnStarted), "nothing was spent"
                w.configure(more=config.replace('"never"', '"auto"'))
                w.mis("resume", "--yes").expect(0, "done")


def test_what_a_worktree_lacks_is_said_where_a_person_is_asked(tmp_path: Path) -> None:
    files = {**IGNORED, "check.sh": "./.venv/bin/tool\n"}
    with world(tmp_path, never(), files=files) as w:
        w.box.write(".venv/bin/tool", b"#!/bin/sh\n", executable=True)
        w.box.write(".env", b"A=1\n")
        told = w.mis("doctor", "--json").value
        checks = {c["name"]: c for c in cast("list[dict[str, str]]", told["checks"])}
        assert checks["worktrees"]["state"] == "warning"
        assert ".venv/" in checks["worktrees"]["detail"]
        w.mis("run", w.plan("spell", PLAN)).expect(3)
        (asked,) = [a for a in w.of(ev.ApprovalAsked) if a.kind == "plan"]
        assert "will lack these environments: .venv/" in asked.detail
        assert "will lack these settings: .env (" in asked.detail
        assert "[bootstrap] copy" in asked.detail


def test_a_plan_that_is_made_says_it_too(tmp_path: Path) -> None:
    with world(tmp_path, managed(never()), files=IGNORED, manager="codex") as w:
        w.box.write(".venv/bin/tool", b"#!/bin/sh\n", executable=True)
        said = cast("list[str]", w.mis("plan", "Spell it", "--json").expect(0).value["worktrees"])
        assert len(said) == 1
        assert said[0].startswith("a worktree will lack these environments: .venv/")


def test_a_check_that_cannot_run_in_a_worktree_is_said_with_the_way_out(tmp_path: Path) -> None:
    files = {**IGNORED, "check.sh": "./.venv/bin/tool\n"}
    with world(tmp_path, spell(), files=files) as w:
        w.box.write(".venv/bin/tool", b"#!/bin/sh\n", executable=True)
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(
            3,
            "`sh check.sh` seems unable to run in a worktree",
            "[bootstrap] commands",
            "`sh check.sh` cannot run in a worktree: ./.venv/bin/tool is not there. Go on?",
        )
        assert not w.of(ev.TurnStarted), "something was spent on what cannot be proved"
        w.mis("approve", w.pending("question"), "--answer", "go on").expect(0)
        w.mis("resume").expect(1)
        assert w.of(ev.TurnStarted)
        assert len([a for a in w.of(ev.ApprovalAsked) if a.kind == "question"]) == 1


@pytest.mark.parametrize("answer", ["stop the task", None])
def test_stopped_there_a_task_fails_and_nothing_was_spent(
    tmp_path: Path, answer: str | None
) -> None:
    files = {**FILES, "check.sh": "no-such-program-anywhere\n"}
    with world(tmp_path, never(), files=files) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(3, "no-such-program-anywhere is not")
        how = ["--deny"] if answer is None else ["--answer", answer]
        w.mis("approve", *how, w.pending("question")).expect(0)
        w.mis("resume").expect(1, "`sh check.sh` cannot run here")
        assert w.task().ended == "failed"


def test_a_program_that_the_task_is_to_make_is_not_asked_about(tmp_path: Path) -> None:
    files = {**FILES, "check.sh": "grep -q 'line two' poem.txt && exit 0; ./not-made-yet\n"}
    with world(tmp_path, spell(), files=files) as w:
        w.mis("run", w.plan("spell", PLAN), "--yes").expect(0, "seems unable", "done")


def test_an_untrusted_workspace_brings_nothing(tmp_path: Path) -> None:
    with world(tmp_path, never(), files=IGNORED) as w:
        w.box.write(".env", b"A=1\n")
        w.mis("init", "--no-agents-md").expect(0)
        config = w.root / ".makeitso/config.toml"
        text = config.read_text().replace("\n# copy = []", '\ncopy = [".env"]')
        assert 'copy = [".env"]' in text
        config.write_text(text)
        shown = w.mis("doctor", "--json").value
        said = json.dumps(shown)
        assert "copied into each worktree" not in said
        w.mis("trust", "--yes").expect(0)
        said = json.dumps(w.mis("doctor", "--json").value)
        assert "copied into each worktree, for a worker to read: .env (1 file, 4 bytes)" in said
