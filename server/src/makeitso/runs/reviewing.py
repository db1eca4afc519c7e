"""A change as people review it: the hunks git sees, with splits, edits and states laid over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import NotFoundError, StateError
from makeitso.journal.conversation import accepted_result, place_of, told
from makeitso.journal.landings import since_landed, undecided
from makeitso.plans.collecting import no_collecting
from makeitso.protocol import events as ev
from makeitso.review import marks
from makeitso.review.cuts import Cut
from makeitso.review.hunks import parent_id
from makeitso.review.render import Remark, document
from makeitso.review.standing import Recorded, stand
from makeitso.store.outputs import keep
from makeitso.workspace import changes
from makeitso.workspace.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from makeitso.journal.conversation import CommentState
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Change
    from makeitso.protocol.words import LandTarget
    from makeitso.review.render import ReviewDocument
    from makeitso.review.standing import Standing
    from makeitso.runs.book import Book
    from makeitso.workspace.git import Repository


def _weight(standing: Standing) -> int:
    return len(standing.where)


_shown: Recent[Standing] = Recent(room=changes.KEPT_HUNKS, weight=_weight)
"""Changes as they were last presented: what nothing was recorded about since is still so."""


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
        moves=proposed.moves,
    )
    recorded = Recorded(
        states=dict(task.hunks),
        reasons=dict(task.hunk_reasons),
        split=frozenset(task.splits),
        cuts=cuts_of(task),
        overlaps=overlaps or {},
        seen=frozenset(
            name if name in task.kept else parent_id(name)
            for name in (*task.looked, *task.explicit)
        ),
    )
    key = (str(repo.common_dir), run_id, task.id)
    with no_collecting():
        standing = stand(change, recorded, before=_shown.peek(key))
    _shown.put(key, standing)
    return standing.change


def cuts_of(task: TaskState) -> dict[str, Cut]:
    """Where the hunks of a task are cut that are not split at their unchanged lines."""
    return {
        name: Cut(before=split.before, paired=split.paired, drawn=split.drawn)
        for name, split in task.cuts.items()
    }


def splits_of(cuts: Mapping[str, tuple[Cut, tuple[str, ...]]]) -> tuple[ev.HunkSplit, ...]:
    """The same as the journal has it, of hunks with their cut and the parts it makes."""
    return tuple(
        ev.HunkSplit(
            hunk=name, parts=parts, before=where.before, paired=where.paired, drawn=where.drawn
        )
        for name, (where, parts) in cuts.items()
    )


def write_review_document(
    dot: Path,
    run: RunState,
    task: TaskState,
    change: Change,
    *,
    artifacts: Path | None = None,
    wrote: Callable[[str], None] | None = None,
) -> Path:
    """Write `.makeitso/review/<run>-<task>.diff`, readable in any editor.

    `artifacts` is where outputs are kept; None: below `dot`. `wrote` is told the text right before
    it stands there, and nothing waits for the disk then.
    """
    name = f"{run.id}-{task.id}.diff"
    kept = (artifacts or dot / "artifacts").relative_to(dot.parent).as_posix()
    shown = review_document(run, task, change, artifacts=kept)
    if wrote is not None:
        wrote(shown.text)
    data = shown.text.encode("utf-8", "surrogatepass")
    keep(dot / "review", name, data, flushed=wrote is None)
    return dot / "review" / name


def review_document(
    run: RunState, task: TaskState, change: Change, *, artifacts: str = ".makeitso/artifacts"
) -> ReviewDocument:
    """The review as one text: the summary on top, then evidence, then hunks.

    `artifacts` is where outputs are kept, relative to the workspace.
    """
    return document(
        change,
        title=f"{run.id} {task.id}: {task.spec.title}",
        summary=task.summary,
        evidence=(*evidence(task), *outputs(task, artifacts), *touching(change)),
        remarks=tuple(remark(known, change) for known in task.comments),
    )


def remark(known: CommentState, change: Change) -> Remark:
    """A comment as it stands in a review document."""
    said = known.said
    sent = f" (sent, round {known.sent})" if known.sent else ""
    return Remark(
        id=known.id,
        text=f"{said.text}{sent}",
        place=place_of(said),
        path=said.path,
        hunk=_hunk_shown(known, change),
    )


def _hunk_shown(known: CommentState, change: Change) -> str:
    """The hunk a comment is shown at: of several parts the one that holds its line."""
    if not known.hunk or marks.find(change, known.hunk) is not None:
        return known.hunk
    whole = parent_id(known.hunk)
    inside = [h for h in marks.all_hunks(change) if whole in (h.id, parent_id(h.id))]
    parts = [h for h in inside if h.id.startswith(f"{known.hunk}.")] or inside
    line = known.said.line
    if line is not None and known.hunk == known.said.hunk:
        holds = [h for h in parts if h.new_start <= line < h.new_start + h.new_lines]
        # Parts show lines around them: the one whose middle is nearest changes that line.
        parts = sorted(holds, key=lambda h: abs(2 * (line - h.new_start) - h.new_lines)) or parts
    return parts[0].id if parts else known.hunk


def evidence(task: TaskState) -> tuple[str, ...]:
    """One line a check: what it said on the base, on the proposal and after landing."""
    lines: list[str] = []
    for check in task.spec.checks:
        states = [
            f"{where}: {since_landed(task, found) or ('green' if found.passed else 'red')}"
            for where in ("base", "proposal", "landed")
            if (found := task.latest_check(check.command, check.cwd, where)) is not None
        ]
        lines.append(f"`{check.command}`  {', '.join(states) or 'not run'}")
    proved = accepted_result(task)
    if proved is not None:
        lines.append(f"accepted: {told(proved)}")
    return tuple(lines)


def outputs(task: TaskState, artifacts: str) -> tuple[str, ...]:
    """One line for each output of a check that is kept, with the file it is in."""
    return tuple(
        f"  {check.command} on {_said_of(task, found)}, output: {artifacts}/{found.output.path}"
        for check in task.spec.checks
        for where in ("base", "proposal", "accepted", "landed")
        if (found := task.latest_check(check.command, check.cwd, where)) is not None
        and found.output is not None
    )


def _said_of(task: TaskState, found: ev.CheckRan) -> str:
    since = since_landed(task, found)
    return f"{found.where} ({since})" if since else found.where


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


def request_landing(
    book: Book, run_id: str | None = None, *, target: LandTarget | None = None
) -> list[tuple[str, str]]:
    """Ask for what is accepted now to land; returns the (run, task) pairs concerned.

    `target` says where, this time; None: as the config says. Where a protected path is undecided
    nothing is asked for, and what is accepted stays so.

    Raises:
        StateError: that is so of all that is accepted.
    """
    book.refresh()
    wanted: list[tuple[str, str]] = []
    for run in book.runs.values():
        if run_id is not None and run.id != run_id:
            continue
        for task in run.tasks.values():
            if "accepted" in task.hunks.values() and not undecided(task):
                asked = ev.LandRequested(target=target)
                book.journal.append(asked, actor="person", run=run.id, task=task.id)
                wanted.append((run.id, task.id))
    if not wanted and (waiting := held(book, run_id)):
        name, paths = waiting[0]
        raise StateError(
            f"{name} is held: a person has to decide on {', '.join(paths)} first",
            hint="accept or reject that; what is accepted stays accepted until then",
        )
    return wanted


def held(book: Book, run_id: str | None = None) -> list[tuple[str, tuple[str, ...]]]:
    """Tasks of which something is accepted and nothing may land, with the paths that hold them."""
    return [
        (task.id, paths)
        for run in book.runs.values()
        if run_id in (None, run.id)
        for task in run.tasks.values()
        if "accepted" in task.hunks.values() and (paths := undecided(task))
    ]
