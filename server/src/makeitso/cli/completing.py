"""What the shell completes: ids of runs, tasks, open questions and hunks, as arguments of verbs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import typer

from makeitso.errors import MisError
from makeitso.store import glance, glance_hunks
from makeitso.workspace.paths import DotMakeitso, find_root

_DONE: dict[str, tuple[str, ...]] = {
    "accept": ("accepted", "landed"),
    "reject": ("rejected", "landed"),
    "reopen": ("pending", "landed"),
    "edit": ("landed",),
    "split": ("landed",),
    "join": ("landed",),
}
"""Actions on hunks, and the states in which they have no effect on one."""


def runs(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """Runs of the workspace."""
    return _starting(glance.runs(path) if (path := _journal(ctx)) else [], incomplete)


def questions(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """Open questions, but for those that are named already."""
    named = cast("list[str]", ctx.params.get("ids") or [])
    found = glance.open_questions(path) if (path := _journal(ctx)) else []
    return _starting([one for one in found if one[0] not in named], incomplete)


def tasks(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """Tasks of the run that is named, or of the newest plan."""
    run: object = ctx.params.get("run")
    path = _journal(ctx)
    found = glance.tasks(path, run if isinstance(run, str) else "") if path else []
    return _starting(found, incomplete)


def stoppable(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """What `mis stop` takes first."""
    path = _journal(ctx)
    found = [*glance.tasks(path), *glance.runs(path)] if path else []
    return _starting(found, incomplete)


def hunks(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """Hunks that the action has an effect on, but for those that are named already."""
    action = ctx.command.name or ""
    named = cast("list[str]", ctx.params.get("ids") or [])
    found = [
        (hunk.id, f"{hunk.state}: {hunk.path}")
        for hunk in _hunks(ctx)
        if hunk.state not in _DONE.get(action, ()) and hunk.id not in named
    ]
    return _starting(found, incomplete)


def places(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """What a comment can be about: hunks, their files, their tasks."""
    found = [hunk for hunk in _hunks(ctx) if hunk.state != "landed"]
    names = {hunk.id: f"{hunk.state}: {hunk.path}" for hunk in found}
    names |= {hunk.path: f"file of {hunk.task}" for hunk in found}
    names |= {hunk.task: "task" for hunk in found}
    return _starting(list(names.items()), incomplete)


def proposals(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """Proposals of learning, but for those that are named already."""
    named = cast("list[str]", ctx.params.get("ids") or [])
    path = _journal(ctx)
    files = sorted(DotMakeitso(path.parents[1]).proposals.glob("[!.]*.toml")) if path else []
    found = [(file.stem, "proposal") for file in files if file.stem not in named]
    return _starting(found, incomplete)


def decidable(ctx: typer.Context, incomplete: str) -> list[glance.Named]:
    """What `mis approve` takes: open questions and proposals."""
    return [*questions(ctx, incomplete), *proposals(ctx, incomplete)]


def _hunks(ctx: typer.Context) -> list[glance_hunks.Seen]:
    run: object = ctx.params.get("run")
    task: object = ctx.params.get("task")
    path = _journal(ctx)
    if path is None:
        return []
    return glance_hunks.hunks(
        path, run=run if isinstance(run, str) else "", task=task if isinstance(task, str) else ""
    )


def _journal(ctx: typer.Context) -> Path | None:
    start: object = ctx.find_root().params.get("directory")
    try:
        return DotMakeitso(find_root(start if isinstance(start, Path) else None)).journal
    except MisError:
        return None


def _starting(found: list[glance.Named], incomplete: str) -> list[glance.Named]:
    return [one for one in found if one[0].startswith(incomplete)]
