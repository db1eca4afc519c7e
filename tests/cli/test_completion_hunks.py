"""The shell completes ids of hunks: those that the action has an effect on."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

import git_sandbox
from cli.mis_process import Mis
from makeitso.store import glance_hunks

if TYPE_CHECKING:
    from pathlib import Path

    from git_sandbox import Sandbox

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))


@dataclass(frozen=True)
class Desk:
    mis: Mis
    box: Sandbox

    def does(self, *args: str) -> None:
        done = self.mis("review", *args)
        assert done.code == 0, done

    def said(self) -> dict[str, str]:
        """States by hunk, as `mis review` says them."""
        rows = cast("list[dict[str, str]]", self.mis("review", "--json").json)
        return {row["id"]: row["state"] for row in rows}

    def glanced(self) -> dict[str, str]:
        found = glance_hunks.hunks(self.box.root / ".makeitso" / "journal.db")
        return {hunk.id: hunk.state for hunk in found}

    def completed(self, line: str, *python: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *python, "-m", "makeitso"],
            cwd=self.box.root,
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

    def offered(self, line: str) -> set[str]:
        done = self.completed(line)
        assert done.stderr == ""
        return set(done.stdout.split())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "home").mkdir()
    box = git_sandbox.make(tmp_path / "place")
    box.write("a.txt", NUMBERS.encode())
    box.write("b.txt", NUMBERS.encode())
    box.commit("one")
    box.git("branch", "speed")
    there = git_sandbox.Sandbox(tmp_path / "colleague")
    box.git("worktree", "add", "-q", str(there.root), "speed")
    changed = NUMBERS.replace("\n3\n", "\nthree\n").replace("\n25\n", "\ntwenty-five\n")
    there.write("a.txt", changed.encode())
    there.write("b.txt", NUMBERS.replace("\n3\n4\n5\n", "\nthree\n4\nfive\n").encode())
    there.commit("Numbers in words")
    found = Desk(Mis(tmp_path / "home", box.root, dict(git_sandbox.ENVIRONMENT)), box)
    found.does("open", "speed")
    return found


def test_an_action_is_offered_the_hunks_it_has_an_effect_on(desk: Desk) -> None:
    first, second, third = desk.said()
    assert desk.offered("mis review accept ") == {first, second, third}
    assert desk.offered(f"mis review accept {first} ") == {second, third}
    assert desk.offered(f"mis review show {second[:5]}") == {second}
    assert desk.offered("mis review reopen ") == set()
    desk.does("accept", first)
    assert desk.offered("mis review accept ") == {second, third}
    assert desk.offered("mis review reject ") == {first, second, third}
    assert desk.offered("mis review reopen ") == {first}
    assert desk.offered("mis review edit ") == {first, second, third}
    assert desk.offered("mis review split ") == {first, second, third}
    places = desk.offered("mis review comment ")
    assert places > {first, second, third, "a.txt", "b.txt"}
    assert len(places) == 6  # and the task
    assert desk.offered("mis review accept --run r-none ") == set()


def test_what_is_offered_is_what_the_review_says(desk: Desk) -> None:
    first, second, third = desk.said()
    assert desk.glanced() == desk.said()
    desk.does("split", third)
    parts = [name for name in desk.said() if name.startswith(third)]
    assert len(parts) == 2
    assert desk.glanced() == desk.said()
    desk.does("reject", parts[0])
    assert desk.glanced() == desk.said()
    desk.does("join", third)
    assert desk.glanced() == desk.said()
    desk.does("unmark")
    assert desk.glanced() == desk.said()
    desk.does("accept", f"{second}:4")  # a line of it
    assert desk.glanced() == desk.said()
    desk.does("accept", "--all")
    assert set(desk.glanced().values()) == {"landed", "rejected"}
    assert desk.glanced() == desk.said()
    desk.does("undo")
    assert desk.glanced() == desk.said()
    assert first in desk.glanced()


def test_little_is_loaded_for_it(desk: Desk) -> None:
    loaded = desk.completed("mis review accept ", "-X", "importtime").stderr
    assert "makeitso.store.glance_hunks" in loaded
    assert not [name for name in ("pygls", "openai", "makeitso.runs.engine") if name in loaded]
