"""A workspace in which tasks have proposed changes, made without any worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lsp_client import Place

from journal.tape import plan_of
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
            for name, data in changed.items():
                path = tree.path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if data is None:
                    path.unlink()
                else:
                    path.write_bytes(data)
            taken = snapshots.take(ctx.ports.repo, tree, run=ctx.run_id, task=task, name="proposal")
            event = proposed(
                ctx.ports.repo, ctx.run_id, ctx.task(task), tree=taken.tree, commit=taken.commit
            )
            ctx.append(event, task=task, phase="task")
        there.bridge.close()
        return Place(there.box.root, base / "home"), ctx.run_id
