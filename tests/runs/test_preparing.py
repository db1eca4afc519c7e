"""Preparing a worktree on real repositories: copied, set up, kept, put back; each thing once."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

import pytest

from journal.tape import Check, options, plan_of, task_of
from makeitso.errors import EnvironmentFault, StateError
from makeitso.protocol import events as ev
from makeitso.protocol.base import Wire
from makeitso.runs import preparing
from makeitso.runs.rounds.endings import Unanswered
from makeitso.runs.steps.bootstrap import bootstrap, ensure_worktree, find_worktree
from makeitso.workers.commands import BareCommands
from makeitso.workspace import snapshots
from runs.run_place import SECRET, Place, place

if TYPE_CHECKING:
    from pathlib import Path

    from makeitso.processes.command import OnOutput
    from makeitso.protocol.plan import RunOptions
    from makeitso.workers.port import CommandOutcome

pytestmark = pytest.mark.anyio
Data = TypeVar("Data", bound=Wire)
FILES = {
    "a.txt": b"one\n",
    "package-lock.json": b"{}",
    ".gitignore": b"node_modules/\n.venv/\n.env*\ndist/\n*.log\n",
    ".env.test": b"KEY=for tests\n",
}
MAKE = "mkdir -p node_modules/x && echo made > node_modules/x/index.js"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Counting:
    """Runs commands as they are and counts them; says whether they were given the network."""

    sandboxed: bool = False
    ran: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])

    async def run(
        self, command: str, *, cwd: Path, root: Path, timeout_s: float, network: bool,
        on_output: OnOutput,
    ) -> CommandOutcome:  # fmt: skip
        self.ran.append((command, network))
        return await BareCommands().run(
            command, cwd=cwd, root=root, timeout_s=timeout_s, network=network, on_output=on_output
        )


@dataclass
class There:
    """A workspace with three tasks and settings for their worktrees."""

    place: Place
    runner: Counting

    async def ready(self, task: str) -> Path:
        ctx = self.place.ctx
        base = ctx.task(task).base
        if base is None:
            taken = snapshots.take(
                ctx.ports.repo, ctx.ports.places.root, run=ctx.run_id, task=task, name="base"
            )
            base = ev.SnapshotTaken(
                name="base", tree=taken.tree, commit=taken.commit, ref=taken.ref
            )
            ctx.append(base, task=task)
        return (await ensure_worktree(ctx, task, base)).path

    def notes(self) -> str:
        return "\n".join(data.text for data in self.of(ev.NoteAdded))

    def of(self, kind: type[Data]) -> list[Data]:
        journal = self.place.ctx.ports.journal
        return [event.data for event in journal.read() if isinstance(event.data, kind)]

    @property
    def kept(self) -> list[str]:
        folder = self.place.ctx.ports.places.setups
        return sorted(p.name for p in folder.iterdir()) if folder.is_dir() else []


def there_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: RunOptions | None = None,
    checks: tuple[Check, ...] = (), **bootstrap: object,
) -> There:  # fmt: skip
    tasks = [task_of(name, checks=list(checks)) for name in ("T1", "T2", "T3")]
    found = place(tmp_path, monkeypatch, plan=plan_of(*tasks), files=FILES, how=how)
    runner = Counting()
    config = found.ctx.ports.config
    changed = config.model_copy(update={"bootstrap": config.bootstrap.model_copy(update=bootstrap)})
    ports = replace(found.ctx.ports, config=changed, setup=runner)
    found.ctx = replace(found.ctx, ports=ports)
    return There(found, runner)


async def test_it_is_copied_once_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = there_with(tmp_path, monkeypatch, copy_=(".env.test", "a.txt", "no-such"))
    one = await at.ready("T1")
    assert (one / ".env.test").read_bytes() == b"KEY=for tests\n"
    (one / ".env.test").write_text("changed by a worker")
    assert await at.ready("T1") == one
    assert (one / ".env.test").read_text() == "changed by a worker"
    await at.ready("T2")
    assert [(p.copied, p.copied_bytes) for p in at.of(ev.WorktreePrepared)] == [(1, 14), (1, 14)]
    assert at.notes().count("names a.txt, which every worktree has") == 1
    assert at.notes().count("names no-such, and no file is called so") == 1


async def test_what_holds_a_secret_of_the_environment_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, copy_=(".env*",))
    at.place.box.write(".env", f"CODEX_API_KEY={SECRET}\n".encode())
    one = await at.ready("T1")
    assert not (one / ".env").exists()
    assert (one / ".env.test").exists()
    assert "not copied, it holds a secret of your environment: .env" in at.notes()


async def test_a_copied_environment_that_names_the_workspace_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, copy_=(".venv",))
    at.place.box.write(".venv/bin/pip", f"#!{at.place.box.root}/.venv/bin/python\n".encode())
    await at.ready("T1")
    assert "copied files name the workspace by its full path: .venv/bin/pip" in at.notes()


async def test_set_up_runs_once_for_the_same_lock_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, commands=(MAKE, "true"))
    one = await at.ready("T1")
    at.place.box.write("a.txt", b"the base moves on\n")
    two = await at.ready("T2")
    assert [command for command, _ in at.runner.ran] == [MAKE, "true"]
    assert (two / "node_modules/x/index.js").read_text() == "made\n"
    assert [ran.reused for ran in at.of(ev.SetupRan)] == [False, False, True, True]
    first, second = at.of(ev.WorktreePrepared)
    assert first.setup == second.setup != ""
    assert at.kept == [first.setup]
    (two / "node_modules/x/index.js").write_text("poisoned")
    assert (one / "node_modules/x/index.js").read_text() == "made\n"
    at.place.box.write("package-lock.json", b'{"other": 1}')
    await at.ready("T3")
    assert len(at.runner.ran) == 4, "other lock files, another environment"
    assert len(at.kept) == 2


async def test_what_follows_from_sources_is_reused_only_for_the_same_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = "mkdir dist && cp a.txt dist/a"
    at = there_with(tmp_path, monkeypatch, commands=(build,))
    await at.ready("T1")
    await at.ready("T2")
    assert len(at.runner.ran) == 1
    at.place.box.write("a.txt", b"two\n")
    three = await at.ready("T3")
    assert len(at.runner.ran) == 2
    assert (three / "dist/a").read_bytes() == b"two\n"


async def test_an_environment_bound_to_its_place_is_made_anew_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    venv = 'mkdir -p .venv/bin && echo "#!$PWD/.venv/bin/python" > .venv/bin/pip'
    at = there_with(tmp_path, monkeypatch, commands=(venv,))
    await at.ready("T1")
    two = await at.ready("T2")
    assert len(at.runner.ran) == 2
    assert at.kept == []
    assert str(two) in (two / ".venv/bin/pip").read_text()
    said = "not kept for other worktrees: .venv/bin/pip holds the path of its worktree"
    assert said in at.notes()


async def test_set_up_that_changes_what_was_copied_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(
        tmp_path, monkeypatch, copy_=("node_modules",), commands=("echo > node_modules/old", MAKE)
    )
    at.place.box.write("node_modules/old", b"old")
    one = await at.ready("T1")
    assert (one / "node_modules/old").read_bytes() == b"\n"
    assert at.kept == []
    assert "it changes files that `[bootstrap] copy` brings" in at.notes()


async def test_what_git_does_not_ignore_is_taken_out_again_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, commands=(f"{MAKE}; echo > new.txt; echo > a.txt",))
    one = await at.ready("T1")
    assert not (one / "new.txt").exists()
    assert (one / "a.txt").read_bytes() == b"one\n"
    assert "taken out again: a.txt, new.txt" in at.notes()
    assert (one / "node_modules/x/index.js").exists()


async def test_a_damaged_one_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at = there_with(tmp_path, monkeypatch, commands=(MAKE,))
    await at.ready("T1")
    (name,) = at.kept
    setups = at.place.ctx.ports.places.setups
    (setups / name / "files/node_modules/x/index.js").write_text("")
    two = await at.ready("T2")
    assert (two / "node_modules/x/index.js").read_text() == "made\n"
    assert len(at.runner.ran) == 2
    assert "is not whole; it is made again" in at.notes()
    assert at.kept == [name]


async def test_a_failing_command_says_what_and_how_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(
        tmp_path, monkeypatch, commands=("true", "echo getaddrinfo EAI_AGAIN host >&2; exit 7")
    )
    with pytest.raises(EnvironmentFault, match="exit status 7: getaddrinfo") as fault:
        await at.ready("T1")
    assert 'network = "auto"' in fault.value.hint
    assert at.kept == []
    with pytest.raises(EnvironmentFault):
        await at.ready("T1")
    assert [command for command, _ in at.runner.ran].count("true") == 1, "what passed stays passed"


async def test_a_worktree_that_is_gone_is_made_and_set_up_on_its_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, commands=(f"cp a.txt node_modules.log; {MAKE}",))
    one = await at.ready("T1")
    (one / "a.txt").write_text("of the worker\n")
    ctx = at.place.ctx
    tree = find_worktree(ctx, "T1")
    assert tree is not None
    taken = snapshots.take(ctx.ports.repo, tree, run=ctx.run_id, task="T1", name="round-1")
    ctx.append(
        ev.SnapshotTaken(name="round-1", tree=taken.tree, commit=taken.commit, ref=taken.ref),
        task="T1",
    )
    shutil.rmtree(one)
    shutil.rmtree(ctx.ports.places.setups)
    assert await at.ready("T1") == one
    assert (one / "a.txt").read_text() == "of the worker\n"
    assert (one / "node_modules.log").read_text() == "one\n", "set-up saw the base"
    assert len(at.of(ev.WorktreeRemoved)) == 1
    assert len(at.of(ev.WorktreePrepared)) == 2


async def test_files_that_git_has_forgotten_are_never_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch)
    one = await at.ready("T1")
    (one / "unsaved").write_text("only here")
    for admin in (at.place.box.root / ".git/worktrees").iterdir():
        shutil.rmtree(admin)
    with pytest.raises(StateError, match="does not know the worktree"):
        await at.ready("T1")
    assert (one / "unsaved").read_text() == "only here"


class CrashError(Exception):
    pass


@pytest.mark.parametrize("point", ["setup.copied", "setup.aside", "setup.kept", "setup.restored"])
async def test_a_crash_before_it_is_recorded_does_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    at = there_with(tmp_path, monkeypatch, copy_=(".env.test",), commands=(MAKE,))
    whole = at.place.ctx
    if point == "setup.restored":
        await at.ready("T2")

    def fault(name: str) -> None:
        if name == point:
            raise CrashError

    at.place.ctx = replace(whole, ports=replace(whole.ports, fault=fault))
    with pytest.raises(CrashError):
        await at.ready("T1")
    prepared = len(at.of(ev.WorktreePrepared))
    at.place.ctx = whole
    one = await at.ready("T1")
    assert (one / "node_modules/x/index.js").read_text() == "made\n"
    assert (one / ".env.test").exists()
    assert len(at.of(ev.WorktreePrepared)) == prepared + 1
    assert len(at.runner.ran) == 1, "what passed is not run again"
    assert not [name for name in at.kept if name.startswith(".new-")]


async def test_a_worker_cannot_write_the_cache_that_set_up_linked_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = tmp_path / "store"
    store.write_text("of all")
    at = there_with(
        tmp_path, monkeypatch, commands=(f"mkdir node_modules; ln {store} node_modules/x",)
    )
    one = await at.ready("T1")
    assert store.stat().st_nlink == 1
    (one / "node_modules/x").write_text("poisoned")
    assert store.read_text() == "of all"
    two = await at.ready("T2")
    assert (two / "node_modules/x").read_text() == "of all"


@pytest.mark.parametrize("network", ["never", "auto"])
async def test_set_up_has_the_network_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: str
) -> None:
    at = there_with(tmp_path, monkeypatch, commands=("true",), network=network)
    await at.ready("T1")
    assert at.runner.ran == [("true", network == "auto")]


async def test_halt_on_network_asks_once_and_a_no_runs_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = options().model_copy(update={"halt_on": ("network",)})
    at = there_with(tmp_path, monkeypatch, how, commands=(MAKE,), network="auto")
    with pytest.raises(Unanswered):
        await at.ready("T1")
    with pytest.raises(Unanswered):
        await at.ready("T2")
    (asked,) = at.place.ctx.run.pending
    assert asked.subject == f"set-up with the network: {MAKE}"
    assert asked.tasks == ("T1", "T2")
    at.place.ctx.append(ev.ApprovalDecided(id=asked.id, grant=False, who="ada"))
    await at.ready("T1")
    assert at.runner.ran == [(MAKE, False)]
    assert at.kept == [], "it is not what its name would say"


async def test_a_base_with_what_nobody_accepted_asks_and_is_never_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, commands=(MAKE,), network="auto")
    ctx = at.place.ctx
    taken = snapshots.take(
        ctx.ports.repo, ctx.ports.places.root, run=ctx.run_id, task="T2", name="base"
    )
    base = ev.SnapshotTaken(
        name="base", tree=taken.tree, commit=taken.commit, ref=taken.ref,
        on=(ev.BuiltOn(task="T1", hunks=("h1",)),),
    )  # fmt: skip
    ctx.append(base, task="T2")
    with pytest.raises(Unanswered):
        await at.ready("T2")
    (asked,) = ctx.run.pending
    assert "on what T1 proposes" in asked.subject
    ctx.append(ev.ApprovalDecided(id=asked.id, grant=True, scope="run", who="ada"))
    await at.ready("T2")
    assert at.runner.ran == [(MAKE, True)]
    assert at.kept == []
    await at.ready("T1")
    assert at.runner.ran == [(MAKE, True), (MAKE, True)]
    assert len(at.kept) == 1


async def test_what_is_lacking_is_said_once_before_anything_is_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Check(command="echo \"No module named 'yaml'\"; exit 1")
    at = there_with(tmp_path, monkeypatch, checks=(missing, Check(command="no-such-program-x")))
    at.place.box.write(".venv/bin/python", b"")
    at.place.box.write("big.log", b"nobody misses it")
    for task in ("T1", "T2"):
        with pytest.raises(Unanswered):
            await bootstrap(at.place.ctx, task, nobody=lambda: True)
    (asked,) = at.place.ctx.run.pending
    assert asked.subject.startswith("`no-such-program-x` cannot run in a worktree")
    notes = at.notes()
    assert notes.count("will lack these environments: .venv/") == 1
    assert notes.count("will lack these settings: .env.test") == 1
    assert "big.log" not in notes
    assert "unable to run in a worktree: No module named 'yaml'" in notes
    assert "`no-such-program-x` seems unable to run in a worktree" in notes
    assert "[bootstrap] commands" in notes


async def test_nothing_of_a_socket_or_link_reaches_the_worktree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = there_with(tmp_path, monkeypatch, copy_=("dist",))
    root = at.place.box.root
    (root / "dist").mkdir()
    (root / "dist/out").symlink_to("../../outside")
    monkeypatch.chdir(root / "dist")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s")
    one = await at.ready("T1")
    assert list((one / "dist").iterdir()) == []
    assert "a link that leads out: dist/out" in at.notes()
    assert preparing.Brought().files == 0
