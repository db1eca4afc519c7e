"""Hunks of a change put onto a tree: what landing would make of it, without a workspace.

The same three-way merge as a landing, so that a base built from proposals is what the workspace
will be once they have landed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from makeitso.landing.merge import land_hunks
from makeitso.landing.per_file import Conflict, chosen_of, stays
from makeitso.landing.renaming import in_place, where
from makeitso.workspace import blobs
from makeitso.workspace.trees import Entry, entries, with_entries

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from makeitso.protocol.change import Change, ChangedFile, Hunk
    from makeitso.workspace.git import Repository


@dataclass(frozen=True, kw_only=True)
class Laid:
    """A tree with hunks in it, and those that did not fit."""

    tree: str
    conflicts: tuple[Conflict, ...]


def lay(repo: Repository, tree: str, change: Change, hunks: Collection[str]) -> Laid:
    """Put hunks of a change onto a tree; what conflicts is left out and said.

    Hunks of the change that have landed are taken to be in the tree already.

    Raises:
        EnvironmentFault: git failed or an object is missing.
    """
    changed, conflicts = lay_entries(repo, entries(repo, tree), change, hunks)
    return Laid(tree=with_entries(repo, tree, changed), conflicts=conflicts)


def lay_entries(
    repo: Repository, present: Mapping[str, Entry], change: Change, hunks: Collection[str]
) -> tuple[dict[str, Entry | None], tuple[Conflict, ...]]:
    """The same on the entries of a tree or index: those that change, None where one goes.

    Raises:
        EnvironmentFault: git failed or an object is missing.
    """
    wanted = [file for file in change.files if any(hunk.id in hunks for hunk in file.hunks)]
    needed = [
        blob
        for file in wanted
        for blob in (
            file.base_blob,
            file.new_blob,
            _blob_at(present, file.path),
            _blob_at(present, file.origin or file.path),
        )
        if blob and file.base_mode != "160000" and file.new_mode != "160000"
    ]
    contents = blobs.read(repo, needed) if needed else {}
    there = _There(present)
    changed: dict[str, Entry | None] = {}
    texts: dict[str, _Text] = {}
    conflicts: list[Conflict] = []
    for file in wanted:
        chosen = [hunk for hunk in file.hunks if hunk.id in hunks]
        if file.origin is not None:
            outcomes, aside = _renamed(repo, file, chosen, there=there, contents=contents)
        else:
            entry, aside = _file(repo, file, chosen, there=there, contents=contents)
            outcomes = {file.path: entry}
        conflicts += aside
        for path, entry in outcomes.items():
            if isinstance(entry, _Text):
                texts[path] = entry
            if entry is not _SAME:
                changed[path] = entry if isinstance(entry, Entry) else None
    stored = blobs.write_all(repo, [text.data for text in texts.values()])
    for (path, text), blob in zip(texts.items(), stored, strict=True):
        changed[path] = Entry(text.mode, blob)
    return changed, tuple(conflicts)


class _There:
    """The entries, and the directories they are in: looked for when a file is to be made."""

    def __init__(self, present: Mapping[str, Entry]) -> None:
        self.entries = present

    @cached_property
    def directories(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.entries:
            above = path.rpartition("/")[0]
            while above and above not in found:
                found.add(above)
                above = above.rpartition("/")[0]
        return frozenset(found)

    def blocks(self, path: str) -> str:
        """Why no file can be made there, apart from one that is there; empty: one can."""
        above = path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in self.entries:
                return f"{above} is a file"
        return "a directory of that name is there" if path in self.directories else ""


@dataclass(frozen=True)
class _Text:
    """What a file becomes where that is no blob yet."""

    mode: str
    data: bytes


class _Same:
    """The file stays as it is in the tree."""


_SAME = _Same()
_Outcome = tuple["Entry | _Text | _Same | None", list[Conflict]]


def _file(
    repo: Repository,
    file: ChangedFile,
    chosen: Sequence[Hunk],
    *,
    there: _There,
    contents: Mapping[str, bytes],
) -> _Outcome:
    ours = there.entries.get(file.path)
    if file.refused:
        return _aside(file, chosen, file.refused)
    landed = [hunk for hunk in file.hunks if hunk.state == "landed"]
    if file.status == "added" and not landed:
        return _create(file, chosen, there=there, contents=contents)
    if ours is None:
        if file.status == "deleted":
            return _SAME, []
        return _aside(file, chosen, "the file is gone")
    if file.status == "deleted" and not stays(file, chosen):
        left = chosen_of(contents[file.base_blob or ""], b"", landed)
        if contents[ours.blob] != left:
            return _aside(file, chosen, "it was changed since, so it is not deleted")
        return None, []
    if file.status == "type":
        return _aside(file, chosen, "it became another kind of file")
    return _modify(repo, file, chosen, ours=ours, contents=contents)


def _create(
    file: ChangedFile, chosen: Sequence[Hunk], *, there: _There, contents: Mapping[str, bytes]
) -> _Outcome:
    ours = there.entries.get(file.path)
    new = Entry(file.new_mode or "100644", file.new_blob or "")
    wanted = chosen_of(b"", contents[new.blob], chosen)
    if ours is not None and contents[ours.blob] != wanted:
        return _aside(file, chosen, "another file is already there")
    if why := there.blocks(file.path):
        return _aside(file, chosen, why)
    if wanted != contents[new.blob]:
        return (_SAME if ours is not None else _Text(new.mode, wanted)), []
    return (_SAME if ours == new else new), []


def _renamed(
    repo: Repository,
    file: ChangedFile,
    chosen: Sequence[Hunk],
    *,
    there: _There,
    contents: Mapping[str, bytes],
) -> tuple[dict[str, Entry | _Text | _Same | None], list[Conflict]]:
    """What is to be under either name; see `landing.renaming`."""
    origin, at = file.origin or file.path, where(file)
    rename = [hunk for hunk in chosen if hunk.kind == "rename"]
    rest = [hunk for hunk in chosen if hunk.kind != "rename"]
    aside: list[Conflict] = []
    theirs = there.entries.get(file.path)
    if rename and at == origin and origin not in there.entries:
        if theirs is None or theirs.blob not in (file.base_blob, file.new_blob):
            return {}, _conflicts(file, chosen, "the file is gone")
        at, rename = file.path, []
    elif rename and at == origin:
        why = "another file is already there" if theirs is not None else there.blocks(file.path)
        if why:
            aside, rename = _conflicts(file, rename, why), []
    ours = there.entries.get(at)
    if ours is None:
        return {}, [*aside, *_conflicts(file, rest, "the file is gone")]
    entry: Entry | _Text | _Same | None = _SAME
    if rest:
        entry, more = _modify(repo, in_place(file, at), rest, ours=ours, contents=contents)
        aside += more
    if not rename or at != origin:
        return {at: entry}, aside
    return {origin: None, file.path: ours if isinstance(entry, _Same) else entry}, aside


def _modify(
    repo: Repository,
    file: ChangedFile,
    chosen: Sequence[Hunk],
    *,
    ours: Entry,
    contents: Mapping[str, bytes],
) -> _Outcome:
    modes = [hunk for hunk in chosen if hunk.kind == "mode"]
    content = [hunk for hunk in chosen if hunk.kind != "mode"]
    mode = file.new_mode if modes and file.new_mode is not None else ours.mode
    blob, aside = ours.blob, list[Conflict]()
    if content and file.binary:
        if ours.blob not in (file.base_blob, file.new_blob):
            aside = _conflicts(file, content, "it was changed since, and its content is no text")
        else:
            blob = file.new_blob or ours.blob
    elif content:
        merged = land_hunks(
            repo,
            base=contents.get(file.base_blob or "", b""),
            proposal=contents.get(file.new_blob or "", b""),
            ours=contents[ours.blob],
            landed=[hunk for hunk in file.hunks if hunk.state == "landed"],
            accepted=content,
        )
        aside = _conflicts(file, merged.conflicts, "the same lines are changed in another way")
        if merged.text != contents[ours.blob]:
            known = [one for one in (file.base_blob, file.new_blob) if one]
            blob = next((one for one in known if contents[one] == merged.text), "")
            if not blob:
                return _Text(mode, merged.text), aside
    new = Entry(mode, blob)
    return (_SAME if new == ours else new), aside


def _blob_at(present: Mapping[str, Entry], path: str) -> str | None:
    entry = present.get(path)
    return entry.blob if entry is not None and entry.mode != "160000" else None


def _aside(file: ChangedFile, hunks: Sequence[Hunk], reason: str) -> _Outcome:
    return _SAME, _conflicts(file, hunks, reason)


def _conflicts(file: ChangedFile, hunks: Sequence[Hunk], reason: str) -> list[Conflict]:
    return [Conflict(hunk=hunk.id, path=file.path, reason=reason) for hunk in hunks]
