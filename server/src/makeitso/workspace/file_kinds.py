"""Which files of a change a program wrote: by name, by head, by the attributes of the base."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.review.build import show_path
from makeitso.review.folding import HEAD_BYTES, file_flags
from makeitso.review.paths import FILE_MODES
from makeitso.workspace import blobs
from makeitso.workspace.git_process import GitPlace, run_git, try_git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.review.rawdiff import RawEntry
    from makeitso.workspace.git import Repository

_ATTRIBUTE = "linguist-generated"
_HEADS_WITHIN = 256 * 1024
"""Bytes up to which a file is opened to see whether its head says that it is generated."""


def flags_by_path(
    repo: Repository, entries: Sequence[RawEntry], *, base_tree: str, sizes: Mapping[str, int]
) -> dict[str, tuple[str, ...]]:
    """Flags of the changed files that have some.

    `sizes` holds the sizes of proposed blobs, by object id.

    Raises:
        EnvironmentFault: git failed.
    """
    heads = {entry.path: blob for entry in entries if (blob := _head_blob(entry, sizes))}
    contents = blobs.read(repo, list(dict.fromkeys(heads.values()))) if heads else {}
    marked = _by_attribute(repo, base_tree, [entry.path for entry in entries])
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        blob = heads.get(entry.path, "")
        head = contents.get(blob, b"")[:HEAD_BYTES].decode("utf-8", "replace")
        path = show_path(entry.path)
        flags = file_flags(path, head=head, attribute=entry.path in marked)
        if flags:
            found[path] = flags
    return found


def _head_blob(entry: RawEntry, sizes: Mapping[str, int]) -> str:
    """The blob whose head counts: what was there before, or all there is of a new file."""
    if sizes.get(entry.new_blob, 0) > _HEADS_WITHIN:
        return ""
    if entry.old_mode in FILE_MODES:
        return entry.old_blob
    return entry.new_blob if entry.new_mode in FILE_MODES else ""


def _by_attribute(repo: Repository, base_tree: str, paths: Sequence[bytes]) -> set[bytes]:
    """Paths that `.gitattributes` of the base call generated; a worker's own have no say."""
    place = repo.objects()
    named = try_git(
        ["grep", "-l", "-F", "-e", _ATTRIBUTE, base_tree, "--", ":(glob)**/.gitattributes"],
        place=place,
    )
    if named.code != 0 or not paths:
        return set()
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="attributes-", dir=repo.state_dir) as scratch:
        indexed = GitPlace(git_dir=repo.common_dir, index=Path(scratch) / "index")
        run_git(["read-tree", base_tree], place=indexed)
        out = run_git(
            ["-c", "core.attributesFile=/dev/null", "check-attr", "--cached", "-z", "--stdin",
             _ATTRIBUTE],
            place=indexed,
            stdin=b"".join(path + b"\0" for path in paths),
        )  # fmt: skip
    fields = out.split(b"\0")
    return {
        path
        for path, value in zip(fields[0::3], fields[2::3], strict=False)
        if value in (b"set", b"true")
    }
