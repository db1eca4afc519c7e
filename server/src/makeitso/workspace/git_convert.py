"""Between the bytes git stores and the bytes in the working tree: line ends, encodings, filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.workspace import blobs
from makeitso.workspace.git_process import run_git, try_git

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.workspace.git import Repository

_CONVERTING = ("filter", "working-tree-encoding", "ident")
_LINE_ENDS = ("text", "eol", "crlf")


@dataclass(frozen=True)
class Conversion:
    """How the file at a path differs from its blob, as the person's working tree says."""

    attributes: frozenset[str] = frozenset()
    """Which of `filter`, `working-tree-encoding` and `ident` are set."""
    line_ends: bool = False
    """Whether checking it out may change its line ends."""


def conversions(repo: Repository, paths: Iterable[str]) -> dict[str, Conversion]:
    """The conversion of each path."""
    wanted = list(paths)
    if not wanted:
        return {}
    out = run_git(
        ["check-attr", "-z", "--stdin", *_CONVERTING, *_LINE_ENDS],
        place=repo.place(),
        stdin=b"".join(path.encode() + b"\0" for path in wanted),
    )
    fields = [field.decode("utf-8", "surrogateescape") for field in out.split(b"\0")[:-1]]
    asked = try_git(["config", "--get", "core.autocrlf"], place=repo.place())
    always = asked.out.strip().lower() not in (b"", b"false", b"input")
    found: dict[str, set[str]] = {path: set() for path in wanted}
    for path, name, value in zip(fields[::3], fields[1::3], fields[2::3], strict=True):
        if value not in ("unspecified", "unset"):
            found[path].add(name)
    return {
        path: Conversion(
            attributes=frozenset(names.intersection(_CONVERTING)),
            line_ends=always or not names.isdisjoint(_LINE_ENDS),
        )
        for path, names in found.items()
    }


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
