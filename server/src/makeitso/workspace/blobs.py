"""Reading and writing git objects in one process for many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from makeitso.workspace.git import Repository


def read(repo: Repository, blobs: Iterable[str]) -> dict[str, bytes]:
    """The bytes of blobs, by object id.

    Raises:
        EnvironmentFault: one is missing from the object database.
    """
    wanted = list(dict.fromkeys(blobs))
    out = run_git(["cat-file", "--batch"], place=repo.objects(), stdin=_listing(wanted))
    found: dict[str, bytes] = {}
    at = 0
    for blob in wanted:
        end = out.index(b"\n", at)
        words = out[at:end].split(b" ")
        if len(words) != 3:
            raise EnvironmentFault(
                f"The object {blob} is missing from the repository.",
                hint="`git fsck` tells what is damaged.",
            )
        size = int(words[2])
        found[blob] = out[end + 1 : end + 1 + size]
        at = end + 1 + size + 1
    return found


def sizes(repo: Repository, blobs: Iterable[str]) -> dict[str, int]:
    """The sizes in bytes of those that are there, by object id, without reading them."""
    wanted = list(dict.fromkeys(blobs))
    if not wanted:
        return {}
    out = run_git(
        ["cat-file", "--batch-check=%(objectname) %(objectsize)"],
        place=repo.objects(),
        stdin=_listing(wanted),
    )
    pairs = (line.split(b" ") for line in out.splitlines())
    return {
        pair[0].decode("ascii"): int(pair[1])
        for pair in pairs
        if len(pair) == 2 and pair[1].isdigit()
    }


def write(repo: Repository, data: bytes) -> str:
    """Store bytes as a blob, unfiltered, and return its object id."""
    out = run_git(["hash-object", "-w", "--stdin"], place=repo.objects(), stdin=data)
    return out.decode("ascii").strip()


def write_all(repo: Repository, texts: Sequence[bytes]) -> list[str]:
    """Store each as a blob, unfiltered, and return their object ids in that order.

    Many become one pack, which is flushed to the disk once; a few become loose objects.

    Raises:
        EnvironmentFault: git failed.
    """
    if not texts:
        return []
    feed = [b"feature done\n", b"feature get-mark\n"]
    for number, text in enumerate(texts, start=1):
        feed += (b"blob\nmark :%d\ndata %d\n" % (number, len(text)), text, b"\n")
    feed += [b"get-mark :%d\n" % number for number in range(1, len(texts) + 1)]
    out = run_git(
        ["fast-import", "--quiet"], place=repo.objects(), stdin=b"".join((*feed, b"done\n"))
    )
    return out.decode("ascii").split()


def _listing(blobs: Iterable[str]) -> bytes:
    return b"".join(blob.encode("ascii") + b"\n" for blob in blobs)
