"""Files a worker named as results: copied out of the worktree before it goes."""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from makeitso.protocol import events as ev
from makeitso.store.outputs import keep

if TYPE_CHECKING:
    from makeitso.runs.context import Context

MAX_FILE_BYTES = 8_000_000
MAX_FILES = 50


def capture_files(ctx: Context, task_id: str) -> None:
    """Keep every file that a frame of this task named as an artifact, redacted.

    What is not a regular file inside the worktree, or too large, is left with a note: the name is
    a worker's word.
    """
    worktree = ctx.task(task_id).worktree
    if worktree is None:
        return
    named = [
        event.data.record.artifact
        for event in ctx.ports.journal.read(run=ctx.run_id)
        if event.task == task_id
        and isinstance(event.data, ev.RecordFound)
        and event.data.record.intent == "frame"
        and event.data.record.artifact
    ]
    for name in list(dict.fromkeys(named))[:MAX_FILES]:
        source = _inside(Path(worktree), name)
        if source is None or source.stat().st_size > MAX_FILE_BYTES:
            ctx.note(f"artifact {name} is not kept: not a small file of the worktree", task=task_id)
            continue
        data = ctx.ports.redactor.data(source.read_bytes())
        relative = source.relative_to(Path(worktree).resolve()).as_posix()
        ref = keep(ctx.ports.places.artifacts, f"{ctx.folder(task_id)}/files/{relative}", data)
        ctx.append(
            ev.ArtifactCaptured(
                kind="file",
                path=ref.path,
                size_bytes=ref.length_bytes,
                digest=hashlib.sha256(data).hexdigest(),
            ),
            task=task_id,
            phase="summarize",
        )


def _inside(worktree: Path, name: str) -> Path | None:
    """The file a name means, when it is a regular one inside the worktree and outside `.git`."""
    root = worktree.resolve()
    path = (root / PurePosixPath(name)).resolve()
    if not path.is_relative_to(root) or ".git" in path.relative_to(root).parts:
        return None
    return path if path.is_file() else None
