"""What a landing keeps so that it can be taken back: its files exactly as before and after.

One private tree with four directories, `files/before`, `files/after`, `index/before` and
`index/after`: bytes of the working tree as they lay on the disk or stood in the editor, and entries
of the index as they are. A commit of ours under the run's refs holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.landing.carry import Content
from makeitso.workspace import blobs, snapshots
from makeitso.workspace.trees import Entry, empty, entries, with_entries

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from makeitso.landing.git_side import Staged
    from makeitso.workspace.git import Repository

_PERMISSIONS = "permissions"


@dataclass(frozen=True, kw_only=True)
class Touched:
    """A file of the working tree that a landing changes; None: it is not there."""

    path: str
    before: Content | None
    after: Content | None
    permissions: int | None = None
    """Exactly, before, where the landing deletes it."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was kept, read again."""

    before: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    after: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    index_before: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    index_after: Mapping[str, Entry] = field(default_factory=dict[str, Entry])
    permissions: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of the working tree that it is about."""
        return tuple(sorted({*self.before, *self.after}))

    @property
    def staged(self) -> tuple[str, ...]:
        """Paths of the index that it is about."""
        return tuple(sorted({*self.index_before, *self.index_after}))


def keep(
    repo: Repository,
    *,
    run: str,
    task: str,
    name: str,
    touched: Iterable[Touched],
    index: Iterable[Staged],
) -> str:
    """Keep it under the refs of the run; returns the tree."""
    found: dict[str, Entry | None] = {}
    texts: list[tuple[str, Content]] = []
    exact: list[str] = []
    for one in touched:
        texts += [(f"files/before/{one.path}", one.before)] if one.before is not None else []
        texts += [(f"files/after/{one.path}", one.after)] if one.after is not None else []
        exact += [f"{one.permissions:o} {one.path}"] if one.permissions is not None else []
    if exact:
        listing = "\0".join(exact).encode("utf-8", "surrogateescape")
        texts.append((_PERMISSIONS, Content(listing, executable=False)))
    stored = blobs.write_all(repo, [content.data for _, content in texts])
    for (path, content), blob in zip(texts, stored, strict=True):
        found[path] = Entry("100755" if content.executable else "100644", blob)
    for entry in index:
        if entry.old is not None:
            found[f"index/before/{entry.path}"] = Entry(*entry.old)
        if entry.new is not None:
            found[f"index/after/{entry.path}"] = Entry(*entry.new)
    tree = with_entries(repo, empty(repo), found)
    ref = snapshots.ref_name(run=run, task=task, name=f"landing-{name}")
    snapshots.keep(repo, tree, ref=ref, parent=None, message=f"{run}/{task}: landing {name}")
    return tree


def read(repo: Repository, tree: str) -> Kept:
    """What was kept.

    Raises:
        EnvironmentFault: the tree is gone.
    """
    found = entries(repo, tree)

    def below(directory: str) -> dict[str, Entry]:
        return {
            path.removeprefix(directory): entry
            for path, entry in found.items()
            if path.startswith(directory)
        }

    permissions: dict[str, int] = {}
    listed = found.get(_PERMISSIONS)
    if listed is not None:
        text = blobs.read(repo, [listed.blob])[listed.blob].decode("utf-8", "surrogateescape")
        pairs = (line.partition(" ") for line in text.split("\0"))
        permissions = {path: int(bits, 8) for bits, _, path in pairs}
    return Kept(
        before=below("files/before/"),
        after=below("files/after/"),
        index_before=below("index/before/"),
        index_after=below("index/after/"),
        permissions=permissions,
    )
