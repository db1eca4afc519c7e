"""Files a worker named as results: copied out of the worktree before it goes."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.protocol import events as ev
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from makeitso.protocol.events import OutputRef
    from makeitso.runs.context import Context

MAX_FILE_BYTES = 8_000_000
MAX_FILES = 50


async def capture_files(ctx: Context, task_id: str) -> None:
    """Keep every file that a frame of this task named as an artifact, redacted.

    What is not a regular file inside the worktree, or too large, is left with a note: the name is
    a worker's word.
    """
    worktree = ctx.task(task_id).worktree
    if worktree is None:
        return
    for name in _named(ctx, task_id)[:MAX_FILES]:
        ref = await to_thread.run_sync(_copy, ctx, task_id, Path(worktree), name)
        if ref is None:
            ctx.note(f"artifact {name} is not kept: not a small file of the worktree", task=task_id)
            continue
        ctx.append(
            ev.ArtifactCaptured(
                kind="file", path=ref.path, size_bytes=ref.length_bytes, digest=ref.digest
            ),
            task=task_id,
            phase="summarize",
        )


def _named(ctx: Context, task_id: str) -> list[str]:
    """Names in frames of the task, each once, in order."""
    found: dict[str, None] = {}
    for event in ctx.ports.journal.read(run=ctx.run_id, task=task_id):
        if not isinstance(event.data, ev.RecordFound):
            continue
        record = event.data.record
        if record.intent == "frame" and record.artifact:
            found[record.artifact] = None
    return list(found)


def _copy(ctx: Context, task_id: str, worktree: Path, name: str) -> OutputRef | None:
    root = worktree.resolve()
    source = (root / PurePosixPath(name)).resolve()
    if not source.is_relative_to(root) or ".git" in source.relative_to(root).parts:
        return None
    if not source.is_file() or source.stat().st_size > MAX_FILE_BYTES:
        return None
    data = ctx.ports.redactor.data(source.read_bytes())
    relative = source.relative_to(root).as_posix()
    return keep(ctx.ports.places.artifacts, f"{ctx.folder(task_id)}/files/{relative}", data)
