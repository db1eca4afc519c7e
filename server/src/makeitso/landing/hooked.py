"""What the person's hooks changed of a commit, carried into their files and index as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import StateError
from makeitso.landing.carry import Content, carry, carry_entries
from makeitso.landing.committing import difference
from makeitso.landing.intent import Write
from makeitso.workspace import blobs, files, git_convert
from makeitso.workspace.trees import Entry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from makeitso.landing.committing import Committed
    from makeitso.workspace.git import Repository


def with_hooks(
    repo: Repository,
    made: Committed,
    *,
    writes: Collection[Write],
    edited: Collection[str],
    index: Mapping[str, Entry | None],
    present: Mapping[str, Entry | None],
) -> tuple[tuple[Write, ...], dict[str, Entry | None]]:
    """Writes and index entries of a landing with what hooks did to its commit.

    Args:
        repo: the repository.
        made: the commit.
        writes: what the landing writes.
        edited: paths it edits in the editor.
        index: entries it stages.
        present: the index as it is.

    Raises:
        StateError: it does not fit what the person has; then nothing may land.
        EnvironmentFault: git failed.
    """
    found = {write.path: write for write in writes}
    staged = dict(index)
    changed = difference(repo, made.asked, made.tree)
    entries = carry_entries(
        repo,
        {
            path: (staged[path] if path in staged else present.get(path), *both)
            for path, both in changed.items()
        },
    )
    for path, (asked, got) in changed.items():
        entry = entries[path]
        write = _write(repo, path, asked=asked, got=got, planned=found.get(path))
        if not isinstance(entry, Entry | None) or write is False or path in edited:
            raise StateError(
                f"a hook changed {path} in the commit, and that does not fit what is there now",
                hint="save or commit what you have there, or land with --target files",
            )
        staged[path] = entry
        if isinstance(write, Write):
            found[path] = write
    return tuple(found.values()), staged


def _write(
    repo: Repository, path: str, *, asked: Entry | None, got: Entry | None, planned: Write | None
) -> Write | bool:
    """The write of one file; True: there is nothing to write, False: it does not fit."""
    for entry in (asked, got):
        if entry is not None and entry.mode not in ("100644", "100755"):
            return False
    disk = planned.old if planned is not None else files.read(repo.root, path)
    ours = Content(disk.data, disk.executable) if disk is not None else None
    if planned is not None:
        ours = Content(planned.new, planned.executable) if planned.new is not None else None
    carried = carry(
        repo, ours=ours, ancestor=_there(repo, path, asked), theirs=_there(repo, path, got)
    )
    if carried is None:
        return True if disk is None else Write(path=path, old=disk, new=None, executable=False)
    if not isinstance(carried, Content):
        return False
    if carried == ours and planned is None:
        return True
    return Write(path=path, old=disk, new=carried.data, executable=carried.executable)


def _there(repo: Repository, path: str, entry: Entry | None) -> Content | None:
    """A blob as it is checked out."""
    if entry is None:
        return None
    data = blobs.read(repo, [entry.blob])[entry.blob]
    if git_convert.conversions(repo, [path])[path] != git_convert.Conversion():
        data = git_convert.to_worktree(repo, path, data)
    return Content(data, entry.mode == "100755")
