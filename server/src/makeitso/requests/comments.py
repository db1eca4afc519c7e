"""`mis/change/comment` and `mis/comment/*`: what people say to a change before it goes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.protocol.methods_comment import CommentListResult, CommentResult
from makeitso.requests.changes import bring_up_to_date
from makeitso.runs import commenting

if TYPE_CHECKING:
    from makeitso.protocol.comment import Comment
    from makeitso.protocol.methods_comment import (
        ChangeCommentParams,
        CommentListParams,
        CommentWithdrawParams,
    )
    from makeitso.requests.place import Workplace


async def comment(at: Workplace, params: ChangeCommentParams) -> CommentResult:
    """Say something about a change, a file, a hunk, or lines of it.

    Raises:
        NotFoundError: there is no such run, task, hunk or file.
        StateError: the task has proposed nothing, or has landed.
        UsageError: the text is empty, or the lines are none of the hunk's.
    """
    at.run(params.run)
    said = commenting.comment(
        at.book,
        at.bridge.repo,
        task=(params.run, params.task),
        text=params.text,
        hunk=params.hunk,
        lines=params.lines,
        path=params.path,
        redact=at.bridge.redactor.text,
    )
    return await _shown(at, said)


async def list_(at: Workplace, params: CommentListParams) -> CommentListResult:
    """Comments that hold.

    Raises:
        NotFoundError: there is no such run.
    """
    if params.run is not None:
        at.run(params.run)
    if not at.runs():
        return CommentListResult(comments=())
    found = commenting.comments(at.book, run=params.run, task=params.task)
    return CommentListResult(comments=tuple(found))


async def withdraw(at: Workplace, params: CommentWithdrawParams) -> CommentResult:
    """Take a comment back.

    Raises:
        NotFoundError: there is no such comment.
    """
    at.require_runs(params.id)
    return await _shown(at, commenting.withdraw(at.book, params.id))


async def _shown(at: Workplace, said: Comment) -> CommentResult:
    """Bring the review document up to date."""
    run = at.run(said.run)
    await bring_up_to_date(at, run, run.tasks[said.task])
    return CommentResult(comment=said)
