"""What the shell completes: ids of runs, tasks and open questions, as arguments of verbs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import typer

from makeitso.errors import MisError
from makeitso.store import glance
from makeitso.workspace.paths import DotMakeitso, find_root


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


def _journal(ctx: typer.Context) -> Path | None:
    start: object = ctx.find_root().params.get("directory")
    try:
        return DotMakeitso(find_root(start if isinstance(start, Path) else None)).journal
    except MisError:
        return None


def _starting(found: list[glance.Named], incomplete: str) -> list[glance.Named]:
    return [one for one in found if one[0].startswith(incomplete)]
