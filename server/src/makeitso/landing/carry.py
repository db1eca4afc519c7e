"""A change of one file carried over to where the file may have moved on: three-way, or not at all.

What takes a landing back (after → before), and what a hook made of a commit (asked → made), both
are a change of whole files that has to fit what is there now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.landing.merge import merge_text
from makeitso.workspace import blobs
from makeitso.workspace.trees import Entry, write_blobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from makeitso.workspace.git import Repository


class Stays:
    """What is there does not fit; nothing of the file is touched."""


STAYS = Stays()


@dataclass(frozen=True)
class Content:
    """A file as far as git cares."""

    data: bytes
    executable: bool


def carry(
    repo: Repository, *, ours: Content | None, ancestor: Content | None, theirs: Content | None
) -> Content | Stays | None:
    """Ours with the change from ancestor to theirs; None: no file; `Stays`: they conflict.

    Raises:
        EnvironmentFault: git failed.
    """
    if ours in (ancestor, theirs) or ancestor == theirs:
        return ours if ancestor == theirs else theirs
    if ours is None or ancestor is None or theirs is None:
        return STAYS
    data: bytes | None
    if ours.data == ancestor.data:
        data = theirs.data
    else:
        data = merge_text(repo, ancestor=ancestor.data, ours=ours.data, theirs=theirs.data)
    if data is None:
        return STAYS
    moved = ancestor.executable != theirs.executable
    return Content(data, theirs.executable if moved else ours.executable)


def carry_entry(
    repo: Repository, *, ours: Entry | None, ancestor: Entry | None, theirs: Entry | None
) -> Entry | Stays | None:
    """The same for entries of trees and of the index.

    Raises:
        EnvironmentFault: git failed.
    """
    return carry_entries(repo, {"": (ours, ancestor, theirs)})[""]


def carry_entries(
    repo: Repository, sides: Mapping[str, tuple[Entry | None, Entry | None, Entry | None]]
) -> dict[str, Entry | Stays | None]:
    """The same for many: git is asked once for all contents, and once to keep what came of them.

    Args:
        repo: the repository.
        sides: ours, ancestor and theirs of each path.

    Raises:
        EnvironmentFault: git failed.
    """
    found: dict[str, Entry | Stays | None] = {}
    apart: dict[str, tuple[Entry | None, Entry | None, Entry | None]] = {}
    for path, (ours, ancestor, theirs) in sides.items():
        if ours in (ancestor, theirs) or ancestor == theirs:
            found[path] = ours if ancestor == theirs else theirs
        elif any(e is not None and e.mode not in _FILES for e in (ours, ancestor, theirs)):
            found[path] = STAYS
        else:
            apart[path] = (ours, ancestor, theirs)
    wanted = [entry.blob for three in apart.values() for entry in three if entry is not None]
    read = blobs.read(repo, wanted) if wanted else {}

    def content(entry: Entry | None) -> Content | None:
        return Content(read[entry.blob], entry.mode == "100755") if entry is not None else None

    made: dict[str, Content] = {}
    for path, (ours, ancestor, theirs) in apart.items():
        carried = carry(
            repo, ours=content(ours), ancestor=content(ancestor), theirs=content(theirs)
        )
        if isinstance(carried, Content):
            made[path] = carried
        else:
            found[path] = carried
    names = write_blobs(repo, [one.data for one in made.values()])
    for (path, one), blob in zip(made.items(), names, strict=True):
        found[path] = Entry("100755" if one.executable else "100644", blob)
    return found


_FILES = ("100644", "100755")
