"""Messages about comments, rounds that follow from them, and the check of what is accepted."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.comment import Comment
from makeitso.protocol.run import RunView
from makeitso.protocol.words import HunkState


class ChangeCommentParams(Wire):
    """Say something about a change; it goes to the worker when the change is sent back."""

    run: str = Field(min_length=1, description="Run.")
    task: str = Field(min_length=1, description="Task.")
    text: str = Field(min_length=1, max_length=20_000, description="The comment.")
    hunk: str | None = Field(default=None, description="The hunk it is about.")
    lines: str = Field(
        default="",
        description="Lines of that hunk below its header, from 1: `3`, `3-7`, `3,5-8`.",
    )
    path: str | None = Field(default=None, description="The file it is about, when no hunk is.")


class CommentResult(Wire):
    """A comment."""

    comment: Comment = Field(description="As it stands.")


class CommentListParams(Wire):
    """Comments that hold."""

    run: str | None = Field(default=None, description="Only of this run.")
    task: str | None = Field(default=None, description="Only of this task.")


class CommentListResult(Wire):
    """Comments."""

    comments: tuple[Comment, ...] = Field(description="By run and task, oldest first.")


class CommentWithdrawParams(Wire):
    """Take a comment back."""

    id: str = Field(min_length=1, description="Comment id.")


class ChangeFixParams(Wire):
    """Send a change back to its worker, with what was said to it."""

    run: str = Field(min_length=1, description="Run.")
    task: str = Field(min_length=1, description="Task.")
    text: str = Field(default="", max_length=20_000, description="One more comment, on all of it.")


class ChangeFixResult(Wire):
    """The worker takes another turn."""

    round: int = Field(ge=1, description="How often the change was sent back, this time included.")
    comments: tuple[Comment, ...] = Field(description="What went with it.")
    hunks: dict[str, HunkState] = Field(description="Where its hunks stood.")
    run: RunView = Field(description="The run, under way again.")


class ChangeCheckParams(Wire):
    """Run a task's checks on exactly the accepted hunks; canceling the request ends them."""

    run: str = Field(min_length=1, description="Run.")
    task: str = Field(min_length=1, description="Task.")


class ChangeCheckResult(Wire):
    """What the task's checks say about exactly the accepted hunks."""

    tree: str = Field(description="Git tree they ran on.")
    passed: bool = Field(description="All of them passed.")
    output: str = Field(description="End of their output.")
    hunks: tuple[str, ...] = Field(description="The hunks in it.")
    of: int = Field(ge=0, description="Hunks of the change.")
    red: tuple[str, ...] = Field(description="Commands that did not pass.")
