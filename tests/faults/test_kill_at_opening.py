"""kill -9 as a change from elsewhere is put up for review: it is there once, or not at all."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import pytest

import git_sandbox
from cli.mis_process import Mis
from makeitso.wiring.faults import FAULT_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from git_sandbox import Sandbox

pytestmark = [pytest.mark.faults]

NUMBERS = "".join(f"{n}\n" for n in range(1, 31))
THREE = NUMBERS.replace("\n3\n", "\nthree\n")
BOTH = THREE.replace("\n25\n", "\ntwenty-five\n")


@dataclass(frozen=True)
class Desk:
    mis: Mis
    box: Sandbox

    def killed(self, at: str, *args: str) -> None:
        """Run `mis`, which must die at a point."""
        __tracebackhide__ = True
        env = {**self.mis.extra, FAULT_VARIABLE: at}
        ended = replace(self.mis, extra=env)(*args)
        assert ended.code == -signal.SIGKILL, f"{at} never fired\n{ended}"

    def runs(self) -> list[dict[str, object]]:
        status = self.mis("status", "--all", "--json")
        assert status.code == 0, status
        return cast("dict[str, list[dict[str, object]]]", status.json)["runs"]

    def hunks(self) -> dict[str, str]:
        rows = cast("list[dict[str, object]]", self.mis("review", "--json").json)
        return {str(row["id"]): str(row["state"]) for row in rows}

    def theirs(self, text: str) -> None:
        """What the branch says now."""
        there = git_sandbox.Sandbox(self.box.root.parent / "colleague")
        if not there.root.exists():
            self.box.git("worktree", "add", "-q", str(there.root), "speed")
        there.write("a.txt", text.encode())
        there.commit("Numbers in words")

    def text(self) -> str:
        return (self.box.root / "a.txt").read_text()

    def refs(self) -> dict[str, bytes]:
        state = self.box.state()
        return {name: state[name] for name in ("index", "head", "refs")}

    def chain_is_whole(self) -> None:
        verified = self.mis("audit", "--verify")
        assert verified.code == 0, verified


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "home").mkdir()
    box = git_sandbox.make(tmp_path / "work")
    box.write("a.txt", NUMBERS.encode())
    box.commit("one")
    box.git("branch", "speed")
    desk = Desk(Mis(tmp_path / "home", box.root, dict(git_sandbox.ENVIRONMENT)), box)
    desk.theirs(THREE)
    return desk


@pytest.mark.parametrize("moment", ["recording", "recorded"])
def test_as_it_is_opened_and_moves_on(desk: Desk, moment: str) -> None:
    there = moment == "recorded"
    before = desk.refs()
    desk.killed(f"{moment}.review.opened", "review", "open", "speed")
    assert [run["state"] for run in desk.runs()] == ["waiting"] * there
    assert (desk.text(), desk.refs()) == (NUMBERS, before)

    assert desk.mis("review", "open", "speed").code == 0
    (run,) = desk.runs()
    (first,) = desk.hunks()
    desk.theirs(BOTH)
    desk.mis("review", "accept", first)  # it lands with the rest of what was opened
    landed = desk.text()
    desk.killed(f"{moment}.review.opened", "review", "open", "speed")
    if there:
        assert list(desk.hunks().values()).count("pending") == 1
    assert desk.text() == landed

    assert desk.mis("review", "open", "speed").code == 0
    assert [known["id"] for known in desk.runs()] == [run["id"]], "the next round, no second review"
    assert sorted(desk.hunks().values()) == ["landed", "pending"]
    assert desk.mis("review", "accept", "--all").code == 0
    assert desk.text() == BOTH
    desk.chain_is_whole()


@pytest.mark.parametrize("moment", ["recording", "recorded"])
def test_as_the_first_mark_on_what_was_only_looked_at_records_it(desk: Desk, moment: str) -> None:
    desk.theirs(BOTH)
    env = {**desk.mis.extra, FAULT_VARIABLE: f"{moment}.review.opened"}
    ended = replace(desk.mis, extra=env).on_terminal(
        "review", "--from", "speed", until="accept this hunk", answer="y\n"
    )
    assert ended.code == -signal.SIGKILL, ended
    assert len(desk.runs()) == (moment == "recorded")
    assert desk.text() == NUMBERS
    assert desk.mis("review", "open", "speed").code == 0
    assert set(desk.hunks().values()) == {"pending"}, "the mark itself was never recorded"
    assert desk.mis("review", "accept", "--all").code == 0
    assert desk.text() == BOTH
    assert [run["state"] for run in desk.runs()] == ["done"]
    desk.chain_is_whole()
