from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from journal.tape import Check, plan_of, task_of
from makeitso.policy.redaction import Redactor
from makeitso.protocol import events as ev
from makeitso.runs.checks import run_checks
from makeitso.store.outputs import fetch
from makeitso.workspace import snapshots
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.protocol.events import CheckPlace, CheckRan
    from makeitso.workspace.worktrees import Worktree

pytestmark = pytest.mark.anyio
COUNT = "echo ran >> ../ran.txt"
"""Leaves a line outside the worktree each time it really runs."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def there_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *checks: Check
) -> tuple[Place, Worktree, str]:
    found = place(
        tmp_path, monkeypatch, plan=plan_of(task_of("T1", checks=list(checks))),
        files={"a.txt": b"one\n", "sub/b.txt": b"two\n", ".gitignore": b"cache/\n"},
    )  # fmt: skip
    tree = found.base("T1")
    base = found.ctx.task("T1").base
    assert base is not None
    return found, tree, base.tree


async def check(
    there: Place, tree: Worktree, sha: str, where: CheckPlace = "proposal", *, reuse: bool = True
) -> list[CheckRan]:
    return await run_checks(
        there.ctx, "T1", where=where, tree=sha, worktree=tree, phase="verify", reuse=reuse
    )


def files(tree: Worktree) -> dict[str, bytes]:
    return {
        str(p.relative_to(tree.path)): p.read_bytes()
        for p in sorted(tree.path.rglob("*"))
        if p.is_file() and p.name != ".git"
    }


async def test_what_a_check_does_to_the_worktree_is_taken_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, tree, sha = there_with(
        tmp_path, monkeypatch,
        Check(command="echo x > new.txt; mkdir -p d/e; echo > d/e/f; echo >> a.txt; rm sub/b.txt"),
        Check(command="test ! -e new.txt -a -e sub/b.txt"),
        Check(command="mkdir cache; echo kept > cache/c"),
    )  # fmt: skip
    before = files(tree)
    results = await check(there, tree, sha)
    assert [result.passed for result in results] == [True, True, True], "each on the same tree"
    assert files(tree) == {**before, "cache/c": b"kept\n"}, "ignored files are left alone"
    taken = snapshots.take(there.ctx.ports.repo, tree, run="r", task="T1", name="n")
    assert taken.tree == sha


async def test_a_result_counts_again_on_the_same_tree_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, tree, sha = there_with(tmp_path, monkeypatch, Check(command=COUNT))
    ran = tree.path.parent / "ran.txt"
    (first,) = await check(there, tree, sha, "base")
    (again,) = await check(there, tree, sha, "proposal")
    assert (first.reused, again.reused, again.where) == (False, True, "proposal")
    assert (again.exit_code, again.output) == (first.exit_code, first.output)
    assert ran.read_text() == "ran\n"
    await check(there, tree, sha, reuse=False)
    assert ran.read_text() == "ran\nran\n"
    (tree.path / "a.txt").write_bytes(b"changed\n")
    moved = snapshots.take(there.ctx.ports.repo, tree, run="r", task="T1", name="n").tree
    (other,) = await check(there, tree, moved)
    assert (other.reused, other.tree) == (False, moved)
    assert ran.read_text() == "ran\n" * 3
    assert [c.where for c in there.ctx.task("T1").checks] == ["base"] + ["proposal"] * 3


async def test_a_check_that_takes_too_long_is_red_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, tree, sha = there_with(
        tmp_path, monkeypatch, Check(command="echo begun; sleep 600", timeout_s=0.5)
    )
    (slow,) = await check(there, tree, sha)
    assert (slow.timed_out, slow.passed) == (True, False)
    assert slow.output is not None
    assert fetch(there.artifacts, slow.output) == b"begun\n"
    (again,) = await check(there, tree, sha)
    assert not again.reused, "it proved nothing"


async def test_evidence_names_tree_place_and_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, tree, sha = there_with(
        tmp_path, monkeypatch, Check(command="pwd; echo err >&2; exit 3", cwd="sub")
    )
    (red,) = await check(there, tree, sha)
    assert (red.exit_code, red.tree, red.cwd, red.where) == (3, sha, "sub", "proposal")
    assert red.sandboxed is False, "the runner of these tests has none, and that is on record"
    assert red.output is not None
    kept = fetch(there.artifacts, red.output).decode()
    assert kept.splitlines()[0].endswith("/sub")
    assert "err" in kept
    assert "err" in red.tail
    assert there.ctx.task("T1").latest_check(red.command, "sub", "proposal") == red
    assert "$ pwd" in there.door.text("check")


async def test_a_secret_a_check_prints_is_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = SECRET.split("-")
    there, tree, sha = there_with(
        tmp_path, monkeypatch, Check(command=f"printf '%s' {'-'.join(words[:3])}; sleep 0.1; "
                                             f"printf '%s\\n' -{'-'.join(words[3:])}")
    )  # fmt: skip
    redactor = Redactor(b"k" * 32)
    redactor.register("KEY", SECRET)
    there.ctx = replace(there.ctx, ports=replace(there.ctx.ports, redactor=redactor))
    (result,) = await check(there, tree, sha)
    assert result.output is not None
    assert b"[REDACTED:KEY" in fetch(there.artifacts, result.output)
    assert SECRET.encode() not in there.journal_bytes()
    assert SECRET not in there.door.text("check")
    assert SECRET not in result.tail


async def test_a_check_sees_a_network_only_when_everybody_lets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, tree, sha = there_with(tmp_path, monkeypatch, Check(command="true"))
    seen: list[bool] = []
    run = there.ctx.ports.checks.run

    class RecordingRunner:
        """The same runner; it notes whether a network was to be had."""

        sandboxed = False

        async def run(self, command: str, *, network: bool, **how: object) -> object:
            seen.append(network)
            return await run(command, network=network, **how)  # pyright: ignore[reportArgumentType]

    ports = replace(there.ctx.ports, checks=RecordingRunner())  # pyright: ignore[reportArgumentType]
    there.ctx = replace(there.ctx, ports=ports)
    for network, halt in (("ask", ()), ("auto", ()), ("auto", ("network",)), ("never", ())):
        there.ctx.run.policies = ev.PoliciesInForce.model_validate(
            {"write_files": "ask", "run_shell": "ask", "network": network}
        )
        flags = {"halt_on": halt}
        there.ctx.run.options = there.ctx.run.options.model_copy(update=flags)
        await check(there, tree, sha, reuse=False)
    assert seen == [False, True, False, False]


async def test_what_a_check_put_out_that_is_ended_in_the_middle_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = tmp_path / "go-on"
    line = f"echo begun; test -e {go_on} || sleep 600"
    there, tree, sha = there_with(tmp_path, monkeypatch, Check(command=line))
    log = there.ctx.ports.places.artifacts / f"{there.ctx.run_id}/T1/checks/proposal-1.log"
    async with anyio.create_task_group() as group:
        group.start_soon(check, there, tree, sha)
        with anyio.fail_after(60):
            while not log.exists() or log.read_bytes() != b"begun\n":  # noqa: ASYNC110 -- a file
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    assert log.read_bytes() == b"", "nothing will ever point to it"
    go_on.touch()
    (result,) = await check(there, tree, sha)
    assert result.output is not None
    assert (result.output.offset, fetch(there.ctx.ports.places.artifacts, result.output)) == (
        0,
        b"begun\n",
    )
