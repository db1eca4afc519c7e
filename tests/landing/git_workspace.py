"""A committed repository, changes to it, and landings of them in files, index or commits."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

import git_sandbox
from landing.landing_place import accepted
from makeitso.landing import land, undo
from makeitso.review import marks
from makeitso.workspace import changes
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from makeitso.landing.editor import Editor
    from makeitso.landing.land import LandingPlan
    from makeitso.protocol.change import Change, Landing
    from makeitso.protocol.events import LandingUndone
    from makeitso.protocol.words import LandTarget


@dataclass
class Work:
    box: git_sandbox.Sandbox
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def root(self) -> Path:
        return self.box.root

    def change(self, proposal: Mapping[str, bytes | None], *, executable: str = "") -> Change:
        """What differs between HEAD and a tree with these files; None: deleted there."""
        env = {"GIT_INDEX_FILE": f"{self.root}/.git/test-index"}
        self.box.git("read-tree", "HEAD", env=env)
        base = self.box.git("write-tree", env=env).decode().strip()
        for path, data in proposal.items():
            if data is None:
                self.box.git("update-index", "--force-remove", path, env=env)
                continue
            blob = self.box.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
            mode = "100755" if path == executable else "100644"
            self.box.git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", env=env)
        tree = self.box.git("write-tree", env=env).decode().strip()
        return self.between(base, tree)

    def between(self, base: str, tree: str) -> Change:
        repo = open_repository(self.root)
        moves = changes.moves(repo, base, tree)
        return changes.between(repo, base, tree, run="r1", task="T1", moves=moves)

    def prepare(
        self, change: Change, target: LandTarget, *, editor: Editor | None = None
    ) -> LandingPlan:
        start = self.box.text("rev-parse", "-q", "--verify", "HEAD") if self.born() else None
        return anyio.run(
            functools.partial(
                land.prepare,
                open_repository(self.root),
                change,
                id=f"l{next(self.numbers)}",
                target=target,
                wording=land.Wording(
                    message="Do it\n\nMakeitso-Run: r1\nMakeitso-Task: T1\n",
                    branch="makeitso/r1",
                    start=start,
                ),
                editor=editor,
            )
        )

    def land(
        self,
        change: Change,
        target: LandTarget,
        *,
        ids: Collection[str] | None = None,
        editor: Editor | None = None,
        fault: Callable[[str], None] | None = None,
    ) -> Landing:
        """Land what of it is accepted, or all where nothing is marked yet, or these hunks."""
        if ids is None and all(hunk.state == "pending" for hunk in marks.all_hunks(change)):
            ids = [hunk.id for hunk in marks.all_hunks(change)]
        plan = self.prepare(change if ids is None else accepted(change, ids), target, editor=editor)
        done = anyio.run(
            functools.partial(land.commit, plan, root=self.root, editor=editor, fault=fault)
        )
        land.forget(self.root, plan.id)
        return done

    def undo(
        self,
        landing: Landing,
        change: Change,
        *,
        standing: Collection[str] | None = None,
        editor: Editor | None = None,
        fault: Callable[[str], None] | None = None,
    ) -> LandingUndone:
        """Take it back, as far as these hunks of it stand; None: all do."""
        left = landing.landed if standing is None else standing
        paths = {hunk.id: hunk.path for hunk in marks.all_hunks(change)}
        plan = anyio.run(
            functools.partial(
                undo.prepare,
                open_repository(self.root),
                landing,
                id=f"u{next(self.numbers)}",
                hunks={hunk: paths[hunk] for hunk in left},
                without={paths[h] for h in landing.landed} - {paths[h] for h in left},
                moves={file.path: file.origin for file in change.files if file.origin},
                message="Revert it",
                editor=editor,
            )
        )
        done = anyio.run(
            functools.partial(undo.commit, plan, root=self.root, editor=editor, fault=fault)
        )
        land.forget(self.root, done.id)
        return done

    def born(self) -> bool:
        return bool(self.box.git("for-each-ref", "refs/heads"))

    def staged(self, path: str) -> bytes:
        return self.box.git("cat-file", "blob", f":{path}")

    def committed(self, path: str, at: str = "HEAD") -> bytes:
        return self.box.git("cat-file", "blob", f"{at}:{path}")

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def hook(self, name: str, script: str) -> None:
        where = self.root / ".git" / "hooks" / name
        where.parent.mkdir(exist_ok=True)
        where.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        where.chmod(0o755)


def work(root: Path, files: Mapping[str, bytes]) -> Work:
    box = git_sandbox.make(root)
    box.write(".git/info/exclude", b".makeitso\n")
    for path, data in files.items():
        box.write(path, data)
    if files:
        box.commit("begin")
    return Work(box)
