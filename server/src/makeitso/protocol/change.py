"""What a task changed: files and hunks that git computes from two trees, not a worker's word."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.words import HunkState, LandTarget

FileMode = Literal["100644", "100755", "120000", "160000"]
HunkKind = Literal[
    "text", "create", "delete", "rename", "mode", "binary", "empty", "symlink", "submodule"
]
"""text: lines of an existing file; create and delete: a whole file, or some of its lines when it is
taken by lines; the rest stand or fall as one: another name, a mode change, binary content, an empty
file, what is refused. Lines of a file that is renamed are hunks beside its rename: taken without
it, they land where the file is."""


class Hunk(Wire):
    """The smallest thing a person decides on.

    Source of the id: SHA-256 over task, path, base blob, removed lines, added lines and the place
    in the base, so that the same id is the same change, whatever else is proposed around it.
    """

    id: str = Field(
        description="First 12 hex digits of the digest, with `.<n>` for part n of a split hunk."
    )
    run: str = Field(description="Run that proposed it.")
    task: str = Field(description="Task that proposed it.")
    path: str = Field(description="Path relative to the workspace, `/` separated.")
    origin: str | None = Field(
        default=None, description="Path in the base, where the file is renamed."
    )
    kind: HunkKind = Field(description="Lines, or a whole-file fact.")
    old_start: int = Field(ge=0, description="First line in the base, one-based; 0: none.")
    old_lines: int = Field(ge=0, description="Lines in the base.")
    new_start: int = Field(ge=0, description="First line in the proposal, one-based; 0: none.")
    new_lines: int = Field(ge=0, description="Lines in the proposal.")
    diff: str = Field(description="The hunk as unified diff text, header line included.")
    state: HunkState = Field(default="pending", description="Where it stands.")
    flags: tuple[str, ...] = Field(
        default=(),
        description="Why a person must look: protected, executable, proves-task, bidi, large, …",
    )
    reason: str = Field(default="", description="Why refused, rejected or in conflict.")
    overlaps: tuple[str, ...] = Field(
        default=(),
        description="Open hunks of other tasks that touch the same, as `task/hunk`, or "
        "`run/task/hunk` of another run.",
    )


class ChangedFile(Wire):
    """One path of a change, with the blobs git knows it by."""

    path: str = Field(description="Path relative to the workspace, `/` separated.")
    status: Literal["added", "modified", "deleted", "mode", "type", "renamed"] = Field(
        description="What happened to it; renamed: maybe its mode and lines changed, too."
    )
    origin: str | None = Field(default=None, description="Path in the base, where it is renamed.")
    base_blob: str | None = Field(description="Object id in the base; null: absent.")
    new_blob: str | None = Field(description="Object id in the proposal; null: absent.")
    base_mode: str | None = Field(description="Git mode in the base; null: absent.")
    new_mode: str | None = Field(description="Git mode in the proposal; null: absent.")
    binary: bool = Field(default=False, description="Git or we take it for binary.")
    protected: str = Field(
        default="", description="Why a person must decide; empty: ordinary. Holds the whole task."
    )
    refused: str = Field(default="", description="Why it can never land; empty: it may.")
    proves: str = Field(
        default="",
        description="Why hunks of it have the flag proves-task: which check names or reads it.",
    )
    hunks: tuple[Hunk, ...] = Field(description="In file order.")


class Change(Wire):
    """All a task changed between two trees."""

    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    base_tree: str = Field(description="Git tree the task started from.")
    tree: str = Field(description="Git tree it proposes.")
    files: tuple[ChangedFile, ...] = Field(description="Sorted by path bytes.")
    notes: tuple[str, ...] = Field(
        default=(), description="What is not in it: ignored files, submodule dirt."
    )


class Landing(Wire):
    """What one landing transaction did."""

    id: str = Field(description="Id of the landing.")
    run: str = Field(description="Run.")
    task: str = Field(description="Task.")
    landed: tuple[str, ...] = Field(description="Hunk ids now in the workspace.")
    conflicts: tuple[str, ...] = Field(description="Hunk ids set aside, text kept.")
    files: tuple[str, ...] = Field(description="Paths written, deleted or re-moded.")
    merged: bool = Field(description="True: the workspace had moved on and was merged with.")
    target: LandTarget = Field(description="Where it landed.")
    commit: str | None = Field(
        default=None, description="Commit made, when target is commit or branch."
    )
    branch: str | None = Field(
        default=None, description="Branch the commit is on; null: no commit, or a detached HEAD."
    )
    kept: str | None = Field(
        default=None,
        description="Private tree with its files as they were before and after; null: none kept.",
    )
