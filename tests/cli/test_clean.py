"""`mis clean` on what a process that is gone left over: shown, saved, removed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import git_sandbox
from cli.mis_process import Mis
from journal.tape import ASK, options
from makeitso.protocol import events as ev
from makeitso.store import owner
from makeitso.store.clock import SystemClock
from makeitso.store.journal import Journal
from makeitso.workspace.paths import UserDirs, ensure_dot_makeitso, workspace_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from makeitso.protocol.events import EventData

RUN = "r20200101-1"
MAKER = """
import sys
from pathlib import Path
from makeitso.workspace import snapshots, worktrees
from makeitso.workspace.git import open_repository

root, path, run = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
repo = open_repository(root)
taken = snapshots.take(repo, root, run=run, task="T1", name="base")
worktrees.create(repo, taken, path, run=run, task="T1")
"""

Row = dict[str, object]


class Place:
    """A repository with a worktree that a process made which is gone."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "home").mkdir()
        self.box = git_sandbox.make(tmp_path / "wörk")
        self.box.write("a.txt", b"a\n")
        self.box.commit()
        self.mis = Mis(tmp_path / "home", self.box.root)
        dirs = UserDirs(config=tmp_path, state=tmp_path / "home/state/makeitso")
        self.state = workspace_state(self.box.root, dirs=dirs)
        self.dirs = dirs
        self.tree = self.state.worktrees / f"{RUN}-T1"
        subprocess.run(
            [sys.executable, "-c", MAKER, str(self.box.root), str(self.tree), RUN], check=True
        )
        (self.tree / "unsaved.txt").write_text("nobody has seen this\n")

    def clean(self, *args: str, code: int = 0) -> list[Row]:
        ended = self.mis("clean", "--json", *args)
        assert ended.code == code, ended
        return cast("list[Row]", json.loads(ended.out)["items"])


def of(rows: Sequence[Row], kind: str) -> Row:
    (row,) = [row for row in rows if row["kind"] == kind]
    return row


def test_a_dry_run_shows_and_touches_nothing(tmp_path: Path) -> None:
    at = Place(tmp_path)
    row = of(at.clean("--dry-run"), "worktree")
    assert (row["action"], row["run"], row["task"], row["removed"]) == ("remove", RUN, "T1", False)
    assert cast("int", row["size_bytes"]) > 0
    assert cast("Row", row["owner"])["alive"] is False
    assert at.tree.is_dir()
    assert of(at.clean("--dry-run"), "refs")["action"] == "keep"
    assert not (at.box.root / ".makeitso").exists(), "looking makes nothing"
    shown = at.mis("clean", "-n").out
    assert "remove worktree" in shown
    assert "is gone" in shown


def test_without_a_person_nothing_goes_and_the_exit_code_says_so(tmp_path: Path) -> None:
    at = Place(tmp_path)
    at.clean(code=3)
    assert at.tree.is_dir()


def test_what_was_not_saved_is_under_a_ref_before_it_goes(tmp_path: Path) -> None:
    at = Place(tmp_path)
    home = at.state.codex / RUN / "T1"
    home.mkdir(parents=True)
    (home / "auth.json").write_text("{}")
    before = at.box.state()
    rows = at.clean("--yes")
    row = of(rows, "worktree")
    assert (row["removed"], row["kept_at"]) == (True, f"refs/makeitso/{RUN}/T1/final")
    assert not at.tree.exists()
    assert not home.exists()
    assert at.box.text("worktree", "list").count("\n") == 0
    assert at.box.text("show", f"{row['kept_at']}:unsaved.txt") == "nobody has seen this"
    assert at.box.state() == before
    again = at.clean("--yes")
    assert [row["kind"] for row in again] == ["refs"], "twice is the same as once"


def test_auto_keeps_for_the_days_of_the_settings(tmp_path: Path) -> None:
    at = Place(tmp_path)
    assert of(at.clean("--auto"), "worktree")["action"] == "keep"
    assert at.tree.is_dir()
    (admin,) = (at.box.root / ".git/worktrees").iterdir()
    os.utime(admin, (1_500_000_000, 1_500_000_000))
    assert of(at.clean("--auto"), "worktree")["removed"] is True
    assert not at.tree.exists()
    # Its refs are new: what was saved just now can be read for as long again.
    assert of(at.clean("--auto"), "refs")["action"] == "keep"
    at.clean("--auto", "-c", "retention.days=0")
    assert at.box.text("for-each-ref", "refs/makeitso") == ""


def test_a_directory_git_does_not_know_is_never_touched(tmp_path: Path) -> None:
    at = Place(tmp_path)
    lost = at.state.worktrees / "r20200101-9-T1"
    lost.mkdir()
    (lost / "work.txt").write_text("only here\n")
    rows = [row for row in at.clean("--yes") if row["name"] == str(lost)]
    assert [row["action"] for row in rows] == ["keep"]
    assert (lost / "work.txt").read_text() == "only here\n"


def test_demo_folders_go_with_their_private_places(tmp_path: Path) -> None:
    at = Place(tmp_path)
    demo = at.dirs.state / "demo/demo-abc/stardates"
    demo.mkdir(parents=True)
    private = workspace_state(demo, dirs=at.dirs).path / "codex"
    private.mkdir(parents=True)
    (private / "big").write_bytes(bytes(5000))
    row = of(at.clean("--yes"), "demo")
    assert cast("int", row["size_bytes"]) >= 5000
    assert not demo.parent.exists()
    assert not private.parent.exists()


def journal_says(at: Place, *data: EventData) -> None:
    """Make the worktree's run one that a journal knows."""
    ensure_dot_makeitso(at.box.root)
    journal = Journal(at.box.root / ".makeitso/journal.db", clock=SystemClock(), client="test")
    for one in data:
        journal.append(one, actor="engine", run=RUN)
    journal.close()


CREATED = ev.RunCreated(
    goal="g", plan=None, options=options(), policies=ASK, config_digest="", version="0"
)


def test_nothing_of_an_open_run_goes_however_old_it_is(tmp_path: Path) -> None:
    at = Place(tmp_path)
    journal_says(at, CREATED)
    rows = at.clean("--yes", "-c", "retention.days=0")
    assert {row["kind"]: row["action"] for row in rows} == {"worktree": "keep", "refs": "keep"}
    assert (at.tree / "unsaved.txt").exists()


def test_nothing_goes_while_another_process_works_here(tmp_path: Path) -> None:
    at = Place(tmp_path)
    journal_says(at, CREATED, ev.RunFinished(state="stopped"))
    with owner.own(at.box.root / ".makeitso/owner.lock", door="test"):
        ended = at.mis("clean", "--yes")
        assert ended.code == 2
        assert f"process {os.getpid()}" in ended.err
        assert (at.tree / "unsaved.txt").exists()
    assert of(at.clean("--yes"), "worktree")["removed"] is True


def test_kept_set_ups_are_listed_and_go_by_their_last_use(tmp_path: Path) -> None:
    at = Place(tmp_path)
    kept = at.state.setups / "0123abcd"
    (kept / "files/mod").mkdir(parents=True)
    (kept / "files/mod/read-only").write_bytes(bytes(3000))
    (kept / "files/mod").chmod(0o555)
    half = at.state.setups / ".new-4711-0123abcd-1"
    half.mkdir()
    rows = {row["name"]: row for row in at.clean("--yes") if row["kind"] == "setup"}
    assert (rows[str(kept)]["action"], rows[str(half)]["removed"]) == ("keep", True)
    assert cast("int", rows[str(kept)]["size_bytes"]) == 3000
    assert kept.is_dir()
    assert not half.exists()
    os.utime(kept, (1_500_000_000, 1_500_000_000))
    assert of(at.clean("--yes"), "setup")["removed"] is True
    assert not kept.exists()


def test_a_landing_that_stopped_half_way_is_listed_and_stays(tmp_path: Path) -> None:
    at = Place(tmp_path)
    journal_says(at, CREATED, ev.RunFinished(state="stopped"))
    home = at.box.root / f".makeitso/landing/{RUN}-T1-1"
    home.mkdir(parents=True)
    (home / "old-0").write_text("what was there\n")
    os.utime(home, (1_500_000_000, 1_500_000_000))
    row = of(at.clean("--yes", "-c", "retention.days=0"), "landing")
    assert (row["action"], row["run"], row["task"], row["removed"]) == ("keep", RUN, "T1", False)
    assert "delete it by hand" in str(row["reason"])
    assert cast("int", row["size_bytes"]) > 0
    assert cast("float", row["age_days"]) > 100
    assert (home / "old-0").read_text() == "what was there\n"


def test_replays_go_after_days_of_their_own(tmp_path: Path) -> None:
    at = Place(tmp_path)
    folder = at.box.root / ".makeitso/replays"
    (folder / "readings").mkdir(parents=True)
    kept, noted = folder / f"{RUN}.tar.gz", folder / "readings/0.json"
    beside = folder / "notes.txt"
    for path in (kept, noted, beside):
        path.write_bytes(bytes(3000))
        os.utime(path, (1_500_000_000, 1_500_000_000))
    rows = {row["name"]: row for row in at.clean("--dry-run", "-c", "retention.replay_days=99999")}
    row = rows[str(kept)]
    assert (row["kind"], row["run"], row["action"], row["size_bytes"]) == (
        "replay",
        RUN,
        "keep",
        3000,
    )
    assert rows[str(noted)]["run"] is None
    assert str(beside) not in rows
    gone = [row["name"] for row in at.clean("--yes") if row["kind"] == "replay" and row["removed"]]
    assert gone == [str(kept), str(noted)]
    assert (kept.exists(), noted.exists(), beside.exists()) == (False, False, True)
