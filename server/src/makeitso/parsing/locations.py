"""Paths in records, which name places in a worktree, become paths of the workspace.

Text only: nothing is looked up. Paths use `/`; a worktree may be known by several spellings (as
given, and with symbolic links resolved).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.protocol.record import Record


def workspace_path(path: str, *, roots: Iterable[str], cwd: str = "") -> str | None:
    """The path relative to the workspace; None when it is not inside the worktree.

    Args:
        path: as a tool printed it: absolute, relative to `cwd`, or a `file://` URL. A pytest id
            keeps what follows `::`.
        roots: absolute paths of the worktree.
        cwd: directory the tool ran in, relative to the worktree; empty for its root.
    """
    name, colons, test = path.partition("::")
    name = name.strip()
    if name.startswith("file://"):
        name = unquote(name.removeprefix("file://").removeprefix("localhost"))
    if not name or "\0" in name or (name.startswith("<") and name.endswith(">")):
        return None
    if posixpath.isabs(name):
        inner = _under(posixpath.normpath(name), roots)
    else:
        inner = posixpath.normpath(posixpath.join(cwd or ".", name))
    if inner is None or inner == ".." or inner.startswith("../") or posixpath.isabs(inner):
        return None
    return inner + colons + test


def localise(record: Record, *, roots: Iterable[str], cwd: str = "") -> Record:
    """The record with its path (and artifact) made relative; what lies outside stays as printed."""
    roots = tuple(roots)
    update: dict[str, str] = {}
    for field, value in (("path", record.path), ("artifact", record.artifact)):
        if value is None:
            continue
        inner = workspace_path(value, roots=roots, cwd=cwd)
        if inner is not None and inner != value:
            update[field] = inner
    return record.model_copy(update=update) if update else record


def _under(path: str, roots: Iterable[str]) -> str | None:
    for root in roots:
        normal = posixpath.normpath(root)
        if path == normal:
            return "."
        prefix = normal.rstrip("/") + "/"
        if path.startswith(prefix):
            return path[len(prefix) :]
    return None
