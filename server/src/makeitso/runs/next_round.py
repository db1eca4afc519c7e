"""The next round of a change from elsewhere: what people did to the last one is found in it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from makeitso.journal.parts import inside, leaves
from makeitso.review.carrying import renamed
from makeitso.review.kept_marks import carry
from makeitso.review.marks import find
from makeitso.review.same_parts import parted_alike
from makeitso.runs.following import with_follows
from makeitso.runs.proposing import carried_over, with_kept
from makeitso.runs.reviewing import present_change, splits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from makeitso.journal.state import TaskState
    from makeitso.protocol import events as ev
    from makeitso.workspace.git import Repository

_GOES_ON = ("pending", "accepted", "rejected")
"""States that a part keeps on another base; what has landed on the last one may be needed again."""


def with_known(
    repo: Repository, run_id: str, task: TaskState, data: ev.ChangeProposed
) -> ev.ChangeProposed:
    """The next round with the parts, marks and comments of the last one.

    Args:
        repo: the repository.
        run_id: the review.
        task: its task, as it stands for review.
        data: what the source is now; hunks that are as they were are found by their ids.

    Raises:
        EnvironmentFault: git failed.
    """
    if task.change is None:
        return data
    if task.change.base_tree == data.base_tree:
        data = with_kept(data, carried_over(repo, run_id, task, data))
    else:
        data = _on_another_base(repo, run_id, task, data)
    return with_follows(repo, run_id, task, data)


def _on_another_base(
    repo: Repository, run_id: str, task: TaskState, data: ev.ChangeProposed
) -> ev.ChangeProposed:
    """What says the same stands as the same parts; files whose base is as it was are as ever."""
    kept = carry(
        present_change(repo, run_id, task),
        present_change(repo, run_id, dataclasses.replace(task, change=data)),
    )
    whole = dataclasses.replace(task, splits={}, cuts={})
    before = present_change(repo, run_id, whole)
    after = present_change(repo, run_id, dataclasses.replace(whole, change=data))
    splits, cuts, carried = dict(kept.splits), list(splits_of(kept.cuts)), dict(kept.names)
    for new, old in renamed(before, after).items():
        if new in kept.names or new in kept.splits or new in kept.cuts:
            continue
        one, other = find(before, old), find(after, new)
        if old not in task.splits or one is None or other is None or not parted_alike(one, other):
            continue
        for name, parts in _parts(task, old, new):
            cut = task.cuts.get(name)
            here = new + name.removeprefix(old)
            if cut is None:
                splits[here] = parts
            else:
                cuts.append(cut.model_copy(update={"hunk": here, "parts": parts}))
        for leaf in leaves(task.splits, old):
            if task.hunks.get(leaf) in _GOES_ON:
                carried[new + leaf.removeprefix(old)] = leaf
    return data.model_copy(update={"splits": splits, "cuts": tuple(cuts), "carried": carried})


def _parts(task: TaskState, old: str, new: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What of a hunk stands as its parts, outermost first, with the ids those have now."""
    for name in inside(task.splits, old):
        yield name, tuple(new + part.removeprefix(old) for part in task.splits[name])
