"""A change as people review it: the hunks git sees, with splits, edits and states laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.protocol import events as ev
from makeitso.review import hunks as hunk_rules
from makeitso.review import marks
from makeitso.review.render import document
from makeitso.store.outputs import keep
from makeitso.workspace import changes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Change
    from makeitso.protocol.words import Mark
    from makeitso.review.render import ReviewDocument
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def present_change(
    repo: Repository,
    run_id: str,
    task: TaskState,
    *,
    overlaps: Mapping[str, tuple[str, ...]] | None = None,
) -> Change:
    """The task's change as it stands now, with what others touch, too, in its hunks if given.

    Raises:
        StateError: the task has proposed nothing yet.
    """
    proposed = task.change
    if proposed is None:
        raise StateError(
            f"{task.id} has not proposed a change yet", hint="`mis status` shows where it stands"
        )
    change = changes.between(
        repo,
        proposed.base_tree,
        proposed.tree,
        run=run_id,
        task=task.id,
        checks=task.spec.checks,
        notes=tuple(dict.fromkeys((*(task.base.notes if task.base else ()), *proposed.notes))),
    )
    shown = marks.with_splits(change, task.splits)
    shown = marks.with_states(shown, task.hunks, reasons=task.hunk_reasons)
    return marks.with_overlaps(shown, overlaps) if overlaps else shown


def write_review_document(dot: Path, run: RunState, task: TaskState, change: Change) -> Path:
    """Write `.makeitso/review/<run>-<task>.diff`, readable in any editor."""
    name = f"{run.id}-{task.id}.diff"
    shown = review_document(run, task, change)
    keep(dot / "review", name, shown.text.encode("utf-8", "surrogatepass"))
    return dot / "review" / name


def review_document(run: RunState, task: TaskState, change: Change) -> ReviewDocument:
    """The review as one text: the summary on top, then evidence, then hunks."""
    return document(
        change,
        title=f"{run.id} {task.id}: {task.spec.title}",
        summary=task.summary,
        evidence=(*evidence(task), *touching(change)),
    )


def evidence(task: TaskState) -> tuple[str, ...]:
    """One line a check: what it said on the base, on the proposal and after landing."""
    lines: list[str] = []
    for check in task.spec.checks:
        states = [
            f"{where}: {'green' if found.passed else 'red'}"
            for where in ("base", "proposal", "landed")
            if (found := task.latest_check(check.command, check.cwd, where)) is not None
        ]
        lines.append(f"`{check.command}`  {', '.join(states) or 'not run'}")
    return tuple(lines)


def touching(change: Change) -> tuple[str, ...]:
    """One line for each hunk that touches what another open proposal touches."""
    return tuple(
        f"{hunk.path} [{hunk.id}] touches what {', '.join(hunk.overlaps)} touches"
        for hunk in marks.all_hunks(change)
        if hunk.overlaps
    )


def locate(book: Book, hunk_id: str) -> tuple[RunState, TaskState]:
    """The newest run and task that have a hunk.

    Raises:
        NotFoundError: no change has it.
    """
    for run in reversed(book.runs.values()):
        for task in run.tasks.values():
            if hunk_id in task.hunks or hunk_id in task.splits:
                return run, task
    raise NotFoundError(
        f"there is no hunk {hunk_id}", hint="`mis review --json` lists the hunks and their ids"
    )


def mark(book: Book, hunk_ids: list[str], to: Mark, *, because: str = "") -> None:
    """Mark hunks, of one task or several; what cannot be marked is an error and marks nothing.

    Raises:
        NotFoundError: an id names no hunk.
        StateError: a hunk has landed or can never land.
    """
    book.refresh()
    by_task: dict[tuple[str, str], list[str]] = {}
    for hunk_id in hunk_ids:
        run, task = locate(book, hunk_id)
        ids = task.splits.get(hunk_id, (hunk_id,))
        for one in ids:
            state = task.hunks.get(one)
            if state == "landed":
                raise StateError(
                    f"hunk {one} has landed already",
                    hint="undo it with your editor or `git checkout -p`",
                )
            if state == "refused" and to == "accepted":
                reason = (
                    next((h.refused for h in task.change.hunks if h.id == one), "")
                    if task.change
                    else ""
                )
                raise StateError(f"hunk {one} can never land: {reason}")
            if state is not None and state != "refused":
                by_task.setdefault((run.id, task.id), []).append(one)
    for (run_id, task_id), ids in by_task.items():
        book.journal.append(
            ev.HunkMarked(hunks=tuple(ids), mark=to, because=because),
            actor="person",
            run=run_id,
            task=task_id,
        )


def split_hunk(book: Book, repo: Repository, hunk_id: str) -> tuple[str, ...]:
    """Let a hunk stand as its parts; returns their ids.

    Raises:
        NotFoundError: no such hunk.
        StateError: it has no unchanged line to be split at, or is decided for good.
    """
    book.refresh()
    run, task = locate(book, hunk_id)
    change = present_change(repo, run.id, task)
    hunk = next((h for f in change.files for h in f.hunks if h.id == hunk_id), None)
    parts = hunk_rules.split(hunk) if hunk is not None else ()
    if len(parts) < 2 or task.hunks.get(hunk_id) not in ("pending", "accepted", "rejected"):
        raise StateError(
            f"hunk {hunk_id} cannot be split",
            hint="edit it instead (`e`), or accept and change it afterwards",
        )
    ids = tuple(part.id for part in parts)
    book.journal.append(
        ev.HunkSplit(hunk=hunk_id, parts=ids), actor="person", run=run.id, task=task.id
    )
    return ids


def request_landing(book: Book, run_id: str | None = None) -> list[tuple[str, str]]:
    """Ask for what is accepted now to land; returns the (run, task) pairs concerned."""
    book.refresh()
    wanted: list[tuple[str, str]] = []
    for run in book.runs.values():
        if run_id is not None and run.id != run_id:
            continue
        for task in run.tasks.values():
            if "accepted" in task.hunks.values():
                book.journal.append(ev.LandRequested(), actor="person", run=run.id, task=task.id)
                wanted.append((run.id, task.id))
    return wanted
