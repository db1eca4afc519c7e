"""Hunks that people rarely read line by line: what they are, and the one line that stands for them.

A fold hides nothing that decides: every such hunk is marked like any other, and one that wants a
second look for another reason is never folded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from makeitso.protocol.change import ChangedFile, Hunk

FOLDED = ("generated", "lock-file", "whitespace", "moved")
"""Flags of hunks that are shown as one line."""
_NEVER = frozenset(
    {"bidi", "invisible", "mixed-script", "control", "not-utf8", "proves-task", "executable"}
)
_LOCK_FILES = frozenset(
    {
        "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb", "go.sum",
        "packages.lock.json", "Package.resolved", "gradle.lockfile", "deno.lock",
    }
)  # fmt: skip
"""Besides whatever ends in `.lock`."""
_GENERATED_NAME = re.compile(
    r"\.min\.(?:js|css|mjs)$|\.(?:js|css)\.map$|_pb2(?:_grpc)?\.pyi?$|\.pb\.(?:go|cc|h)$"
    r"|\.(?:g|freezed)\.dart$|\.designer\.cs$|_generated\.\w+$|\.generated\.\w+$|^zz_generated\.",
    re.IGNORECASE,
)
_GENERATED_HEAD = re.compile(
    r"code generated\b.{0,200}\bdo not edit|@generated\b|\b(?:automatically |auto-?)generated\b"
    r".{0,200}\bdo not (?:edit|modify)",
    re.IGNORECASE | re.DOTALL,
)
HEAD_BYTES = 1024
"""How much of a file may say that a program wrote it."""
_INDENTED = re.compile(
    r"\.(?:pyi?|pyx|ya?ml|haml|slim|pug|sass|styl|coffee|nim|fsx?|hs|elm|rst|md|mk|bzl)$"
    r"|^(?:GNUm|m|M)akefile$"
)
"""Names of files whose indentation says something."""
MOVED_CHARACTERS = 20
"""Letters and digits that a block needs to count as moved; less is alike by chance."""
_SPACES = re.compile(r"[ \t\r\f\v]+")
_WORDS = re.compile(r"[^\W_]")
Block = str
"""Lines that are removed or added in a row, without indentation and blank ones."""


def folded(hunk: Hunk) -> str:
    """What stands for the hunk where it is folded: `lock-file, +12 -3`; empty: it is shown."""
    why = [flag for flag in hunk.flags if flag in FOLDED]
    if not why or _NEVER & set(hunk.flags):
        return ""
    lines = hunk.diff.split("\n")[1:]
    added, removed = (sum(line.startswith(tag) for line in lines) for tag in "+-")
    return f"{', '.join(why)}, +{added} -{removed}"


def file_flags(path: str, *, head: str, attribute: bool) -> tuple[str, ...]:
    """Flags that all hunks of a file have.

    Args:
        path: the file.
        head: the first HEAD_BYTES of it; of the base where it was there, because what a worker
            wrote does not make a person's file a program's.
        attribute: the repository calls it generated, in the base.
    """
    name = path.rpartition("/")[2]
    if name in _LOCK_FILES or name.endswith(".lock"):
        return ("lock-file",)
    if attribute or _GENERATED_NAME.search(name):
        return ("generated",)
    # the word all of them hold, because most heads do not: looking for it is quick
    if "generated" in head.lower() and _GENERATED_HEAD.search(head):
        return ("generated",)
    return ()


def with_folds(
    files: Sequence[ChangedFile], flags: Mapping[str, tuple[str, ...]]
) -> Iterator[ChangedFile]:
    """The files with flags of their own, by path, and of their hunks, put on their hunks."""
    sides = {
        hunk.id: _Sides.of(hunk) for file in files for hunk in file.hunks if hunk.kind in _BY_LINES
    }
    removed = {block for side in sides.values() for block in side.old_blocks}
    added = {block for side in sides.values() for block in side.new_blocks}
    for file in files:
        own = flags.get(file.path, ())
        more: dict[str, tuple[str, ...]] = {}
        for hunk in file.hunks:
            side = sides.get(hunk.id)
            if side is not None and side.is_whitespace(path=file.path):
                more[hunk.id] = (*own, "whitespace")
            elif side is not None and side.is_moved(removed, added):
                more[hunk.id] = (*own, "moved")
            elif own:
                more[hunk.id] = own
        yield (
            file
            if not more
            else file.model_copy(
                update={
                    "hunks": tuple(
                        hunk.model_copy(update={"flags": (*hunk.flags, *more.get(hunk.id, ()))})
                        for hunk in file.hunks
                    )
                }
            )
        )


_BY_LINES = ("text", "create", "delete")


_RUNS = re.compile(r"\n(?:(-.*(?:\n-.*)*)|(\+.*(?:\n\+.*)*))")


class _Sides(NamedTuple):
    """What a hunk removes and adds: runs of lines, and the blocks they are; there are thousands."""

    old: list[str]
    new: list[str]
    old_blocks: list[Block]
    new_blocks: list[Block]

    @classmethod
    def of(cls, hunk: Hunk) -> _Sides:
        old: list[str] = []
        new: list[str] = []
        for removed, added in _RUNS.findall(hunk.diff):
            if removed:
                old.append(removed[1:].replace("\n-", "\n"))
            else:
                new.append(added[1:].replace("\n+", "\n"))
        return cls(old, new, [*map(_block, old)], [*map(_block, new)])

    def is_whitespace(self, *, path: str) -> bool:
        """Nothing but blank lines, line ends and spaces differ; indentation where it is nothing."""
        if "".join("".join(self.old).split()) != "".join("".join(self.new).split()):
            return False  # nearly every hunk; the rest is looked at line by line
        old, new = _texts(self.old), _texts(self.new)
        if not (old and new) and any(map(str.strip, (*old, *new))):
            return False
        indented = _INDENTED.search(path.rpartition("/")[2]) is not None
        if indented and _indents(old) != _indents(new):
            return False
        return _bare(old) == _bare(new)

    def is_moved(self, removed: Container[Block], added: Container[Block]) -> bool:
        """All it takes away is put somewhere else, and all it puts was taken from somewhere."""
        blocks = (*self.old_blocks, *self.new_blocks)
        return (
            all(block in added for block in self.old_blocks)
            and all(block in removed for block in self.new_blocks)
            and bool(blocks)
            and not set(self.old_blocks) & set(self.new_blocks)
            and all(_says_much(block) for block in blocks)
        )


def _texts(runs: Iterable[str]) -> list[str]:
    return [text for run in runs for text in run.split("\n")]


def _block(run: str) -> Block:
    """Lines without indentation; blank ones do not count."""
    if "\n" not in run:
        return run.strip()
    return "\n".join(bare for text in run.split("\n") if (bare := text.strip()))


def _bare(texts: Iterable[str]) -> list[str]:
    return [bare for text in texts if (bare := _SPACES.sub(" ", text).strip())]


def _indents(texts: Iterable[str]) -> list[str]:
    return [text[: len(text) - len(text.lstrip(" \t"))] for text in texts if text.strip()]


def _says_much(block: Block) -> bool:
    return len(_WORDS.findall(block)) >= MOVED_CHARACTERS
