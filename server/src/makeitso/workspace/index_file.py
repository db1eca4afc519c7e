"""The person's index: read, and replaced as git itself does it, by a lock file and a rename.

The new index is made aside and linked to `index.lock`. So the lock has its whole content from the
first moment on, and whose it is can be told after a crash: it is the same file as the one aside.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING

from makeitso.errors import ConflictError, EnvironmentFault
from makeitso.workspace.git_process import run_git
from makeitso.workspace.trees import Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from makeitso.workspace.git import Repository

LOCK_WAIT_S = 5.0
"""How long another git may hold the index: its own commands take milliseconds."""
_POLL_S = 0.02


def read(repo: Repository, *, index: Path | None = None) -> dict[str, Entry | None]:
    """Every entry by path; None: the path is unmerged."""
    out = run_git(["ls-files", "--stage", "-z"], place=repo.place(index=index))
    found: dict[str, Entry | None] = {}
    for line in out.split(b"\0"):
        head, _, path = line.partition(b"\t")
        if path:
            mode, blob, stage = head.decode("ascii").split(" ")
            name = path.decode("utf-8", "surrogateescape")
            found[name] = Entry(mode, blob) if stage == "0" else None
    return found


def lock(
    repo: Repository,
    name: str,
    *,
    old: Mapping[str, Entry | None],
    new: Mapping[str, Entry | None],
    wait_s: float = LOCK_WAIT_S,
) -> None:
    """Make the new index and hold the lock with it; what else is staged stays as it is.

    Args:
        repo: the repository.
        name: of the landing; `publish` and `release` want the same.
        old: what the entries must be; None: not there.
        new: what they become.
        wait_s: how long to wait for another git.

    Raises:
        ConflictError: an entry is not what it was, or another git keeps the lock.
        EnvironmentFault: git failed, or the file system has no hard links.
    """
    until = time.monotonic() + wait_s
    while True:
        seen = _make(repo, name, old=old, new=new)
        try:
            os.link(_aside(repo, name), _lock(repo))
        except FileExistsError:
            if time.monotonic() >= until:
                _aside(repo, name).unlink()
                raise ConflictError(
                    f"Another git holds the index ({_lock(repo)}); nothing was written.",
                    hint="Let it finish and land again; if no git runs, remove that file.",
                ) from None
            time.sleep(_POLL_S)
            continue
        except OSError as error:
            raise EnvironmentFault(f"The index cannot be locked: {error.strerror}.") from error
        if _stamp(repo.git_dir / "index") == seen:
            return
        release(repo, name)  # somebody staged something in between: once more, on top of that


def locked(repo: Repository, name: str) -> bool:
    """Whether the lock is there and ours."""
    return _same(_lock(repo), _aside(repo, name))


def published(repo: Repository, name: str) -> bool:
    """Whether the index is the one that was made."""
    return _same(repo.git_dir / "index", _aside(repo, name))


def publish(repo: Repository, name: str) -> None:
    """Let the locked index be the index."""
    _lock(repo).rename(repo.git_dir / "index")
    descriptor = os.open(repo.git_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    _aside(repo, name).unlink(missing_ok=True)


def release(repo: Repository, name: str) -> None:
    """Give the lock back if it is ours, and forget the index made aside."""
    if locked(repo, name):
        _lock(repo).unlink()
    _aside(repo, name).unlink(missing_ok=True)


def _make(
    repo: Repository,
    name: str,
    *,
    old: Mapping[str, Entry | None],
    new: Mapping[str, Entry | None],
) -> tuple[int, int, int] | None:
    """The new index aside; returns the stamp of the one it was made from."""
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    aside = _aside(repo, name)
    aside.unlink(missing_ok=True)
    index = repo.git_dir / "index"
    seen = _stamp(index)
    with contextlib.suppress(FileNotFoundError):
        shutil.copy2(index, aside)
    present = read(repo, index=aside)
    for path, entry in old.items():
        if present.get(path) != entry or (path in present and present[path] is None):
            aside.unlink(missing_ok=True)
            raise ConflictError(
                f"{path} was staged in another way while hunks were landing; nothing was written.",
                hint="Land again: it will be merged with.",
                data={"path": path},
            )
    size = max((len(entry.blob) for entry in new.values() if entry is not None), default=40)
    lines = [
        f"{entry.mode} {entry.blob}\t{path}" if entry is not None else f"0 {'0' * size}\t{path}"
        for path, entry in new.items()
    ]
    run_git(
        ["-c", "core.splitIndex=false", "update-index", "-z", "--index-info"],
        place=repo.place(index=aside),
        stdin=b"".join(line.encode("utf-8", "surrogateescape") + b"\0" for line in lines),
    )
    with aside.open("rb") as stream:
        os.fsync(stream.fileno())
    return seen


def _aside(repo: Repository, name: str) -> Path:
    return repo.state_dir / f"index-{name}"


def _lock(repo: Repository) -> Path:
    return repo.git_dir / "index.lock"


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except FileNotFoundError:
        return False


def _stamp(index: Path) -> tuple[int, int, int] | None:
    """What git, too, tells a new index by: it is always another file."""
    try:
        status = index.stat()
    except FileNotFoundError:
        return None
    return (status.st_ino, status.st_size, status.st_mtime_ns)
