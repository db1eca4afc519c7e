"""A real repository, journal and ports with one run in it; only the worker program is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import git_sandbox
from journal.tape import options
from makeitso.protocol import events as ev
from makeitso.runs.context import Context
from makeitso.runs.create import create_run
from makeitso.runs.meter import Meter
from makeitso.wiring import Bridge
from makeitso.workspace import snapshots, worktrees

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from makeitso.managers.port import Manager
    from makeitso.protocol.approval import Approval
    from makeitso.protocol.events import Event, EventData
    from makeitso.protocol.plan import Plan, RunOptions
    from makeitso.workspace.worktrees import Worktree

SECRET = "value-that-must-not-stand-anywhere"


@dataclass
class RecordingDoor:
    """Keeps what it is shown; nobody stands behind it."""

    shown: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    at: str | None = None
    """The question a person is at."""

    def event(self, event: Event) -> None:
        del event

    def output(self, task: str, channel: str, text: str) -> None:
        self.shown.append((task, channel, text))

    async def attend(self, pending: Sequence[Approval]) -> bool:
        del pending
        return False

    def asking(self) -> str | None:
        return self.at

    def text(self, channel: str) -> str:
        return "".join(text for _, where, text in self.shown if where == channel)


@dataclass
class Place:
    """One workspace with one run."""

    box: git_sandbox.Sandbox
    bridge: Bridge
    ctx: Context
    door: RecordingDoor

    @property
    def artifacts(self) -> Path:
        return self.ctx.ports.places.artifacts

    def found(self, kind: type[EventData]) -> list[EventData]:  # pyright: ignore[reportInvalidTypeForm]
        return [e.data for e in self.ctx.ports.journal.read() if isinstance(e.data, kind)]  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType, reportUnknownArgumentType]

    def journal_bytes(self) -> bytes:
        path = self.bridge.dot.journal
        return b"".join(p.read_bytes() for p in path.parent.glob("journal.db*"))

    def accept_plan(self, plan: Plan) -> None:
        digests = {task.id: task.id for task in plan.tasks}
        self.ctx.append(ev.PlanMade(path="p", plan=plan, digest="p1", task_digests=digests))

    def stands(self, task: str) -> None:
        """Say of a task that it has a base and a worktree, where nothing looks at them."""
        taken = ev.SnapshotTaken(name="base", tree="t0", commit="c0", ref="r")
        self.ctx.append(taken, task=task)
        self.ctx.append(ev.WorktreeCreated(path=f"/trees/{task}", commit="c0"), task=task)

    def base(self, task: str) -> Worktree:
        """Snapshot the workspace and make the task's worktree, as bootstrap does."""
        repo, places = self.ctx.ports.repo, self.ctx.ports.places
        taken = snapshots.take(repo, places.root, run=self.ctx.run_id, task=task, name="base")
        made = worktrees.create(
            repo, taken, places.worktrees / f"{self.ctx.run_id}-{task}",
            run=self.ctx.run_id, task=task,
        )  # fmt: skip
        self.ctx.append(
            ev.SnapshotTaken(name="base", tree=taken.tree, commit=taken.commit, ref=taken.ref),
            task=task,
        )
        self.ctx.append(ev.WorktreeCreated(path=str(made.path), commit=made.base_commit), task=task)
        return made


def place(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    plan: Plan,
    files: dict[str, bytes] | None = None,
    how: RunOptions | None = None,
    policies: ev.PoliciesInForce | None = None,
) -> Place:
    """A workspace at a commit, with a run whose plan stands."""
    for name, value in git_sandbox.ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home" / name))
    monkeypatch.setenv("CODEX_API_KEY", SECRET)
    box = git_sandbox.make(tmp_path / "work space")
    for path, data in (files or {"a.txt": b"one\n"}).items():
        box.write(path, data)
    box.commit()
    bridge = Bridge(box.root, client="test", bare=True)
    ports = bridge.ports()
    run = create_run(ports, goal="g", plan="p", options=how or options())
    door = RecordingDoor()
    ctx = Context(
        run_id=run,
        ports=ports,
        book=bridge.book,
        door=door,
        manager=cast("Manager", None),
        meter=Meter(
            lambda data, task, phase: ports.journal.append(
                data, actor="engine", run=run, task=task, phase=phase
            ),
            now=ports.clock.monotonic,
        ),
    )
    made = Place(box, bridge, ctx, door)
    if policies is not None:
        ctx.run.policies = policies
    made.accept_plan(plan)
    return made
