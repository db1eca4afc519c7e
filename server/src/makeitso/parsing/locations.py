"""Paths in records, which name places in a worktree, become paths of the workspace.

Text only: nothing is looked up. Paths use `/`; a worktree may be known by several spellings (as
given, and with symbolic links resolved). A path in Windows' form is read as such wherever it was
printed, and one in quotes without them.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.record import Record

_DRIVE = re.compile(r"^/?([A-Za-z]):(?=[\\/])")
_QUOTED = re.compile(r"""^(?:"([^"]+)"|'([^']+)'|`([^`']+)['`])$""")


def workspace_path(path: str, *, roots: Iterable[str], cwd: str = "") -> str | None:
    """The path relative to the workspace; None when it is not inside the worktree.

    Args:
        path: as a tool printed it: absolute, relative to `cwd`, or a `file://` URL. A pytest id
            keeps what follows `::`.
        roots: absolute paths of the worktree.
        cwd: directory the tool ran in, relative to the worktree; empty for its root.
    """
    name, colons, test = path.partition("::")
    name = _plain(name)
    if not name or "\0" in name or (name.startswith("<") and name.endswith(">")):
        return None
    if _absolute(name):
        inner = _under(posixpath.normpath(name), roots)
    else:
        inner = posixpath.normpath(posixpath.join(cwd or ".", name))
    if inner is None or inner == ".." or inner.startswith("../") or _absolute(inner):
        return None
    return inner + colons + test


def localise(record: Record, *, roots: Iterable[str], cwd: str = "") -> Record:
    """The record with its path (and artifact) made relative; what lies outside stays as printed.

    A path that is mapped no longer needs the directory it was meant from.
    """
    roots = tuple(roots)
    update: dict[str, str | None] = {}
    for field, value in (("path", record.path), ("artifact", record.artifact)):
        if value is None:
            continue
        meant_from: str | None = cwd
        if field == "path" and record.directory is not None and not _absolute(_plain(value)):
            meant_from = workspace_path(record.directory, roots=roots, cwd=cwd)
            if meant_from is None:
                continue
        inner = workspace_path(value, roots=roots, cwd=meant_from)
        if inner is not None and inner != value:
            update[field] = inner
        if field == "path" and inner is not None and record.directory is not None:
            update["directory"] = None
    return record.model_copy(update=update) if update else record


def _plain(path: str) -> str:
    """The path without quotes, without a URL's scheme, with `/` for Windows' separators."""
    name = path.strip()
    quoted = _QUOTED.match(name)
    if quoted is not None:
        name = next(part for part in quoted.groups() if part is not None)
    if name.startswith("file://"):
        name = unquote(name.removeprefix("file://").removeprefix("localhost"))
    if _DRIVE.match(name) or ("\\" in name and "/" not in name):
        # Drives are the same in both cases.
        name = _DRIVE.sub(lambda found: found.group(1).lower() + ":", name).replace("\\", "/")
    return name


def _absolute(path: str) -> bool:
    return posixpath.isabs(path) or _DRIVE.match(path) is not None


def _under(path: str, roots: Iterable[str]) -> str | None:
    for root in roots:
        normal = posixpath.normpath(_plain(root))
        if path == normal:
            return "."
        prefix = normal.rstrip("/") + "/"
        if path.startswith(prefix):
            return path[len(prefix) :]
    return None
