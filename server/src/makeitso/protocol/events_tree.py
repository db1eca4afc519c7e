"""Trees and what was proved on them: snapshots, worktrees, set-up, checks, artifacts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from makeitso.protocol.base import Wire
from makeitso.protocol.events_work import OutputRef

CheckPlace = Literal["base", "round", "proposal", "accepted", "landed"]


class BuiltOn(Wire):
    """Hunks of an earlier task that were in a base although they had not landed."""

    task: str = Field(description="The earlier task.")
    hunks: tuple[str, ...] = Field(description="Hunk ids, in review order.")


class SnapshotTaken(Wire):
    """A tree was recorded under a private ref; index, stash and HEAD of the user are untouched."""

    type: Literal["snapshot.taken"] = "snapshot.taken"
    name: str = Field(description="base, round-N, landed-N.")
    tree: str = Field(description="Git tree.")
    commit: str = Field(description="Commit that holds it.")
    ref: str = Field(description="Private ref.")
    notes: tuple[str, ...] = Field(default=(), description="What is not in it.")
    on: tuple[BuiltOn, ...] = Field(
        default=(), description="Hunks of earlier tasks in it that had not landed."
    )


class WorktreeCreated(Wire):
    """A worktree stands outside the repository."""

    type: Literal["worktree.created"] = "worktree.created"
    path: str = Field(description="Absolute path.")
    commit: str = Field(description="Commit it started at.")


class WorktreeRemoved(Wire):
    """A worktree is gone; what was in it is in refs."""

    type: Literal["worktree.removed"] = "worktree.removed"
    path: str = Field(description="Absolute path.")


class SetupRan(Wire):
    """A set-up command ran in the worktree, or what it had made elsewhere was put there."""

    type: Literal["setup.ran"] = "setup.ran"
    command: str = Field(description="The command.")
    exit_code: int | None = Field(description="Exit status; null: ended by us.")
    duration_ms: int = Field(ge=0, description="Wall time.")
    tail: str = Field(default="", description="End of its output.")
    reused: bool = Field(
        default=False, description="It did not run: what it made before was put there instead."
    )


class WorktreePrepared(Wire):
    """The worktree has what git ignores and work needs; a worker may begin, or go on, in it."""

    type: Literal["worktree.prepared"] = "worktree.prepared"
    copied: int = Field(default=0, ge=0, description="Files copied in by `[bootstrap] copy`.")
    copied_bytes: int = Field(default=0, ge=0, description="Their size.")
    setup: str = Field(
        default="", description="Name of the kept set-up it came from, or that was kept of it."
    )


class CheckRan(Wire):
    """A check ran on a named tree: the evidence."""

    type: Literal["check.ran"] = "check.ran"
    command: str = Field(description="The check.")
    cwd: str = Field(default=".", description="Where in the tree.")
    where: CheckPlace = Field(description="base, round, proposal, accepted or landed.")
    tree: str = Field(description="Git tree it ran on.")
    exit_code: int | None = Field(description="Exit status; null: timed out or ended by us.")
    timed_out: bool = Field(default=False, description="It took longer than it may.")
    duration_ms: int = Field(ge=0, description="Wall time.")
    sandboxed: bool = Field(description="It ran in the sandbox.")
    output: OutputRef | None = Field(default=None, description="All it put out.")
    tail: str = Field(default="", description="End of its output.")
    reused: bool = Field(default=False, description="Same check on the same tree ran before.")

    @property
    def passed(self) -> bool:
        """Whether it proved what it checks."""
        return self.exit_code == 0 and not self.timed_out

    @property
    def cut(self) -> bool:
        """Whether it was ended before it could say anything."""
        return self.exit_code is None and not self.timed_out


class ArtifactCaptured(Wire):
    """A file was kept with the run."""

    type: Literal["artifact.captured"] = "artifact.captured"
    kind: Literal["patch", "summary", "plan", "file", "output"] = Field(description="What it is.")
    path: str = Field(description="Relative to the artifacts directory.")
    size_bytes: int = Field(ge=0, description="Size.")
    digest: str = Field(description="SHA-256.")


class SummaryWritten(Wire):
    """What was done, in words; heads the review."""

    type: Literal["summary.written"] = "summary.written"
    text: str = Field(description="The summary.")
    source: Literal["manager", "worker", "engine"] = Field(description="Who wrote it.")


class NoteAdded(Wire):
    """Something said to people: a manager's note, a notice of a program, a warning of ours."""

    type: Literal["note.added"] = "note.added"
    text: str = Field(description="The text.")
    level: Literal["info", "warning", "error"] = Field(default="info", description="Weight.")
