"""kill -9 before the first run is recorded: there is nothing afterwards, not even a directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from e2e.harness import world
from e2e.stories import FILES, PLAN, spell
from faults.killing import killed

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.harness import World

pytestmark = [pytest.mark.faults, pytest.mark.e2e, pytest.mark.codex]

BEFORE = ("workspace.own", "run.create", "recording", "recording.run.created")


def everything(w: World) -> dict[str, object]:
    """All there is of a workspace and around it, by path; of git only what has a meaning."""
    files = {
        str(path.relative_to(top)): path.read_bytes() if path.is_file() else b"/"
        for top in (w.root, w.home, w.tmp, w.xdg_tmp)
        for path in sorted(top.rglob("*"))
        if ".git" not in path.relative_to(top).parts
    }
    git = [
        w.box.text(*args) for args in (("for-each-ref",), ("worktree", "list"), ("status", "-s"))
    ]
    return {**files, "git": git}


@pytest.mark.parametrize("at", BEFORE)
def test_nothing_is_there_and_a_run_can_begin(tmp_path: Path, at: str) -> None:
    with world(tmp_path, spell(), files={**FILES, "spell.plan.md": PLAN}) as w:
        before = everything(w)
        killed(w, at, "run", "spell.plan.md", "--yes")
        assert everything(w) == before
        assert not w.state.exists()
        w.mis("status").expect(0, "no runs yet")
        assert everything(w) == before, "looking leaves something"
        if at == BEFORE[-1]:
            w.mis("run", "spell.plan.md", "--yes").expect(0, "done")
            assert "line two\n" in w.read("poem.txt")


def test_killed_just_before_a_second_run_the_first_is_as_it_was(tmp_path: Path) -> None:
    with world(tmp_path, spell(), files={**FILES, "spell.plan.md": PLAN}) as w:
        w.mis("run", "spell.plan.md", "--yes").expect(0)
        before = (w.status(), w.box.text("for-each-ref"), len(w.events()))
        killed(w, "recording.run.created", "run", "another goal", "--yes")
        assert (w.status(), w.box.text("for-each-ref"), len(w.events())) == before
