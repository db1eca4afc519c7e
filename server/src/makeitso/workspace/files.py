"""Reading and replacing files below a root without ever following a symbolic link.

Each directory on the way is opened by its name relative to the one above with `O_NOFOLLOW`, so a
link put there between two steps is refused and not followed. Only regular files are read.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

ABSENT = "absent"
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINK_ERRORS = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK})


@dataclass(frozen=True)
class OnDisk:
    """A regular file: its bytes and permission bits."""

    data: bytes
    permissions: int

    @property
    def executable(self) -> bool:
        """Whether git would call it executable."""
        return bool(self.permissions & stat.S_IXUSR)


def fingerprint(file: OnDisk | None) -> str:
    """What a file is, for comparing: SHA-256 of its bytes and whether it is executable."""
    if file is None:
        return ABSENT
    return f"{hashlib.sha256(file.data).hexdigest()}{'x' if file.executable else '-'}"


@contextlib.contextmanager
def parent(root: Path, path: str, *, create: bool = False) -> Generator[tuple[int, str]]:
    """Open the directory a path lies in; yields its descriptor and the last name.

    Raises:
        ConflictError: something on the way is a link or no directory, or the path leaves the root.
        FileNotFoundError: a directory on the way is missing and `create` is false.
    """
    *directories, name = path.split("/")
    if any(part in ("", ".", "..") or "\0" in part for part in (*directories, name)):
        raise ConflictError(f"The path {path!r} is not a plain path inside the workspace.")
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for directory in directories:
            below = _enter(here, directory, path=path, create=create)
            os.close(here)
            here = below
        yield here, name
    finally:
        os.close(here)


def read(root: Path, path: str) -> OnDisk | None:
    """Read a regular file; None when there is nothing at that path.

    Raises:
        ConflictError: it, or a directory on the way, is a link or another kind of thing.
    """
    try:
        with parent(root, path) as (directory, name):
            return read_at(directory, name, path=path)
    except FileNotFoundError:
        return None


def read_at(directory: int, name: str, *, path: str) -> OnDisk | None:
    """Read a regular file in an open directory; `path` is for messages."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=directory)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in _LINK_ERRORS:
            raise ConflictError(f"{path} is a symbolic link now.") from error
        raise ConflictError(f"{path} cannot be read: {error.strerror}.") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)  # before it is opened as a stream, which a directory cannot be
        raise ConflictError(f"{path} is not a regular file now.")
    with open(descriptor, "rb") as stream:  # noqa: PTH123 -- a descriptor, not a path
        return OnDisk(stream.read(), stat.S_IMODE(status.st_mode))


def write_new(
    directory: int,
    name: str,
    data: bytes,
    *,
    permissions: int,
    exact: bool = False,
    flushed: bool = True,
) -> None:
    """Create a file that must not exist, with its bytes on the disk before this returns.

    The process's umask applies to `permissions`, as for any new file, unless they are `exact`.
    Whoever writes many takes `flushed` away, and flushes them together.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, permissions, dir_fd=directory)
    with open(descriptor, "wb") as stream:  # noqa: PTH123 -- a descriptor, not a path
        stream.write(data)
        stream.flush()
        if exact:
            os.fchmod(descriptor, permissions)
        if flushed:
            os.fsync(descriptor)


def with_executable(permissions: int, *, executable: bool) -> int:
    """Permission bits with execution allowed to whoever may read, or to nobody."""
    if executable:
        return permissions | ((permissions & 0o444) >> 2)
    return permissions & ~0o111


def _enter(here: int, name: str, *, path: str, create: bool) -> int:
    if create:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, dir_fd=here)
    try:
        return os.open(name, _DIRECTORY, dir_fd=here)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in _LINK_ERRORS:
            raise ConflictError(
                f"{name} on the way to {path} is a link or a file, not a directory."
            ) from error
        raise ConflictError(f"{path} cannot be reached: {error.strerror}.") from error
