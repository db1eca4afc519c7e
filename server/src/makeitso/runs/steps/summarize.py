"""summarize: what was done, in words, and the artifacts a person may want without this tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import to_thread

from makeitso.journal.overlapping import open_overlaps
from makeitso.protocol import events as ev
from makeitso.runs.artifacts import capture_files
from makeitso.runs.reviewing import present_change, write_review_document
from makeitso.workspace.patches import patch

if TYPE_CHECKING:
    from makeitso.runs.context import Context


async def summarize(ctx: Context, task_id: str) -> None:
    """Write the summary, the patch and the review document."""
    ctx.append(ev.PhaseStarted(), task=task_id, phase="summarize")
    task = ctx.task(task_id)
    said = task.last_turn.message.strip() if task.last_turn else ""
    note = task.judgements[-1].note.strip() if task.judgements else ""
    if said:
        summary, source = said, "worker"
    elif note:
        summary, source = note, "manager"
    else:
        summary, source = task.spec.title, "engine"
    ctx.append(
        ev.SummaryWritten.model_validate({"text": summary, "source": source}),
        task=task_id,
        phase="summarize",
        actor="worker" if source == "worker" else "manager" if source == "manager" else "engine",
    )
    await capture_files(ctx, task_id)
    change = task.change
    if change is not None and change.hunks:
        text = await to_thread.run_sync(patch, ctx.ports.repo, change.base_tree, change.tree)
        ctx.keep("change.patch", text, kind="patch", task=task_id)
        ctx.keep("summary.md", f"# {task.spec.title}\n\n{summary}\n", kind="summary", task=task_id)
        found = open_overlaps(ctx.book.runs, ctx.run_id, task_id)
        full = await to_thread.run_sync(
            lambda: present_change(ctx.ports.repo, ctx.run_id, task, overlaps=found)
        )
        places = ctx.ports.places
        write_review_document(
            places.dot, ctx.run, ctx.task(task_id), full, artifacts=places.artifacts
        )
    ctx.append(ev.PhaseEnded(state="passed", effects=False), task=task_id, phase="summarize")
