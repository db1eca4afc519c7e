"""A workspace to land in: files on disk, a change between two trees, marks, and one landing."""

from __future__ import annotations

import functools
import itertools
import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from makeitso.landing import land
from makeitso.review import marks
from review.changed_trees import Oracle, Tree, oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from makeitso.landing.editor import Editor
    from makeitso.landing.land import LandingPlan
    from makeitso.protocol.change import Change, ChangedFile, Hunk, Landing
    from makeitso.protocol.words import HunkState

OURS = (".git", ".makeitso")


@dataclass
class Place:
    oracle: Oracle
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def root(self) -> Path:
        return self.oracle.box.root

    def change(self, base: Tree, proposal: Tree) -> Change:
        return self.oracle.change(base, proposal)

    def fill(self, tree: Tree) -> None:
        """Make the disk hold exactly these files."""
        for entry in self.root.iterdir():
            if entry.name in OURS:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        for path, (mode, data) in tree.items():
            if mode == "120000":
                link = self.root / path
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(os.fsdecode(data))
            else:
                self.oracle.box.write(path, data, executable=mode == "100755")

    def files(self) -> Tree:
        found: Tree = {}
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root).as_posix()
            if name.split("/")[0] in OURS:
                continue
            if path.is_symlink():
                found[name] = ("120000", os.fsencode(path.readlink()))
            elif path.is_file():
                mode = "100755" if os.access(path, os.X_OK) else "100644"
                found[name] = (mode, path.read_bytes())
        return found

    def prepare(self, change: Change, editor: Editor | None = None) -> LandingPlan:
        name = f"l{next(self.numbers)}"
        return anyio.run(
            functools.partial(land.prepare, self.oracle.repo, change, id=name, editor=editor)
        )

    def commit(
        self,
        plan: LandingPlan,
        editor: Editor | None = None,
        fault: Callable[[str], None] | None = None,
    ) -> Landing:
        return anyio.run(
            functools.partial(land.commit, plan, root=self.root, editor=editor, fault=fault)
        )

    def land(self, change: Change, editor: Editor | None = None) -> LandingPlan:
        plan = self.prepare(change, editor)
        landing = self.commit(plan, editor)
        assert landing == plan.landing()
        land.forget(self.root, plan.id)
        assert list((self.root / ".makeitso" / "landing").iterdir()) == []
        return plan


def place(root: Path) -> Place:
    return Place(oracle(root))


def accepted(change: Change, ids: Collection[str] | None = None) -> Change:
    """All that may be accepted, or just these, accepted; the rest rejected."""
    states: dict[str, HunkState] = {
        hunk.id: "accepted" if ids is None or hunk.id in ids else "rejected"
        for hunk in marks.all_hunks(change)
    }
    return marks.with_states(change, states)


def with_landed(change: Change, plan: LandingPlan) -> Change:
    """The change after a landing, with everything else as it was."""
    states: dict[str, HunkState] = {hunk.id: hunk.state for hunk in marks.all_hunks(change)}
    states |= dict.fromkeys(plan.landed, "landed")
    states |= {conflict.hunk: "conflict" for conflict in plan.conflicts}
    return marks.with_states(change, states)


def file_of(change: Change, path: str) -> ChangedFile:
    return next(file for file in change.files if file.path == path)


def hunks_of(change: Change, path: str) -> Sequence[Hunk]:
    return file_of(change, path).hunks


def text(*lines: str, eol: str = "\n") -> bytes:
    return "".join(line + eol for line in lines).encode()


def plain(contents: Mapping[str, bytes]) -> Tree:
    return {path: ("100644", data) for path, data in contents.items()}
