"""Trees read and made without a working tree: which blob is at a path, and another one there."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.workspace.git_process import GitPlace, run_git

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from makeitso.workspace.git import Repository


@dataclass(frozen=True)
class Entry:
    """A file in a tree: its git mode and blob."""

    mode: str
    blob: str


def entries(repo: Repository, tree: str) -> dict[str, Entry]:
    """Every file of a tree by path, `/` separated.

    Raises:
        EnvironmentFault: there is no such tree.
    """
    out = run_git(["ls-tree", "-r", "-z", "--full-tree", tree], place=repo.objects())
    found: dict[str, Entry] = {}
    for line in out.split(b"\0"):
        head, _, path = line.partition(b"\t")
        if path:
            mode, _, blob = head.decode("ascii").split(" ")
            found[path.decode("utf-8", "surrogateescape")] = Entry(mode, blob)
    return found


def empty(repo: Repository) -> str:
    """The tree without a file."""
    return run_git(["mktree"], place=repo.objects()).decode("ascii").strip()


def with_entries(repo: Repository, tree: str, changed: Mapping[str, Entry | None]) -> str:
    """The tree with these files put there, or taken out where the entry is None."""
    if not changed:
        return tree
    nothing = "0" * len(tree)
    lines = [
        f"{entry.mode} {entry.blob}\t{path}" if entry is not None else f"0 {nothing}\t{path}"
        for path, entry in changed.items()
    ]
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tree-", dir=repo.state_dir) as scratch:
        place = GitPlace(git_dir=repo.common_dir, index=Path(scratch) / "index")
        run_git(["read-tree", tree], place=place)
        run_git(
            ["update-index", "-z", "--index-info"],
            place=place,
            stdin=b"".join(line.encode("utf-8", "surrogateescape") + b"\0" for line in lines),
        )
        return run_git(["write-tree"], place=place).decode("ascii").strip()


def write_blob(repo: Repository, data: bytes) -> str:
    """Keep bytes as a blob, exactly as they are; returns its object id."""
    out = run_git(
        ["hash-object", "-w", "--no-filters", "--stdin"], place=repo.objects(), stdin=data
    )
    return out.decode("ascii").strip()


def write_blobs(repo: Repository, contents: Sequence[bytes]) -> list[str]:
    """The same for many, by one process of git; returns their object ids in order.

    Raises:
        EnvironmentFault: git failed.
    """
    if len(contents) < 2:
        return [write_blob(repo, data) for data in contents]
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="blobs-", dir=repo.state_dir) as scratch:
        for number, data in enumerate(contents):
            (Path(scratch) / str(number)).write_bytes(data)
        out = run_git(
            ["hash-object", "-w", "--no-filters", "--stdin-paths"],
            place=repo.objects(),
            stdin="".join(f"{number}\n" for number in range(len(contents))).encode(),
            cwd=Path(scratch),
        )
    return out.decode("ascii").split()
