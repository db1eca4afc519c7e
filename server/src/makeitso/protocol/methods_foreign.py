"""Messages about the review of changes that no run of ours made."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.change import Change
from makeitso.protocol.events_foreign import ReviewSource


class ReviewOpenParams(Wire):
    """Review what a worktree, branch, commit, range, stash or patch would change here."""

    source: str = Field(
        default="",
        alias="from",
        description="A worktree of this repository, a revision, A..B or A...B, or a patch file, "
        "relative to the workspace.",
    )
    patch: str = Field(default="", description="Or the text of a patch, in place of a name.")
    look: bool = Field(
        default=False, description="Only look: nothing is recorded, so nothing can be marked."
    )
    hunks: bool = Field(
        default=True,
        description="false: files without their hunks, for who opens the review document.",
    )


class ReviewOpenResult(Wire):
    """The change, and where it stands for review."""

    source: ReviewSource = Field(description="Where it is from.")
    title: str = Field(description="It in one line.")
    summary: str = Field(description="Its commits or message, in words.")
    run: str | None = Field(description="Id of the review, to mark and land by; null: not opened.")
    task: str = Field(description="The one task it stands as.")
    round: int = Field(ge=0, description="Which round of it; 0: not opened.")
    new: tuple[str, ...] = Field(description="Hunks that the round before did not have.")
    change: Change = Field(
        description="The change as it stands; without files: none is left. Its files have no hunks "
        "where none were wanted."
    )
    document: str | None = Field(description="Review document, relative; null: not opened.")
    uri: str | None = Field(description="The same as a file URI.")
