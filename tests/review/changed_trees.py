"""Pairs of directory trees made by hypothesis, and the changes git sees between them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import git_sandbox
from makeitso.review.standing import Recorded, stand
from makeitso.workspace import blobs, changes
from makeitso.workspace.git import Repository, open_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from makeitso.protocol.change import Change
    from makeitso.review.cuts import Cut

Entry = tuple[str, bytes]
"""Mode and content; for a link its target."""
Tree = dict[str, Entry]

NAMES: tuple[str, ...] = (
    "a.py",
    "b.txt",
    "dir/c.txt",
    "dir/sub/d",
    "ü é/\u3042.md",
    "sp ace",
    "Makefile",
    "run.sh",
    'q"uote',
    "t~",
)
_LINE = [
    b"one",
    b"two",
    b"three",
    b"",
    b"    indented",
    b"-- minus",
    b"++ plus",
    b"@@ -1 +1 @@",
    b"diff --git a/x b/x",
    b"\\ No newline at end of file",
    "größe".encode(),
    b"la\xe9tin",
]
_LINES = st.lists(st.sampled_from(_LINE), max_size=30)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    lines = draw(_LINES)
    eol = draw(st.sampled_from([b"\n", b"\n", b"\n", b"\r\n"]))
    text = b"".join(line + eol for line in lines)
    if text and draw(st.booleans()):
        text = text[: -len(eol)]
    return (b"\xef\xbb\xbf" if draw(st.integers(0, 7)) == 0 else b"") + text


@st.composite
def edited(draw: st.DrawFn, text: bytes) -> bytes:
    """The text with some lines changed, put in, taken out or moved."""
    lines = text.split(b"\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines)))
        match draw(st.sampled_from(["insert", "delete", "replace", "move", "cr"])):
            case "insert":
                lines[at:at] = draw(_LINES)[:3]
            case "delete":
                del lines[at : at + draw(st.integers(1, 3))]
            case "replace":
                lines[at : at + 1] = [b"changed %d" % draw(st.integers(0, 9))]
            case "move":
                block = lines[at : at + 2]
                del lines[at : at + 2]
                to = draw(st.integers(0, len(lines)))
                lines[to:to] = block
            case _:
                lines[at : at + 1] = [line + b"\r" for line in lines[at : at + 1]]
    return b"\n".join(lines)


_BINARY = st.binary(max_size=12).map(lambda data: b"\0" + data)
_MODES = st.sampled_from(["100644", "100644", "100644", "100755"])
_ENTRY = st.one_of(
    st.tuples(_MODES, texts()),
    st.tuples(_MODES, texts()),
    st.tuples(_MODES, _BINARY),
    st.tuples(st.just("120000"), st.just(b"../outside")),
)


_FATES = ["keep", "edit", "edit", "edit", "mode", "delete", "replace", "rename"]


@st.composite
def tree_pairs(draw: st.DrawFn) -> tuple[Tree, Tree]:
    base = draw(st.dictionaries(st.sampled_from(NAMES), _ENTRY, max_size=6))
    proposal: Tree = {}
    for name, (mode, data) in base.items():
        match draw(st.sampled_from(_FATES)):
            case "keep":
                proposal[name] = (mode, data)
            case "edit":
                proposal[name] = (mode, draw(edited(data)) if mode != "120000" else data)
            case "mode":
                proposal[name] = ("100755" if mode == "100644" else "100644", data)
            case "replace":
                proposal[name] = draw(_ENTRY)
            case "rename":
                proposal[f"{name} now"] = (mode, draw(edited(data)) if mode != "120000" else data)
            case _:
                pass
    for name, entry in draw(st.dictionaries(st.sampled_from(NAMES), _ENTRY, max_size=2)).items():
        proposal.setdefault(name, entry)
    return base, proposal


@dataclass(frozen=True)
class Oracle:
    """One repository that all examples of a test share: trees are made without files."""

    box: git_sandbox.Sandbox
    repo: Repository

    def tree(self, tree: Tree) -> str:
        index = self.box.root / ".git" / "oracle-index"
        index.unlink(missing_ok=True)
        env = {"GIT_INDEX_FILE": os.fspath(index)}
        made = blobs_of(self.repo, [data for _, data in tree.values()])
        lines = b"".join(
            f"{mode} {made[data]}\t{name}".encode() + b"\0" for name, (mode, data) in tree.items()
        )
        self.box.git("update-index", "-z", "--index-info", stdin=lines, env=env)
        return self.box.git("write-tree", env=env).decode().strip()

    def change(self, base: Tree, proposal: Tree) -> Change:
        old, new = self.tree(base), self.tree(proposal)
        moves = changes.moves(self.repo, old, new)
        return changes.between(self.repo, old, new, run="r1", task="T1", moves=moves)


def oracle(root: Path) -> Oracle:
    box = git_sandbox.make(root)
    return Oracle(box, open_repository(root))


def blobs_of(repo: Repository, contents: list[bytes]) -> dict[bytes, str]:
    return {data: blobs.write(repo, data) for data in dict.fromkeys(contents)}


def standing(change: Change, split: Iterable[str], cuts: Mapping[str, Cut] | None = None) -> Change:
    """The change with the named hunks, and the named parts of them, as their parts."""
    return stand(change, Recorded(split=frozenset(split), cuts=cuts or {})).change


def budget(examples: int) -> settings:
    """How much a property is tried whose examples ask git: as many, however slow or large."""
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.filter_too_much,
            HealthCheck.function_scoped_fixture,
        ],
    )
