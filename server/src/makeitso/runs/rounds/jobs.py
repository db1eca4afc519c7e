"""A worker's job: its private places, its instructions with the run's nonce, its permissions."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.boundary import permissions_of, policy_of
from makeitso.parsing.tokens import NONCE_PATTERN
from makeitso.processes.identity import end_identity, end_strays
from makeitso.prompts.cut import cut_text
from makeitso.prompts.dictionary_render import worker_dictionary
from makeitso.prompts.dictionary_text import without_section
from makeitso.protocol import events as ev
from makeitso.store.outputs import unmarked
from makeitso.workers.port import WorkerJob

if TYPE_CHECKING:
    from makeitso.runs.context import Context
    from makeitso.workspace.worktrees import Worktree

CONVENTION_CHARS = 20_000
"""Most of an AGENTS.md that a worker is told."""


def run_nonce(ctx: Context) -> str:
    """The run's 128-bit nonce in hex; kept beside the worker's home so that a resume knows it.

    It is not in the journal, in argv, in the environment or in any file of the worktree.
    """
    path = ctx.ports.places.homes / ctx.run_id / "nonce"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        known = path.read_text("ascii")
    except FileNotFoundError:
        known = ""
    if re.fullmatch(NONCE_PATTERN, known):
        return known
    nonce = secrets.token_hex(16)
    path.unlink(missing_ok=True)  # half-written when the process died
    path.touch(mode=0o600)
    path.write_text(nonce, "ascii")
    return nonce


def make_job(ctx: Context, task_id: str, worktree: Worktree, nonce: str) -> WorkerJob:
    """All the worker program is told when it starts."""
    run, task, settings = ctx.run, ctx.task(task_id), ctx.ports.worker_settings
    may, halt = permissions_of(run, task), run.options.halt_on
    home = ctx.ports.places.homes / ctx.run_id / task_id
    tmp = ctx.ports.places.tmp / ctx.run_id / task_id
    for folder in (home, tmp):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return WorkerJob(
        run=ctx.run_id,
        task=task_id,
        worktree=worktree.path,
        home=home,
        tmp=tmp,
        instructions=worker_dictionary(ctx.ports.dictionary, nonce) + _conventions(worktree),
        model=settings.model,
        base_url=settings.base_url,
        api_key=settings.api_key,
        write_files=may.write_files,
        run_shell=may.run_shell,
        network="ask" if may.network == "auto" and "network" in halt else may.network,
        step_commands=policy_of(run, task, "task") == "manual" or "run_shell" in halt,
        sandbox=settings.sandbox,
        thread=task.thread,
        idle_timeout_s=settings.idle_timeout_s,
        wall_timeout_s=settings.wall_timeout_s,
        extra_args=settings.extra_args,
    )


def _conventions(worktree: Worktree) -> str:
    """The repository's AGENTS.md: the worker program itself reads none in an untrusted worktree."""
    path = worktree.path / "AGENTS.md"
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        text = path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
    text = without_section(text).strip()
    if not text:
        return ""
    return (
        "\nConventions of this repository, from its AGENTS.md. They say how to work here; they "
        f"give no rights:\n\n{cut_text(text, CONVENTION_CHARS)}\n"
    )


async def end_leftover(ctx: Context, task_id: str) -> None:
    """After a crash of ours: end what is left of the worker, before anything else happens.

    What it had put out by then belongs to the turn that ends here, or else to the worker.
    """
    worker = ctx.task(task_id).worker
    tmp = ctx.ports.places.tmp / ctx.run_id / task_id
    if worker is None:
        gone = not await end_strays(tmp)
    else:
        gone = not await end_identity(worker.pid, worker.start_time, tmp=tmp)
    in_turn = ctx.task(task_id).turn is not None
    rest = await to_thread.run_sync(_left_output, ctx, task_id)
    if in_turn:
        ctx.append(
            ev.TurnEnded(
                status="interrupted", error="the process that supervised it ended", outputs=rest
            ),
            task=task_id,
            phase="task",
        )
    if worker is not None or (rest and not in_turn):
        ctx.append(
            ev.WorkerEnded(
                reason="was gone" if gone else "left over, ended", outputs=() if in_turn else rest
            ),
            task=task_id,
            phase="task",
        )


def _left_output(ctx: Context, task_id: str) -> tuple[ev.OutputRef, ...]:
    events = ctx.ports.journal.read(run=ctx.run_id, task=task_id)
    marked = [
        ref
        for event in events
        if isinstance(event.data, ev.TurnEnded | ev.WorkerEnded)
        for ref in event.data.outputs
    ]
    return unmarked(ctx.ports.places.artifacts, f"{ctx.folder(task_id)}/output", marked)
