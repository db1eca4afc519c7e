"""Hard links out of a worktree are taken apart, and nothing else is touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from makeitso.workspace.sharing import unshare

if TYPE_CHECKING:
    from pathlib import Path


def test_who_writes_a_file_of_the_tree_writes_no_cache(tmp_path: Path) -> None:
    cache, tree = tmp_path / "cache", tmp_path / "tree"
    (tree / "mod/deep").mkdir(parents=True)
    cache.write_bytes(b"of all")
    cache.chmod(0o555)
    os.utime(cache, ns=(7, 7_000_000_001))
    os.link(cache, tree / "mod/deep/tool")
    (tree / "mod/own").write_bytes(b"own")
    (tree / "mod/link").symlink_to(cache)
    own = (tree / "mod/own").stat().st_ino
    (tree / "mod/deep").chmod(0o555)
    assert unshare(tree) == 1
    made = (tree / "mod/deep/tool").stat()
    assert (made.st_nlink, made.st_mode & 0o777, made.st_mtime_ns) == (1, 0o555, 7_000_000_001)
    assert (tree / "mod/deep").stat().st_mode & 0o777 == 0o555
    assert (tree / "mod/own").stat().st_ino == own
    assert (tree / "mod/link").is_symlink()
    assert [p.name for p in (tree / "mod/deep").iterdir()] == ["tool"]
    (tree / "mod/deep/tool").chmod(0o755)
    (tree / "mod/deep/tool").write_bytes(b"poisoned")
    assert cache.read_bytes() == b"of all"
    assert unshare(tree) == 0
