"""A change held against the other open proposals, before anybody reviews it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.overlapping import beside, comes_first
from makeitso.protocol import events as ev
from makeitso.review.overlaps import base_edits, overlaps
from makeitso.workspace import changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.journal.state import RunState
    from makeitso.workspace.git import Repository

_SAID = 3
"""Places named in one sentence; the rest is counted."""


def with_overlaps(
    repo: Repository,
    others: Sequence[tuple[str, str, ev.ChangeProposed]],
    *,
    run_id: str,
    task_id: str,
    change: ev.ChangeProposed,
) -> ev.ChangeProposed:
    """The proposal with what of it other open proposals touch, too.

    Args:
        repo: where their trees are.
        others: run, task and proposal of each.
        run_id: run of the change.
        task_id: its task.
        change: the change.

    Raises:
        EnvironmentFault: git failed.
    """
    paths = _paths(change)
    found: list[ev.OverlapFound] = []
    mine = None
    for other_run, other, theirs in others:
        if not _near(paths, _paths(theirs)):
            continue
        mine = mine or changes.between(
            repo, change.base_tree, change.tree, run=run_id, task=task_id, moves=change.moves
        )
        full = changes.between(
            repo,
            theirs.base_tree,
            theirs.tree,
            run=other_run,
            task=other,
            moves=theirs.moves,
        )
        moved = {}
        if theirs.base_tree != change.base_tree:
            moved = base_edits(
                changes.between(repo, change.base_tree, theirs.base_tree, run=run_id, task=task_id)
            )
        found += [
            ev.OverlapFound(
                hunk=one.hunk,
                run=other_run,
                task=other,
                other=one.other,
                path=one.path,
                kind=one.kind,
            )
            for one in overlaps(mine, full, moved=moved)
        ]
    return change.model_copy(update={"overlaps": tuple(found)})


def proposals_beside(
    runs: Mapping[str, RunState], run_id: str, task_id: str
) -> list[tuple[str, str, ev.ChangeProposed]]:
    """Run, task and proposal of all a change of a task is to be held against."""
    return [
        (run, task.id, task.change)
        for run, task in beside(runs, run_id, task_id)
        if task.change is not None
    ]


def _paths(change: ev.ChangeProposed) -> set[str]:
    return {hunk.path for hunk in change.hunks} | set(change.moves.values())


def _near(paths: set[str], others: set[str]) -> bool:
    """Whether two changes have a file in common, or one a file where the other has a directory."""
    return bool(paths & others) or any(
        one.startswith(f"{other}/") or other.startswith(f"{one}/")
        for one in paths
        for other in others
    )


def said(
    runs: Mapping[str, RunState], *, run_id: str, task_id: str, change: ev.ChangeProposed
) -> list[str]:
    """One sentence for each other task: where the two touch, and which had better land first."""
    by_task: dict[tuple[str, str], list[ev.OverlapFound]] = {}
    for one in change.overlaps:
        by_task.setdefault((one.run, one.task), []).append(one)
    lines: list[str] = []
    for (run, task), found in by_task.items():
        name = task if run == run_id else f"{run}/{task}"
        places = [f"{one.path} ({_KINDS[one.kind]}, {one.hunk} and {one.other})" for one in found]
        more = f" and {len(places) - _SAID} more" if len(places) > _SAID else ""
        first = comes_first(runs, (run_id, task_id), (run, task))
        first_name = task_id if first == (run_id, task_id) else name
        lines.append(
            f"it touches what {name} proposes: {', '.join(places[:_SAID])}{more}; "
            f"land {first_name} first, what conflicts then is set aside"
        )
    return lines


_KINDS: dict[ev.OverlapKind, str] = {
    "lines": "the same lines",
    "create": "both create it",
    "delete": "one deletes it",
    "rename": "one renames it",
    "mode": "other modes",
    "content": "no text to merge",
}
