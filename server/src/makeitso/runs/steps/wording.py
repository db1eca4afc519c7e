"""What a landing's commit says, and on which branch it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.landing.land import Wording
from makeitso.workspace import person_commit

if TYPE_CHECKING:
    from makeitso.journal.state import RunState, TaskState
    from makeitso.protocol.change import Landing
    from makeitso.workspace.git import Repository

RUN_TRAILER, TASK_TRAILER, UNDOES_TRAILER = "Makeitso-Run", "Makeitso-Task", "Makeitso-Undoes"
_SUBJECT = 72
"""Characters of a first line, beyond which most tools cut it off."""


def wording(repo: Repository, run: RunState, task: TaskState, *, branch: str) -> Wording:
    """The commit of a task: its title, its summary, and which run and task it is.

    Args:
        repo: the repository.
        run: the run.
        task: the task.
        branch: the branch apart, as the config has it, with `<run>` and `<task>` to be filled in.
    """
    title = " ".join(task.spec.title.split())
    text = title if len(title) <= _SUBJECT else f"{title[: _SUBJECT - 1]}…\n\n{title}"
    if task.summary.strip() and task.summary.strip() != title:
        text = f"{text}\n\n{task.summary.strip()}"
    base = task.base.commit if task.base is not None else None
    return Wording(
        message=person_commit.worded(
            repo, text, trailers=((RUN_TRAILER, run.id), (TASK_TRAILER, task.id))
        ),
        branch=branch.replace("<run>", run.id).replace("<task>", task.id),
        start=_start(repo, base),
    )


def undoing(repo: Repository, run: RunState, task: TaskState, landing: Landing) -> str:
    """The message of the commit that takes a landing back."""
    title = " ".join(task.spec.title.split())
    text = f'Revert "{title[: _SUBJECT - 9]}"'
    if landing.commit is not None:
        text = f"{text}\n\nThis reverts commit {landing.commit}."
    trailers = (
        (RUN_TRAILER, run.id),
        (TASK_TRAILER, task.id),
        (UNDOES_TRAILER, landing.id),
    )
    return person_commit.worded(repo, text, trailers=trailers)


def _start(repo: Repository, base: str | None) -> str | None:
    """The person's own commit that a base was taken on: ours are only snapshots.

    The base of a review of something else is on none; its branch begins where the person is, or it
    would hold nothing but what lands.
    """
    while base is not None and _ours(repo, base):
        base = person_commit.commit_at(repo, f"{base}^")
    return base or person_commit.commit_at(repo, "HEAD")


def _ours(repo: Repository, commit: str) -> bool:
    return person_commit.author(repo, commit) == "makeitso@localhost"
