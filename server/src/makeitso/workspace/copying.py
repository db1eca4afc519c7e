"""Copying files and directories as they are, never through a link, never by a hard link.

Every directory is opened by its name in the one above with `O_NOFOLLOW`. A copy has an inode of its
own, so that who may write it cannot write the original; where the file system can clone (btrfs,
xfs), the bytes are shared until one of the two is written.
"""

from __future__ import annotations

import fcntl
import os
import posixpath
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.files import parent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL_BYTES = 1 << 20
"""Files up to this are read as a whole, and looked into."""
CHUNK = 1 << 20
DEPTH = 100
"""Directories inside directories; each costs two descriptors."""

_FICLONE = 0x40049409
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(kw_only=True)
class Copied:
    """What was copied so far, and what was not.

    Attributes:
        most_files: more files, directories and links than this are refused.
        most_bytes: more bytes than this are refused.
        needle: bytes looked for in the files, such as the path of the place they come from.
        search_all: look for them in large files too.
        refuse: gives the reason why a small file with such bytes may not be copied, or empty.
    """

    most_files: int
    most_bytes: int
    needle: bytes = b""
    search_all: bool = False
    refuse: Callable[[bytes], str] = lambda data: ""
    bytes_: int = 0
    paths: dict[str, int] = field(default_factory=dict[str, int])
    """Each file and link with its size, directories with -1."""
    holding: list[str] = field(default_factory=list[str])
    """Files and links in which the needle is."""
    left_out: dict[str, str] = field(default_factory=dict[str, str])
    """Paths that were not copied, with the reason."""

    @property
    def files(self) -> int:
        """How many files and links."""
        return sum(size >= 0 for size in self.paths.values())

    def count(self, path: str, size: int) -> None:
        """Count one thing.

        Raises:
            EnvironmentFault: it is too much.
        """
        self.paths[path] = size
        self.bytes_ += max(size, 0)
        if len(self.paths) > self.most_files or self.bytes_ > self.most_bytes:
            raise EnvironmentFault(
                f"more than {self.most_files:,} files or {self.most_bytes:,} bytes are to be copied"
                f" ({path})",
                hint="name less in `[bootstrap] copy`, or make it by `[bootstrap] commands`",
            )


def copy(source: Path, target: Path, path: str, *, into: Copied) -> None:
    """Copy `path` below `source` to the same path below `target`, where it must not exist.

    Modes and times are kept, owners and set-user-id are not. A `.git` at any depth, devices and
    sockets, and links that lead out by `..` are left out.

    Raises:
        EnvironmentFault: it cannot be read or written, or is too much.
        ConflictError: a directory on the way is a link.
    """
    path = path.rstrip("/")
    try:
        with parent(source, path) as (here, name), parent(target, path, create=True) as (there, _):
            _entry(here, there, name, path, into=into, depth=0)
    except OSError as error:
        raise EnvironmentFault(
            f"{path} could not be copied: {error.strerror or error}",
            hint="check that it can be read, and that the disk has room",
        ) from error


def remove(root: Path, path: str) -> None:
    """Delete `path` below `root`, whatever it is, with all in it, links not followed.

    Raises:
        EnvironmentFault: it cannot be deleted.
        ConflictError: a directory on the way is a link.
    """
    try:
        with parent(root, path.rstrip("/")) as (here, name):
            _remove(here, name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise EnvironmentFault(
            f"{path} could not be deleted: {error.strerror or error}",
            hint="close what still uses it and try again",
        ) from error


def _entry(here: int, there: int, name: str, path: str, *, into: Copied, depth: int) -> None:
    status = os.stat(name, dir_fd=here, follow_symlinks=False)
    if name.lower() == ".git":
        into.left_out[path] = "a git directory"
    elif stat.S_ISLNK(status.st_mode):
        _link(here, there, name, path, into=into)
    elif stat.S_ISREG(status.st_mode):
        _file(here, there, name, path, into=into)
    elif stat.S_ISDIR(status.st_mode) and depth < DEPTH:
        _directory(here, there, name, path, into=into, depth=depth)
    else:
        into.left_out[path] = "not a file, directory or link, or too deep"


def _directory(here: int, there: int, name: str, path: str, *, into: Copied, depth: int) -> None:
    into.count(path, -1)
    source = os.open(name, _DIRECTORY, dir_fd=here)
    try:
        os.mkdir(name, 0o700, dir_fd=there)
        target = os.open(name, _DIRECTORY, dir_fd=there)
        try:
            for below in sorted(os.listdir(source)):  # noqa: PTH208 -- a descriptor
                _entry(source, target, below, f"{path}/{below}", into=into, depth=depth + 1)
            _look(source, target)
        finally:
            os.close(target)
    finally:
        os.close(source)


def _link(here: int, there: int, name: str, path: str, *, into: Copied) -> None:
    leads = os.readlink(name, dir_fd=here)
    if into.needle and into.needle in os.fsencode(leads):
        into.holding.append(path)
        into.left_out[path] = "a link by its full path to where it was copied from"
        return
    plain = posixpath.normpath(posixpath.join(posixpath.dirname(path), leads))
    if not leads.startswith("/") and plain.split("/", 1)[0] == "..":
        into.left_out[path] = "a link that leads out"
        return
    into.count(path, 0)
    os.symlink(leads, name, dir_fd=there)


def _file(here: int, there: int, name: str, path: str, *, into: Copied) -> None:
    source = os.open(name, _READ, dir_fd=here)
    try:
        status = os.fstat(source)
        small = status.st_size <= SMALL_BYTES
        data = _all(source) if small else b""
        if small and (reason := into.refuse(data)):
            into.left_out[path] = reason
            return
        into.count(path, len(data) if small else status.st_size)
        target = os.open(name, _WRITE, 0o600, dir_fd=there)
        try:
            if small:
                _write(target, data)
                found = bool(into.needle) and into.needle in data
            elif into.needle and into.search_all:
                found = _search(source, target, into.needle)
            else:
                _clone(source, target)
                found = False
            if found:
                into.holding.append(path)
            _look(source, target)
        finally:
            os.close(target)
    finally:
        os.close(source)


def _look(source: int, target: int) -> None:
    """Give a copy the mode and times of its original."""
    status = os.fstat(source)
    os.fchmod(target, stat.S_IMODE(status.st_mode) & 0o777)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _clone(source: int, target: int) -> None:
    """Share the bytes where the file system can, else copy them."""
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        with open(source, "rb", closefd=False) as reading:
            while data := reading.read(CHUNK):
                _write(target, data)


def _search(source: int, target: int, needle: bytes) -> bool:
    found, tail = False, b""
    while data := os.read(source, CHUNK):
        _write(target, data)
        found = found or needle in tail + data
        tail = (tail + data)[-len(needle) :]
    return found


def _all(source: int) -> bytes:
    with open(source, "rb", closefd=False) as reading:
        return reading.read()


def _write(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]


def _remove(here: int, name: str) -> None:
    status = os.stat(name, dir_fd=here, follow_symlinks=False)
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(name, dir_fd=here)
        return
    os.chmod(name, stat.S_IRWXU, dir_fd=here)  # some package managers make them read-only
    inside = os.open(name, _DIRECTORY, dir_fd=here)
    try:
        for below in os.listdir(inside):  # noqa: PTH208 -- a descriptor, not a path
            _remove(inside, below)
    finally:
        os.close(inside)
    os.rmdir(name, dir_fd=here)
