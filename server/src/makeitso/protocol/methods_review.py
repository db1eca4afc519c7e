"""Messages about questions to a person, about changes, and about hunks."""

from __future__ import annotations

from pydantic import Field

from makeitso.protocol.approval import Approval
from makeitso.protocol.base import Wire
from makeitso.protocol.change import Change
from makeitso.protocol.events_review import LandingUndone
from makeitso.protocol.words import ApprovalState, HunkState, LandTarget, Mark


class ApprovalListParams(Wire):
    """Questions of the workspace."""

    run: str | None = Field(default=None, description="Only of this run.")
    state: ApprovalState | None = Field(
        default="pending", description="Only in this state; null: in any."
    )


class ApprovalListResult(Wire):
    """Questions."""

    approvals: tuple[Approval, ...] = Field(description="Oldest first.")


class ApprovalResult(Wire):
    """A question after it was decided."""

    approval: Approval = Field(description="The question with its answer.")


class ChangeListParams(Wire):
    """Proposed changes."""

    run: str | None = Field(default=None, description="Only of this run.")


class ChangeSummary(Wire):
    """A change without its hunks' text."""

    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    title: str = Field(description="The task in one line.")
    summary: str = Field(description="What was done, in words.")
    files: int = Field(ge=0, description="Changed files.")
    hunks: dict[str, int] = Field(description="Hunks by state.")
    held: bool = Field(description="A protected path: nothing of it lands before a person decided.")
    document: str | None = Field(description="Review document, relative; null: not written yet.")


class ChangeListResult(Wire):
    """Proposed changes."""

    changes: tuple[ChangeSummary, ...] = Field(description="In the order of runs and tasks.")


class ChangeParams(Wire):
    """The change of a task."""

    run: str = Field(min_length=1, description="Run.")
    task: str = Field(min_length=1, description="Task.")


class ChangeGetParams(ChangeParams):
    """The change of a task, and how much of it is sent."""

    hunks: bool = Field(
        default=True,
        description="false: files without their hunks, for who opens the review document, which "
        "has them all.",
    )


class ChangeGetResult(Wire):
    """A change, and its review document."""

    change: Change = Field(
        description="The change as it stands now; its files have no hunks where none were wanted."
    )
    document: str = Field(description="Review document, relative to the workspace.")
    uri: str = Field(description="The same as a file URI.")
    stale: str = Field(
        default="",
        description="Why nothing of it lands now, and until when; empty: its task is not stale.",
    )


class ChangeLandParams(Wire):
    """Land what is accepted now."""

    run: str | None = Field(default=None, description="Only of this run; null: of all.")
    target: LandTarget | None = Field(
        default=None, description="Where, this time; null: as the config says."
    )


class ChangeUndoParams(Wire):
    """Take a landing back: three-way, never over what was done since."""

    landing: str | None = Field(default=None, description="Its id; null: the last that stands.")
    run: str | None = Field(default=None, description="Only of this run; null: of any.")


class ChangeUndoResult(Wire):
    """What was asked to be taken back, and how it went where that is known."""

    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    landing: str = Field(description="Landing id.")
    done: LandingUndone | None = Field(
        description="null: another process owns the workspace and will do it."
    )


class LandRequest(Wire):
    """A task whose accepted hunks were asked to land."""

    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    hunks: dict[str, HunkState] = Field(description="State of each hunk when the answer was sent.")


class ChangeLandResult(Wire):
    """What was asked to land; `change/changed` says how it went where it is not settled yet."""

    requested: tuple[LandRequest, ...] = Field(description="Empty: nothing was accepted.")


class LineRange(Wire):
    """Lines of a hunk by their numbers as shown: 1 is the first line after the `@@` line."""

    first: int = Field(ge=1, description="First line.")
    last: int = Field(ge=1, description="Last line, included.")


class HunkMarkParams(Wire):
    """Accept or reject hunks, or take a mark back; all of them, or none when one cannot be."""

    hunks: tuple[str, ...] = Field(min_length=1, description="Hunk ids.")
    mark: Mark = Field(description="pending takes a mark back.")
    because: str = Field(default="", description="Reason of a rejection.")
    lines: dict[str, tuple[LineRange, ...]] = Field(
        default_factory=dict,
        description="Only these lines, by the id of a hunk that is named; it stands as its parts "
        "then. A removed line that is not chosen stays, an added one is left out.",
    )
    rest: Mark | None = Field(
        default=None,
        description="Mark of the lines that were not chosen; null: they stay as they are.",
    )


class ChangeLookParams(Wire):
    """Say that a person has seen hunks; what is proposed later has the flag `new`."""

    run: str = Field(min_length=1, description="Run.")
    task: str = Field(min_length=1, description="Task.")
    hunks: tuple[str, ...] | None = Field(
        default=None, description="The hunks; null: all that the change has now."
    )


class ChangeLookResult(Wire):
    """What had not been seen before."""

    hunks: tuple[str, ...] = Field(description="Hunk ids.")


class HunkStates(Wire):
    """Hunks and where they stand."""

    hunks: dict[str, HunkState] = Field(description="State by hunk id.")
    stale: tuple[str, ...] = Field(
        default=(),
        description="Why accepted ones do not land now and until when, one line a stale task.",
    )


class HunkSplitParams(Wire):
    """Let a hunk, or a part of one, stand as its parts."""

    hunk: str = Field(min_length=1, description="Hunk id.")
    at: int | None = Field(
        default=None,
        ge=1,
        description="Number, as shown, of the line that begins the second part; null: split at "
        "the unchanged lines.",
    )


class HunkSplitResult(Wire):
    """The parts."""

    parts: tuple[str, ...] = Field(description="Hunk ids, in order.")


class HunkJoinParams(Wire):
    """Let the parts of a hunk stand as one again; it keeps the mark they agree on."""

    hunk: str = Field(min_length=1, description="The hunk, or a part of it.")


class HunkUndoParams(Wire):
    """Take back the newest mark, edit, split or join; asked again, the one before."""

    run: str | None = Field(default=None, description="Only of this run; null: of any.")
    task: str | None = Field(default=None, description="Only of this task; null: of any.")


class HunkEditParams(Wire):
    """Change what a hunk adds; that lands instead, and counts as accepted.

    The answer holds every hunk of the task, because an edited hunk has another id.
    """

    hunk: str = Field(min_length=1, description="Hunk id.")
    diff: str = Field(min_length=1, description="The hunk as edited, header line included.")
