"""What people said to a hunk stays with it when another proposal gives it another id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.journal.conversation import at_this_moment
from makeitso.journal.rescheduling import take_change
from makeitso.review.following import follows
from makeitso.runs.reviewing import present_change

if TYPE_CHECKING:
    from collections.abc import Collection

    from makeitso.journal.state import TaskState
    from makeitso.protocol import events as ev
    from makeitso.workspace.git import Repository


def with_follows(
    repo: Repository,
    run_id: str,
    task: TaskState,
    data: ev.ChangeProposed,
    *,
    names: Collection[str] | None = None,
) -> ev.ChangeProposed:
    """The proposal with what stands in the place of hunks that are gone.

    Args:
        repo: the repository.
        run_id: the run.
        task: its task, with the proposal before.
        data: the proposal.
        names: the hunks asked for; None: those that were commented on.

    Raises:
        EnvironmentFault: git failed.
    """
    there = {hunk.id for hunk in data.hunks}
    wanted = {known.hunk for known in task.comments} if names is None else set(names)
    names = wanted - there - {""}
    if task.change is None or not names:
        return data
    after = at_this_moment(task)
    take_change(after, data)
    moved = follows(present_change(repo, run_id, task), present_change(repo, run_id, after), names)
    return data.model_copy(update={"follows": moved}) if moved else data
