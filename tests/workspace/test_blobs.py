"""Objects of git, many in one call."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from makeitso.workspace import blobs
from makeitso.workspace.git import open_repository

if TYPE_CHECKING:
    from pathlib import Path

ODD = [b"", b"\n", b"no newline", b"a\r\nb\r\n", b"done\n", b"blob\nmark :1\n", bytes(range(256))]


@pytest.mark.parametrize("count", [3, 300], ids=["a few", "so many that they are packed"])
@pytest.mark.parametrize("digests", ["sha1", "sha256"])
def test_they_are_what_git_itself_makes_of_them(tmp_path: Path, count: int, digests: str) -> None:
    def git(*args: str, feed: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *args], cwd=tmp_path, input=feed, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    git("init", "-q", f"--object-format={digests}")
    repo = open_repository(tmp_path)
    texts = [*ODD, *(b"text %d\n" % number for number in range(count)), ODD[0], ODD[3]]
    stored = blobs.write_all(repo, texts)
    assert stored[: len(ODD)] == [git("hash-object", "--stdin", feed=text) for text in ODD]
    assert stored[-2:] == [stored[0], stored[3]]
    assert blobs.read(repo, stored) == dict(zip(stored, texts, strict=True))
    assert blobs.write_all(repo, texts) == stored
    git("fsck", "--full", "--strict")


def test_nothing_to_store_starts_nothing(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert blobs.write_all(open_repository(tmp_path), []) == []
