"""What is decided of a worker's question before anybody is asked: by policies and stored rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.journal.boundary import permissions_of, policy_of
from makeitso.policy.pattern_limits import proposed_pattern
from makeitso.policy.shell_paths import Place
from makeitso.policy.standing_rules import Bounds, can_be_stored, ruling
from makeitso.review.paths import protected_name

if TYPE_CHECKING:
    from makeitso.policy.standing_rules import Ruling
    from makeitso.runs.context import Context
    from makeitso.workers.port import WorkerAsk


def forbidden(ctx: Context, task_id: str, request: WorkerAsk) -> str:
    """Why a policy that says never refuses a question without asking; empty: none does."""
    may = permissions_of(ctx.run, ctx.task(task_id))
    if request.kind == "command" and may.run_shell == "never":
        return "run_shell is never"
    if request.kind == "network" and may.network == "never":
        return "network is never"
    if request.kind == "patch_outside" and may.write_files == "never":
        return "write_files is never"
    return ""


def ruled(ctx: Context, task_id: str, request: WorkerAsk) -> Ruling | None:
    """What the person's stored rules, as they stand now, say of a command."""
    if request.kind != "command":
        return None
    return ruling(
        request.subject,
        known=ctx.ports.rules(),
        workspace=str(ctx.ports.places.root),
        bounds=bounds(ctx, task_id),
        place=_place(ctx, task_id, request),
        protected=protected_name,
    )


def pattern_for(ctx: Context, task_id: str, request: WorkerAsk) -> str:
    """The pattern to propose for always; empty: no rule could answer this the next time."""
    here = request.kind == "command" and request.unsandboxed
    if not here or ctx.ports.redactor.text(request.subject) != request.subject:
        return ""  # a rule would hold the secret, or not match
    place = _place(ctx, task_id, request)
    if not can_be_stored(request.subject, bounds=bounds(ctx, task_id), place=place):
        return ""
    return proposed_pattern(request.subject)


def bounds(ctx: Context, task_id: str) -> Bounds:
    """What bounds a task's commands."""
    run, task = ctx.run, ctx.task(task_id)
    may, halts = permissions_of(run, task), {"run_shell", "network"} & set(run.options.halt_on)
    return Bounds(
        run_shell=may.run_shell,
        write_files=may.write_files,
        network=may.network,
        stepping=bool(halts) or policy_of(run, task, "task") == "manual",
    )


def _place(ctx: Context, task_id: str, request: WorkerAsk) -> Place:
    """Where it would run, links followed: a worker can make a link to anywhere."""
    root = ctx.task(task_id).worktree or ""
    return Place(
        cwd=str(Path(request.cwd).resolve()) if request.cwd else "",
        root=str(Path(root).resolve()) if root else "",
        pids=frozenset({os.getpid(), os.getppid()}),
    )
