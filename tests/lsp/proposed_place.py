"""A workspace in which tasks have proposed changes, made without any worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsp_client import Place

from journal.tape import plan_of, task_of
from makeitso.protocol import events as ev
from makeitso.protocol.words import PHASES
from makeitso.runs.proposing import proposed
from makeitso.workspace import snapshots
from runs.run_place import place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Files = dict[str, "bytes | None"]


def proposed_place(
    base: Path, files: dict[str, bytes], *, tasks: Mapping[str, Files]
) -> tuple[Place, str]:
    """A workspace with these files; each task proposes some, None deletes. Also the run's id."""
    with pytest.MonkeyPatch.context() as patch:
        there = place(base, patch, plan=plan_of(*tasks), files=files)
        ctx = there.ctx
        for task, changed in tasks.items():
            tree = there.base(task)
            _write(tree.path, changed)
            taken = snapshots.take(ctx.ports.repo, tree, run=ctx.run_id, task=task, name="proposal")
            event = proposed(
                ctx.ports.repo, ctx.run_id, ctx.task(task), tree=taken.tree, commit=taken.commit
            )
            ctx.append(event, task=task, phase="task")
        there.bridge.close()
        return Place(there.box.root, base / "home"), ctx.run_id


def left_behind(
    base: Path, files: dict[str, bytes], *, dirty: Files, wrote: Files
) -> tuple[Place, Path]:
    """A workspace in which a task failed after it wrote some files; also its plan.

    Args:
        base: where it is made.
        files: what is committed.
        dirty: what the person had changed when the task began.
        wrote: what the task wrote into its worktree.
    """
    with pytest.MonkeyPatch.context() as patch:
        there = place(base, patch, plan=plan_of("T1"), files=files)
        ctx, name = there.ctx, ".makeitso/plans/2026-11-22-a.plan.md"
        _write(there.box.root, dirty)
        path = there.box.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# Do it\n\nIt is done.\n\n- [ ] **T1** do T1\n")
        ctx.append(ev.PlanMade(path=name, plan=plan_of("T1"), digest="p", task_digests={"T1": "t"}))
        _write(there.base("T1").path, wrote)
        ctx.append(ev.TaskEnded(state="failed", reason="it was not to be"), task="T1")
        ctx.append(ev.RunFinished(state="failed"))
        there.bridge.close()
        return Place(there.box.root, base / "home"), path


def under_review(
    base: Path, files: dict[str, bytes], *, wrote: Files, **extra: str
) -> tuple[Place, Path, str]:
    """A workspace in which what a task wrote waits for a person; also its plan and its run.

    Args:
        base: where it is made.
        files: what is committed.
        wrote: what the task wrote into its worktree.
        extra: variables of the server.
    """
    with pytest.MonkeyPatch.context() as patch:
        plan = plan_of(task_of("T1", checks=[]))
        there = place(base, patch, plan=plan, files=files)
        ctx, name = there.ctx, ".makeitso/plans/2026-11-22-a.plan.md"
        path = there.box.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("# Do it\n\nIt is done.\n\n- [ ] **T1** do T1\n")
        ctx.append(ev.PlanMade(path=name, plan=plan, digest="p", task_digests={"T1": "t"}))
        ctx.append(ev.TaskStarted(), task="T1")
        tree = there.base("T1")
        _write(tree.path, wrote)
        repo = ctx.ports.repo
        taken = snapshots.take(repo, tree, run=ctx.run_id, task="T1", name="proposal")
        for phase in PHASES:
            ctx.append(ev.PhaseStarted(), task="T1", phase=phase)
            if phase == "task":
                event = proposed(
                    repo, ctx.run_id, ctx.task("T1"), tree=taken.tree, commit=taken.commit
                )
                ctx.append(event, task="T1", phase="task")
            ctx.append(ev.PhaseEnded(state="passed"), task="T1", phase=phase)
        ctx.append(ev.TaskReviewing(), task="T1")
        there.bridge.close()
        return Place(there.box.root, base / "home", extra), path, ctx.run_id


def _write(root: Path, files: Files) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
