"""The file of a replay: a gzipped tar of named bytes, the same bytes for the same contents.

Written so that any `tar` opens it, and read by no more than what is written: plain members with
known names, in bounds that hold before anything is unpacked. What somebody else packed is refused.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import tarfile
import threading
import zlib
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

from makeitso.errors import StoreError
from makeitso.store.outputs import HINT, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

MAX_MEMBERS = 4_000
MAX_BYTES = 128 << 20
"""Of all members together, unpacked."""
NAME = re.compile(r"manifest\.json|readings/[0-9a-f]{64}\.toml|streams/[0-9]{4}\.log")
_BLOCK = tarfile.BLOCKSIZE


def write(
    path: Path, members: Iterable[tuple[str, bytes]], *, fault: Callable[[str], None]
) -> None:
    """Write members to a new file, one at a time; durable and whole, or not there.

    Raises:
        StoreError: the disk is full or broken.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        for left in path.parent.glob(f".{path.name}.*.tmp"):
            left.unlink()  # of a process that was killed
        with temporary.open("xb") as file:
            os.fchmod(file.fileno(), 0o600)
            _pack(file, members)
            file.flush()
            os.fsync(file.fileno())
        fault("replay.written")
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error}", hint=HINT) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    fault("replay.kept")


def _pack(file: BinaryIO, members: Iterable[tuple[str, bytes]]) -> None:
    # No name, no time, no owner: the bytes follow from the contents alone.
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, BytesIO(data))


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The members of a file, in order; one is held at a time.

    Raises:
        StoreError: it cannot be read, or is not what `write` writes.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_BYTES:
                raise refused(path, "it is too large")
            with gzip.GzipFile(fileobj=file, mode="rb") as packed:
                yield from _unpacked(path, packed)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise refused(path, f"it is damaged: {error}") from error
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror or error}", hint=HINT) from error


def refused(path: Path, why: str) -> StoreError:
    """That a file is not a replay."""
    return StoreError(
        f"{path} is not a replay: {why}",
        hint="Delete it; it is made again from the run's output, if that is still there.",
    )


def _unpacked(path: Path, packed: gzip.GzipFile) -> Iterator[tuple[str, bytes]]:
    left = MAX_BYTES
    seen: set[str] = set()
    while (header := _taken(path, packed, _BLOCK)).strip(b"\0"):
        info = _header(path, header)
        if info.name in seen or len(seen) == MAX_MEMBERS:
            raise refused(path, f"{info.name} is one too many")
        seen.add(info.name)
        padded = -(-info.size // _BLOCK) * _BLOCK
        left -= padded
        if left < 0:
            raise refused(path, f"it holds more than {MAX_BYTES:,} bytes")
        yield info.name, _taken(path, packed, padded)[: info.size]
    # The rest is padding; only at its end the checksum of all is known to be right.
    if packed.read(tarfile.RECORDSIZE + 1).strip(b"\0") or packed.read(1):
        raise refused(path, "something follows its end")


def _taken(path: Path, packed: gzip.GzipFile, count: int) -> bytes:
    data = packed.read(count)
    if len(data) != count:
        raise refused(path, "it ends too early")
    return data


def _header(path: Path, block: bytes) -> tarfile.TarInfo:
    try:
        info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    except (tarfile.HeaderError, ValueError) as error:
        raise refused(path, f"a header is damaged: {error}") from error
    if info.type != tarfile.REGTYPE or not NAME.fullmatch(info.name):
        raise refused(path, f"{info.name!r} does not belong into one")
    if not 0 <= info.size <= MAX_BYTES:
        raise refused(path, f"{info.name} is too large")
    return info
