"""What is kept of results: the newest, within bounds, and never under another key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import git_sandbox
from makeitso.workspace import changes
from makeitso.workspace.git import open_repository
from makeitso.workspace.recent import Recent

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_made_once_and_the_oldest_goes_first() -> None:
    made: list[str] = []

    def make(name: str) -> str:
        made.append(name)
        return name

    recent: Recent[str] = Recent(room=4, weight=len)
    for name in ("aa", "bb", "aa", "cc", "aa", "bb"):
        assert recent.get(name, lambda name=name: make(name)) == name
    assert made == ["aa", "bb", "cc", "bb"]
    recent.put("long", "longer than all room")
    assert recent.peek("long") == "longer than all room", "the newest stays, whatever it weighs"
    assert recent.peek("aa") is None


def test_a_change_is_known_by_its_trees_task_and_notes(tmp_path: Path) -> None:
    box = git_sandbox.make(tmp_path / "w")
    trees: list[str] = []
    for text in (b"one\n", b"two\n", b"three\n"):
        box.write("a.txt", text)
        box.commit()
        trees.append(box.text("rev-parse", "HEAD^{tree}"))
    repo = open_repository(box.root)

    def between(old: int, new: int, task: str, *notes: str) -> str:
        found = changes.between(repo, trees[old], trees[new], run="r", task=task, notes=notes)
        again = changes.between(repo, trees[old], trees[new], run="r", task=task, notes=notes)
        assert again is found
        assert (found.task, found.notes) == (task, notes)
        return found.files[0].hunks[0].id

    ids = [between(0, 1, "T1"), between(0, 2, "T1"), between(1, 2, "T1"), between(0, 1, "T2")]
    assert len(set(ids)) == len(ids)
    assert between(0, 1, "T1", "something is left out") == ids[0]
