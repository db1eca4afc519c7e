"""The review of a change and its landing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.change import Landing
from makeitso.protocol.words import LandTarget, Mark

OverlapKind = Literal["lines", "create", "delete", "rename", "mode", "content"]
"""lines: the same or neighbouring ones; create: at one place; delete: of what the other changes;
mode: to different ones; content: of a file that has no lines to merge."""


INTERRUPTED = "interrupted"
"""Error of a landing that a crash cut off with nothing written: what was asked for still is."""


class HunkRef(Wire):
    """A hunk as the journal knows it; its text is in git."""

    id: str = Field(description="Hunk id.")
    path: str = Field(description="Path.")
    must_ask: bool = Field(default=False, description="A person must decide, whatever is set.")
    why_ask: str = Field(default="", description="Why a person must decide; empty: none has to.")
    protected: bool = Field(
        default=False, description="Nothing of the task lands before it is decided."
    )
    refused: str = Field(default="", description="Why it can never land; empty: it may.")


class OverlapFound(Wire):
    """A hunk touches what a hunk of another open proposal touches."""

    hunk: str = Field(description="Hunk id.")
    run: str = Field(description="Run of the other one.")
    task: str = Field(description="Task of the other one.")
    other: str = Field(description="Its hunk id.")
    path: str = Field(description="Path.")
    kind: OverlapKind = Field(description="In which way.")


class HunkSplit(Wire):
    """A hunk stands from now on as its parts, or as one again."""

    type: Literal["hunk.split"] = "hunk.split"
    hunk: str = Field(description="Hunk id.")
    parts: tuple[str, ...] = Field(
        description="Ids of the parts, in order; empty: they are joined again."
    )
    before: tuple[int, ...] = Field(
        default=(),
        description="Where it is cut: ordinals, from 1, of the changed lines (`-` and `+`) that "
        "begin a part; empty: at its unchanged lines.",
    )
    paired: tuple[int, ...] = Field(
        default=(),
        description="Ordinals, from 0, of the first lines of blocks that are drawn line by line, "
        "each new line behind its old one, before they are cut.",
    )
    drawn: tuple[int, ...] = Field(
        default=(),
        description="All changed lines by their ordinals, from 0, in the order they are drawn in "
        "before they are cut; empty: as git draws them, but for `paired`.",
    )
    action: str = Field(
        default="", description="Groups what a person did at once, to be taken back at once."
    )
    undoes: str = Field(default="", description="The action that this takes back.")


class ChangeProposed(Wire):
    """A task's work as a difference of two trees, ready for marks.

    Recorded again, by a person, when they edit a hunk or take an edit back: hunks with the same id
    keep their marks.
    """

    type: Literal["change.proposed"] = "change.proposed"
    base_tree: str = Field(description="Tree the task started from.")
    tree: str = Field(description="Tree it proposes.")
    commit: str = Field(description="Commit that holds it, under a private ref.")
    files: int = Field(ge=0, description="Changed files.")
    hunks: tuple[HunkRef, ...] = Field(description="In review order.")
    moves: dict[str, str] = Field(
        default_factory=dict,
        description="Files that are renamed: path proposed, path in the base. Found once, so that "
        "an edit does not make two files of one.",
    )
    held: bool = Field(default=False, description="A protected path holds the task as a whole.")
    notes: tuple[str, ...] = Field(default=(), description="What is on disk and not in it.")
    overlaps: tuple[OverlapFound, ...] = Field(
        default=(), description="What other open proposals touch, too, as it was then."
    )
    splits: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="Hunks that stand as their parts, for they hold what was marked before.",
    )
    carried: dict[str, str] = Field(
        default_factory=dict,
        description="Hunks that change what a hunk of the proposal before changed, and keep its "
        "mark: id now, id before.",
    )
    follows: dict[str, str] = Field(
        default_factory=dict,
        description="Hunks that are gone, with what was said to them: id before, id of the one "
        "that is in its place now. After an edit all of them, else those that were commented on.",
    )
    cuts: tuple[HunkSplit, ...] = Field(
        default=(),
        description="Hunks that stand as parts of their lines, so that an edit leaves what stands "
        "beside it its mark.",
    )
    marks: dict[str, Mark] = Field(
        default_factory=dict, description="Marks that come with an edit, by hunk id."
    )
    action: str = Field(default="", description="What a person did, to be taken back as one.")
    undoes: str = Field(default="", description="The action that this takes back.")
    digest: str = Field(description="Digest of base tree and hunk ids.")


class HunkMarked(Wire):
    """Hunks were marked."""

    type: Literal["hunk.marked"] = "hunk.marked"
    hunks: tuple[str, ...] = Field(description="Hunk ids.")
    mark: Mark = Field(description="pending takes a mark back.")
    because: str = Field(default="", description="Reason of a rejection.")
    action: str = Field(
        default="", description="Groups what a person did at once, to be taken back at once."
    )
    undoes: str = Field(default="", description="The action that this takes back.")


class ReviewLooked(Wire):
    """A person looked at hunks; what comes after it is new to them."""

    type: Literal["review.looked"] = "review.looked"
    hunks: tuple[str, ...] = Field(description="Hunk ids that had not been looked at before.")


class LandRequested(Wire):
    """Somebody asked to land what is accepted now."""

    type: Literal["landing.requested"] = "landing.requested"
    target: LandTarget | None = Field(
        default=None, description="Where, this time; null: as the config says."
    )


class LandingStarted(Wire):
    """A landing transaction is about to write."""

    type: Literal["landing.started"] = "landing.started"
    id: str = Field(description="Landing id.")
    hunks: tuple[str, ...] = Field(description="Hunks it will land.")
    files: tuple[str, ...] = Field(description="Paths it will write.")
    undoes: str | None = Field(
        default=None, description="Landing that it takes back; null: it lands."
    )


class LandingEnded(Wire):
    """A landing transaction is whole, or nothing of it happened."""

    type: Literal["landing.ended"] = "landing.ended"
    landing: Landing = Field(description="What it did.")
    reasons: dict[str, str] = Field(
        default_factory=dict, description="Why hunks were set aside, by hunk id."
    )
    error: str = Field(default="", description="Why nothing happened; empty: it did.")


class UndoRequested(Wire):
    """A person asked to take a landing back."""

    type: Literal["landing.undo_requested"] = "landing.undo_requested"
    landing: str = Field(description="Landing id.")


class LandingUndone(Wire):
    """A landing was taken back, as far as what people did since leaves room for it.

    Its hunks are pending again, so that nothing of it lands a second time by itself.
    """

    type: Literal["landing.undone"] = "landing.undone"
    id: str = Field(description="Id of the transaction that took it back.")
    landing: str = Field(description="Landing id.")
    hunks: tuple[str, ...] = Field(description="Hunks that are pending again.")
    files: tuple[str, ...] = Field(description="Paths written, deleted or re-moded.")
    conflicts: dict[str, str] = Field(
        default_factory=dict, description="Why paths stayed as they are, by path."
    )
    commit: str | None = Field(default=None, description="Commit that reverts it, where one does.")
    error: str = Field(default="", description="Why nothing happened; empty: it did.")
