"""Between the bytes git stores and the bytes in the working tree: line ends, encodings, filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.workspace import blobs
from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.workspace.git import Repository

_CONVERTING = ("filter", "working-tree-encoding", "ident")


def converted(repo: Repository, paths: Iterable[str]) -> dict[str, frozenset[str]]:
    """Which attributes besides line ends make a path's bytes differ from its blob.

    Only paths that have one are in the answer. The person's working tree says so, not a worker's.
    """
    stdin = b"".join(path.encode() + b"\0" for path in paths)
    if not stdin:
        return {}
    out = run_git(["check-attr", "-z", "--stdin", *_CONVERTING], place=repo.place(), stdin=stdin)
    fields = [field.decode("utf-8", "surrogateescape") for field in out.split(b"\0")[:-1]]
    found: dict[str, set[str]] = {}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        if value not in ("unspecified", "unset"):
            found.setdefault(path, set()).add(name)
    return {path: frozenset(names) for path, names in found.items()}


def to_git(repo: Repository, path: str, data: bytes) -> bytes:
    """The bytes git would store for a file with these bytes at this path."""
    out = run_git(
        ["hash-object", "-w", "--stdin", f"--path={path}"], place=repo.place(), stdin=data
    )
    blob = out.decode("ascii").strip()
    return blobs.read(repo, [blob])[blob]


def to_worktree(repo: Repository, path: str, data: bytes) -> bytes:
    """The bytes git would check out at this path for a blob with these bytes."""
    blob = blobs.write(repo, data)
    return run_git(["cat-file", "--filters", f"--path={path}", blob], place=repo.place())
