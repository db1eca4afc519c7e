"""Landing a file that is renamed: its name, and its lines wherever it is.

Lines land under the name the file has: the old one as long as the rename has not landed, so that
either can be taken without the other. Whatever a person changed in the file moves with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from makeitso.errors import ConflictError
from makeitso.landing.intent import Write
from makeitso.landing.per_file import FilePlan, aside, plan_file, stands_for
from makeitso.review import hunks as hunks_of
from makeitso.workspace import files, git_convert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.landing.per_file import Present
    from makeitso.protocol.change import ChangedFile, Hunk
    from makeitso.workspace.files import OnDisk
    from makeitso.workspace.git import Repository
    from makeitso.workspace.git_convert import Conversion


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is known around a file, by either of its names."""

    contents: Mapping[str, bytes]
    """Its blobs."""
    present: Mapping[str, Present]
    """Who has it open."""
    conversions: Mapping[str, Conversion]
    """How file and blob differ."""


def plan_renamed(repo: Repository, file: ChangedFile, around: Around) -> FilePlan:
    """Plan one renamed file that has accepted hunks.

    Raises:
        EnvironmentFault: git failed.
    """
    origin = file.origin or file.path
    accepted = [hunk for hunk in file.hunks if hunk.state == "accepted"]
    rename = [hunk for hunk in accepted if hunk.kind == "rename"]
    if not rename:
        return _within(repo, file, around, at=where(file))
    for name in (origin, file.path):
        if other := around.present[name].elsewhere:
            return aside(file, accepted, f"{name} has unsaved changes in {other}")
    try:
        old, new = files.read(repo.root, origin), files.read(repo.root, file.path)
    except ConflictError as error:
        return aside(file, accepted, error.message.rstrip("."))
    if old is not None:
        if why := _in_the_way(file, origin, new, around.present):
            plan = _within(repo, file, around, at=origin)
            return _beside(plan, aside(file, rename, why))
        return _moved(repo, file, rename[0], old, around, at=origin)
    if new is None:
        return aside(file, accepted, "the file is gone from the workspace")
    plan = _within(repo, file, around, at=file.path)
    if not _the_same(repo, file, new, around):
        return _beside(plan, aside(file, rename, f"{origin} is gone, and another is there"))
    return replace(plan, landed=(rename[0].id, *plan.landed), merged=True)


def where(file: ChangedFile) -> str:
    """The name a file has in the workspace: that of the base until its rename has landed."""
    landed = any(hunk.kind == "rename" and hunk.state == "landed" for hunk in file.hunks)
    return file.path if landed else file.origin or file.path


def in_place(file: ChangedFile, at: str) -> ChangedFile:
    """What changes within it, as a change of the file of that name."""
    within = tuple(hunk for hunk in file.hunks if hunk.kind != "rename")
    return file.model_copy(update={"path": at, "status": "modified", "hunks": within})


def _within(repo: Repository, file: ChangedFile, around: Around, *, at: str) -> FilePlan:
    narrowed = in_place(file, at)
    if not any(hunk.state == "accepted" for hunk in narrowed.hunks):
        return FilePlan()
    return plan_file(
        repo,
        narrowed,
        contents=around.contents,
        present=around.present[at],
        conversion=around.conversions[at],
    )


def _moved(
    repo: Repository, file: ChangedFile, rename: Hunk, old: OnDisk, around: Around, *, at: str
) -> FilePlan:
    """The file under its new name, with what is accepted in it."""
    closed = {at: replace(around.present[at], document=None)}
    plan = _within(repo, file, replace(around, present=closed), at=at)
    data, executable = old.data, old.executable
    if plan.write is not None and plan.write.new is not None:
        data, executable = plan.write.new, plan.write.executable
    if around.conversions[at] != around.conversions[file.path]:
        data = git_convert.to_worktree(repo, file.path, git_convert.to_git(repo, at, data))
    return FilePlan(
        landed=(rename.id, *plan.landed),
        conflicts=plan.conflicts,
        write=Write(
            path=file.path,
            old=None,
            new=data,
            executable=executable,
            permissions=files.with_executable(old.permissions, executable=executable),
        ),
        gone=Write(path=at, old=old, new=None, executable=old.executable),
        merged=plan.merged,
    )


def _in_the_way(
    file: ChangedFile, origin: str, new: OnDisk | None, present: Mapping[str, Present]
) -> str:
    """Why the name cannot be changed; empty: it can."""
    if new is not None:
        return "another file is already there"
    mine, theirs = present[origin].document, present[file.path].document
    if mine is not None and mine.dirty:
        return f"{origin} is open with unsaved changes"
    if theirs is not None and theirs.dirty:
        return "an unsaved document of that name is open"
    return ""


def _the_same(repo: Repository, file: ChangedFile, new: OnDisk, around: Around) -> bool:
    """Whether a file that is there already is this one, renamed by somebody else."""
    base, proposal = (around.contents[blob or ""] for blob in (file.base_blob, file.new_blob))
    landed = [h for h in file.hunks if h.state == "landed" and h.diff.startswith("@@")]
    known = (base, proposal, hunks_of.apply(base, proposal, landed))
    conversion = around.conversions[file.path]
    return any(stands_for(repo, file.path, new.data, blob, conversion) for blob in known)


def _beside(plan: FilePlan, other: FilePlan) -> FilePlan:
    return replace(plan, conflicts=(*other.conflicts, *plan.conflicts))
