"""What `git diff-tree` prints, as values. Bytes in, bytes kept: nothing is decoded here.

Names come from the NUL-separated raw records. The patch is matched to them by order and blob ids
and its own headers are never read for names, so that no file name can pass for a header.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from makeitso.errors import EnvironmentFault

NO_NEWLINE = b"\\"
"""First byte of git's `\\ No newline at end of file` line."""

_TAGS = frozenset((b" ", b"-", b"+", NO_NEWLINE))
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_INDEX = re.compile(rb"index ([0-9a-f]+)\.\.([0-9a-f]+)")


@dataclass(frozen=True, kw_only=True)
class RawEntry:
    """One path that differs between two trees. Mode `000000` and an all-zero blob mean absent."""

    path: bytes
    old_mode: str
    new_mode: str
    old_blob: str
    new_blob: str
    status: str
    """A, M, D or T, as git calls it."""
    origin: bytes = b""
    """Path in the base of a file that is renamed; its status is M. Empty: it is not."""


@dataclass(frozen=True, kw_only=True)
class RawHunk:
    r"""One hunk: its numbers and its lines, each with its leading ` `, `-`, `+` or `\`."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    section: bytes
    lines: tuple[bytes, ...]


@dataclass(frozen=True, kw_only=True)
class RawPatch:
    """What the patch says of one path."""

    binary: bool
    hunks: tuple[RawHunk, ...]


EMPTY_PATCH = RawPatch(binary=False, hunks=())


def parse_raw(out: bytes) -> tuple[RawEntry, ...]:
    """Parse `diff-tree -r -z --raw --no-renames`.

    Raises:
        EnvironmentFault: git printed something else.
    """
    fields = out.split(b"\0")
    if fields.pop() != b"" or len(fields) % 2:
        raise EnvironmentFault("`git diff-tree --raw` printed records that cannot be read.")
    entries: list[RawEntry] = []
    for meta, path in zip(fields[::2], fields[1::2], strict=True):
        words = meta.decode("ascii", "replace").split(" ")
        if len(words) != 5 or not words[0].startswith(":"):
            raise EnvironmentFault("`git diff-tree --raw` printed records that cannot be read.")
        entries.append(
            RawEntry(
                path=path,
                old_mode=words[0][1:],
                new_mode=words[1],
                old_blob=words[2],
                new_blob=words[3],
                status=words[4][:1],
            )
        )
    return tuple(entries)


def parse_moves(out: bytes) -> dict[bytes, RawEntry]:
    """The renames in `diff-tree -r -z --raw -M`, by proposed path; path of an entry: in the base.

    Raises:
        EnvironmentFault: git printed something else.
    """
    fields = iter(out.split(b"\0")[:-1])
    found: dict[bytes, RawEntry] = {}
    for meta in fields:
        words = meta.decode("ascii", "replace").split(" ")
        path = next(fields, b"")
        if len(words) != 5 or not words[0].startswith(":"):
            raise EnvironmentFault("`git diff-tree --raw` printed records that cannot be read.")
        if words[4][:1] == "R":
            found[next(fields, b"")] = RawEntry(
                path=path,
                old_mode=words[0][1:],
                new_mode=words[1],
                old_blob=words[2],
                new_blob=words[3],
                status="R",
            )
    return found


def parse_patches(out: bytes, entries: tuple[RawEntry, ...]) -> tuple[RawPatch, ...]:
    """Parse `diff-tree -r -p --full-index --no-renames` of the same two trees, one for each entry.

    A change of type is two sections, a deletion and a creation; their hunks are joined.

    Raises:
        EnvironmentFault: the patch does not fit the entries.
    """
    sections = _sections(out.split(b"\n"))
    patches: list[RawPatch] = []
    at = 0
    for entry in entries:
        count = 2 if entry.status == "T" else 1
        if at + count > len(sections):
            raise EnvironmentFault("`git diff-tree -p` printed fewer files than `--raw`.")
        own = sections[at : at + count]
        at += count
        if count == 1:
            _check_blobs(own[0].blobs, entry)
        patches.append(
            RawPatch(
                binary=any(section.binary for section in own),
                hunks=tuple(hunk for section in own for hunk in section.hunks),
            )
        )
    if at != len(sections):
        raise EnvironmentFault("`git diff-tree -p` printed more files than `--raw`.")
    return tuple(patches)


def parse_sections(out: bytes) -> tuple[RawPatch, ...]:
    """Parse any patch git printed, one value a file, in its order."""
    return tuple(
        RawPatch(binary=section.binary, hunks=tuple(section.hunks))
        for section in _sections(out.split(b"\n"))
    )


@dataclass
class _Section:
    blobs: tuple[str, str] | None
    binary: bool
    hunks: list[RawHunk]


def _sections(lines: list[bytes]) -> list[_Section]:
    sections: list[_Section] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(b"diff --git "):
            sections.append(_Section(None, binary=False, hunks=[]))
        elif sections and line.startswith(b"@@ "):
            hunk, at = _read_hunk(lines, at)
            sections[-1].hunks.append(hunk)
            continue
        elif sections and (line.startswith((b"Binary files ", b"GIT binary patch"))):
            sections[-1].binary = True
        elif sections and (found := _INDEX.match(line)):
            sections[-1].blobs = (found[1].decode(), found[2].decode())
        at += 1
    return sections


def _read_hunk(lines: list[bytes], at: int) -> tuple[RawHunk, int]:
    """Read a hunk by its counts, so that no line of a file can pass for a header."""
    found = _HUNK.fullmatch(lines[at])
    if found is None:
        raise EnvironmentFault("`git diff-tree -p` printed a hunk header that cannot be read.")
    old_lines = int(found[2]) if found[2] is not None else 1
    new_lines = int(found[4]) if found[4] is not None else 1
    old_left, new_left = old_lines, new_lines
    start = at + 1
    at = start
    end = len(lines)
    while old_left > 0 or new_left > 0 or lines[at][:1] == NO_NEWLINE:
        tag = lines[at][:1]
        if tag == b" ":
            old_left -= 1
            new_left -= 1
        elif tag == b"+":
            new_left -= 1
        elif tag == b"-":
            old_left -= 1
        at += 1
        if tag not in _TAGS or at >= end:
            raise EnvironmentFault("`git diff-tree -p` printed a hunk that ends early.")
    return (
        RawHunk(
            old_start=int(found[1]),
            old_lines=old_lines,
            new_start=int(found[3]),
            new_lines=new_lines,
            section=found[5],
            lines=tuple(lines[start:at]),
        ),
        at,
    )


def _check_blobs(blobs: tuple[str, str] | None, entry: RawEntry) -> None:
    if blobs is not None and blobs != (entry.old_blob, entry.new_blob):
        raise EnvironmentFault("`git diff-tree -p` and `--raw` disagree on the order of files.")
