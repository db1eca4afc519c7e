"""Nothing of a task lands while a protected path is undecided, and no mark is lost by that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from journal.tape import plan_of
from makeitso.errors import StateError
from makeitso.protocol import events as ev
from makeitso.runs.marking import mark
from makeitso.runs.proposing import proposed
from makeitso.runs.reviewing import held, request_landing
from makeitso.workspace import trees
from runs.run_place import place

if TYPE_CHECKING:
    from pathlib import Path


def test_landing_waits_for_the_lock_file_and_marks_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"a.txt": b"1\n", "package-lock.json": b"{}\n"}
    there = place(tmp_path, monkeypatch, plan=plan_of("T1"), files=files)
    there.base("T1")
    ctx = there.ctx
    ctx.append(ev.TaskReviewing(), task="T1")
    task, repo = ctx.task("T1"), ctx.ports.repo
    assert task.base is not None
    new: dict[str, trees.Entry | None] = {
        path: trees.Entry("100644", trees.write_blob(repo, b"new\n")) for path in files
    }
    tree = trees.with_entries(repo, task.base.tree, new)
    data = proposed(repo, ctx.run_id, task, tree=tree, commit="c")
    ctx.append(data, task="T1", phase="task")
    plain, lock = data.hunks
    assert (plain.protected, lock.protected) == (False, True)
    mark(ctx.book, [plain.id], "accepted")
    with pytest.raises(StateError, match=r"package-lock\.json"):
        request_landing(ctx.book)
    assert held(ctx.book) == [("T1", ("package-lock.json",))]
    assert ctx.task("T1").hunks == {plain.id: "accepted", lock.id: "pending"}
    assert not ctx.task("T1").land_requested
    mark(ctx.book, [lock.id], "rejected")
    assert held(ctx.book) == []
    assert request_landing(ctx.book) == [(ctx.run_id, "T1")]
