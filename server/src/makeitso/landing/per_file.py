"""What landing means for one file: a write, edits of an open document, or reasons why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import ConflictError
from makeitso.landing.editor import FileEdit
from makeitso.landing.intent import Write
from makeitso.landing.line_ends import adapt, style
from makeitso.landing.merge import land_hunks
from makeitso.landing.text_edits import edits_between
from makeitso.review import hunks as hunks_of
from makeitso.workspace import files, git_convert
from makeitso.workspace.git_convert import Conversion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from makeitso.landing.editor import OpenText
    from makeitso.protocol.change import ChangedFile, Hunk
    from makeitso.workspace.files import OnDisk
    from makeitso.workspace.git import Repository


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """A hunk set aside, and why."""

    hunk: str
    path: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class FilePlan:
    """What is to be done to one file."""

    landed: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    write: Write | None = None
    gone: Write | None = None
    """The file under the name it had, where it is renamed."""
    edit: FileEdit | None = None
    merged: bool = False

    @property
    def writes(self) -> tuple[Write, ...]:
        """All that is written, in order."""
        return tuple(one for one in (self.gone, self.write) if one is not None)


@dataclass(frozen=True, kw_only=True)
class Present:
    """Who else has the file open."""

    document: OpenText | None
    elsewhere: str | None
    """Another process with unsaved changes in it, in words."""


def plan_file(
    repo: Repository,
    file: ChangedFile,
    *,
    contents: Mapping[str, bytes],
    present: Present,
    conversion: Conversion,
) -> FilePlan:
    """Plan one file that has accepted hunks.

    `contents` holds its blobs; `conversion` says how file and blob differ.

    Raises:
        EnvironmentFault: git failed.
    """
    accepted = [hunk for hunk in file.hunks if hunk.state == "accepted"]
    if file.refused:
        return aside(file, accepted, file.refused)
    if present.elsewhere:
        return aside(file, accepted, f"it has unsaved changes in {present.elsewhere}")
    try:
        disk = files.read(repo.root, file.path)
    except ConflictError as error:
        return aside(file, accepted, error.message.rstrip("."))
    task = _FileTask(
        repo=repo,
        file=file,
        accepted=accepted,
        base=contents.get(file.base_blob or "", b""),
        proposal=contents.get(file.new_blob or "", b""),
        disk=disk,
        document=present.document,
        conversion=conversion,
    )
    if file.status == "added" and not _landed_before(file):
        return _plan_create(task)
    if file.status == "added":
        return _plan_lines(task)
    if file.status == "deleted":
        return _plan_lines(task) if stays(file, accepted) else _plan_delete(task)
    return _plan_modify(task)


def stays(file: ChangedFile, chosen: Iterable[Hunk]) -> bool:
    """Whether a deleted file stays, with fewer lines: some of it has not landed and is not chosen.

    It is gone with its last line.
    """
    going = {hunk.id for hunk in chosen}
    return any(hunk.state != "landed" and hunk.id not in going for hunk in file.hunks)


def chosen_of(base: bytes, proposal: bytes, chosen: Sequence[Hunk]) -> bytes:
    """What a new file, or a file that goes, is with these of its hunks; as a whole or by lines."""
    if all(hunk.diff.startswith("@@") for hunk in chosen):
        return hunks_of.apply(base, proposal, chosen)
    return proposal


def stands_for(
    repo: Repository, path: str, data: bytes, blob: bytes, conversion: Conversion
) -> bool:
    """Whether bytes in the working tree are a blob at that path, whatever their line ends."""
    mine = git_convert.to_git(repo, path, data) if conversion.attributes else data
    return mine == adapt(mine, ancestor=blob, theirs=blob)[0]


@dataclass(frozen=True, kw_only=True)
class _FileTask:
    """All that is known of one file."""

    repo: Repository
    file: ChangedFile
    accepted: list[Hunk]
    base: bytes
    proposal: bytes
    disk: OnDisk | None
    document: OpenText | None
    conversion: Conversion

    def in_git_form(self, data: bytes) -> bytes:
        """Bytes of the working tree as git would store them, line ends aside."""
        if not self.conversion.attributes:
            return data
        return git_convert.to_git(self.repo, self.file.path, data)

    def in_tree_form(self, data: bytes) -> bytes:
        """Bytes of a blob as they belong into the working tree, line ends aside."""
        if not self.conversion.attributes:
            return data
        return git_convert.to_worktree(self.repo, self.file.path, data)

    def same(self, data: bytes, blob: bytes) -> bool:
        """Whether a file's bytes stand for a blob, whatever its line ends."""
        return stands_for(self.repo, self.file.path, data, blob, self.conversion)


def _plan_create(task: _FileTask) -> FilePlan:
    ids = tuple(hunk.id for hunk in task.accepted)
    executable = task.file.new_mode == "100755"
    wanted = chosen_of(b"", task.proposal, task.accepted)
    if task.document is not None and task.document.dirty:
        if not task.same(task.document.text.encode(), wanted):
            return aside(task.file, task.accepted, "an unsaved document of that name is open")
        return FilePlan(landed=ids)
    if task.disk is None:
        data = wanted
        if task.conversion != Conversion():
            data = git_convert.to_worktree(task.repo, task.file.path, data)
        write = Write(path=task.file.path, old=None, new=data, executable=executable)
        return FilePlan(landed=ids, write=write)
    if not task.same(task.disk.data, wanted):
        return aside(task.file, task.accepted, "another file is already there")
    return FilePlan(landed=ids, write=_mode_write(task, executable=executable), merged=True)


def _plan_delete(task: _FileTask) -> FilePlan:
    ids = tuple(hunk.id for hunk in task.accepted)
    if task.document is not None and task.document.dirty:
        return aside(task.file, task.accepted, "it is open with unsaved changes")
    if task.disk is None:
        return FilePlan(landed=ids, merged=True)
    left = chosen_of(task.base, task.proposal, _landed_before(task.file))
    if not task.same(task.disk.data, left):
        return aside(task.file, task.accepted, "it was changed since, so it is not deleted")
    write = Write(path=task.file.path, old=task.disk, new=None, executable=task.disk.executable)
    return FilePlan(landed=ids, write=write)


def _plan_lines(task: _FileTask) -> FilePlan:
    """Lines of a new file of which some have landed, or of one that loses lines and stays."""
    if task.disk is None:
        return aside(task.file, task.accepted, "the file is gone from the workspace")
    executable = task.disk.executable
    if task.document is not None:
        return _plan_document(task, task.document, task.accepted, executable=executable)
    return _plan_text(task, task.disk, task.accepted, executable=executable)


def _plan_modify(task: _FileTask) -> FilePlan:
    if task.disk is None:
        return aside(task.file, task.accepted, "the file is gone from the workspace")
    mode = [hunk for hunk in task.accepted if hunk.kind == "mode"]
    executable = task.file.new_mode == "100755" if mode else task.disk.executable
    modes = tuple(hunk.id for hunk in mode)
    content = [hunk for hunk in task.accepted if hunk.kind != "mode"]
    if not content:
        return FilePlan(landed=modes, write=_mode_write(task, executable=executable))
    if task.file.binary:
        plan = _plan_binary(task, content, executable=executable)
    elif task.document is not None:
        plan = _plan_document(task, task.document, content, executable=executable)
    else:
        plan = _plan_text(task, task.disk, content, executable=executable)
    return FilePlan(
        landed=modes + plan.landed,
        conflicts=plan.conflicts,
        write=plan.write,
        edit=plan.edit,
        merged=plan.merged,
    )


def _plan_binary(task: _FileTask, content: list[Hunk], *, executable: bool) -> FilePlan:
    assert task.disk is not None
    ids = tuple(hunk.id for hunk in content)
    conflict: FilePlan | None = None
    mine = task.in_git_form(task.disk.data)
    if task.document is not None and task.document.dirty:
        conflict = aside(task.file, content, "it is open with unsaved changes")
    elif mine == task.proposal:
        return FilePlan(landed=ids, write=_mode_write(task, executable=executable), merged=True)
    elif mine != task.base:
        conflict = aside(task.file, content, "it is binary and was changed since")
    if conflict is not None:
        return FilePlan(
            conflicts=conflict.conflicts, write=_mode_write(task, executable=executable)
        )
    data = task.in_tree_form(task.proposal)
    write = Write(path=task.file.path, old=task.disk, new=data, executable=executable)
    return FilePlan(landed=ids, write=write)


def _plan_text(task: _FileTask, disk: OnDisk, content: list[Hunk], *, executable: bool) -> FilePlan:
    ours = task.in_git_form(disk.data)
    merged = land_hunks(
        task.repo,
        base=task.base,
        proposal=task.proposal,
        ours=ours,
        landed=_landed_before(task.file),
        accepted=content,
    )
    if merged.text == ours:
        data = disk.data
    elif task.conversion.line_ends and style(ours) == "none":
        # no line says how lines end here, so they end as git would check them out
        data = git_convert.to_worktree(task.repo, task.file.path, merged.text)
    else:
        data = task.in_tree_form(merged.text)
    write: Write | None = None
    if data != disk.data or executable != disk.executable:
        write = Write(path=task.file.path, old=disk, new=data, executable=executable)
    return FilePlan(
        landed=tuple(hunk.id for hunk in merged.landed),
        conflicts=_conflicts(task.file, merged.conflicts, "the same lines were changed since"),
        write=write,
        merged=merged.moved_on,
    )


def _plan_document(
    task: _FileTask, document: OpenText, content: list[Hunk], *, executable: bool
) -> FilePlan:
    """Edit the open document; the file itself gets at most another mode."""
    # what an editor shows is decoded already, so of the converting attributes only filters remain
    filtered = "filter" in task.conversion.attributes
    shown = document.text.encode("utf-8", "surrogatepass")
    merged = land_hunks(
        task.repo,
        base=task.base,
        proposal=task.proposal,
        ours=task.in_git_form(shown) if filtered else shown,
        landed=_landed_before(task.file),
        accepted=content,
    )
    data = task.in_tree_form(merged.text) if filtered else merged.text
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return aside(task.file, content, "it is open in an editor and not UTF-8")
    edits = edits_between(task.repo, document.text, text)
    edit = FileEdit(path=task.file.path, version=document.version, edits=edits) if edits else None
    return FilePlan(
        landed=tuple(hunk.id for hunk in merged.landed),
        conflicts=_conflicts(task.file, merged.conflicts, "the same lines were changed since"),
        write=_mode_write(task, executable=executable),
        edit=edit,
        merged=merged.moved_on,
    )


def _mode_write(task: _FileTask, *, executable: bool) -> Write | None:
    """A write that changes the executable bit alone; None when it is right already."""
    if task.disk is None or task.disk.executable == executable:
        return None
    return Write(path=task.file.path, old=task.disk, new=task.disk.data, executable=executable)


def _landed_before(file: ChangedFile) -> list[Hunk]:
    return [hunk for hunk in file.hunks if hunk.state == "landed" and hunk.diff.startswith("@@")]


def _conflicts(
    file: ChangedFile, hunks: list[Hunk] | tuple[Hunk, ...], reason: str
) -> tuple[Conflict, ...]:
    return tuple(Conflict(hunk=hunk.id, path=file.path, reason=reason) for hunk in hunks)


def aside(file: ChangedFile, hunks: list[Hunk], reason: str) -> FilePlan:
    """These hunks of a file are set aside."""
    return FilePlan(conflicts=_conflicts(file, hunks, reason))
