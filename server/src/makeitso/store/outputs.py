"""Output files beside the journal: append only, fsynced before the journal points into them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from typing import TYPE_CHECKING

from makeitso.errors import StoreError
from makeitso.protocol.events import OutputRef

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HINT = "free some disk space or mend the directory, then `mis resume`"


def make_folder(folder: Path) -> None:
    """Make a directory and what is missing above it, each one's name durable."""
    missing: list[Path] = []
    at = folder
    while not at.exists():
        missing.append(at)
        at = at.parent
    for new in reversed(missing):
        new.mkdir(exist_ok=True, mode=0o700)
        sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a directory durable: a file's own fsync does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class OutputFile:
    """One growing file; `mark()` closes a stretch and says where it is.

    Bytes must be redacted before they come here.
    """

    def __init__(self, root: Path, relative: str) -> None:
        self.relative = relative
        self.path = root / relative
        try:
            make_folder(self.path.parent)
            fresh = not self.path.exists()
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._start = os.fstat(self._file).st_size
            if fresh:
                sync_folder(self.path.parent)
        except OSError as error:
            raise StoreError(
                f"cannot open the output file {self.path}: {error}", hint=HINT
            ) from error
        self._length = 0
        self._digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append.

        Raises:
            StoreError: the disk is full or broken.
        """
        view = memoryview(data)
        try:
            while view:
                count = os.write(self._file, view)
                # Counted at once: what a full disk took of a chunk is in the file and in the mark.
                self._length += count
                self._digest.update(view[:count])
                view = view[count:]
        except OSError as error:
            raise StoreError(
                f"cannot write {self.path}: {error}",
                hint=HINT,
            ) from error

    def mark(self) -> OutputRef:
        """Make what was written since the last mark durable and return where it is."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(f"cannot write {self.path}: {error}", hint=HINT) from error
        ref = OutputRef(
            path=self.relative,
            offset=self._start,
            length_bytes=self._length,
            digest=self._digest.hexdigest(),
        )
        self._start += self._length
        self._length = 0
        self._digest = hashlib.sha256()
        return ref

    def drop(self) -> None:
        """Take out what was written since the last mark, and release the file.

        For what nothing will ever point to: the output of a check that is ended in the middle. A
        file that cannot be cut keeps it.
        """
        if self._length and self._file >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._start)
        self.close()

    def close(self) -> None:
        """Release the file; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def keep(root: Path, relative: str, data: bytes, *, flushed: bool = True) -> OutputRef:
    """Write one whole file durably, replacing what stood there, and return where it is.

    What is not `flushed` may be gone after a power cut: only for what can be made again.

    Raises:
        StoreError: the disk is full or broken.
    """
    path = root / relative
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
    try:
        make_folder(path.parent)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            if flushed:
                os.fsync(file.fileno())
        temporary.replace(path)
        if flushed:
            sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise StoreError(f"cannot write {path}: {error}", hint=HINT) from error
    return OutputRef(
        path=relative,
        offset=0,
        length_bytes=len(data),
        digest=hashlib.sha256(data).hexdigest(),
    )


def unmarked(root: Path, folder: str, marked: Iterable[OutputRef]) -> tuple[OutputRef, ...]:
    """What stands in the files of a folder behind the last mark: written before a crash.

    Args:
        root: what the references are relative to.
        folder: the directory looked into, relative to it.
        marked: every reference there is into its files.

    Raises:
        StoreError: a file cannot be read.
    """
    ends: dict[str, int] = {}
    for ref in marked:
        ends[ref.path] = max(ends.get(ref.path, 0), ref.offset + ref.length_bytes)
    found: list[OutputRef] = []
    for path in sorted((root / folder).glob("*.log")):
        relative = path.relative_to(root).as_posix()
        start = ends.get(relative, 0)
        try:
            with path.open("rb") as file:
                file.seek(start)
                data = file.read()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"cannot read {path}: {error}", hint=HINT) from error
        if data:
            digest = hashlib.sha256(data).hexdigest()
            found.append(
                OutputRef(path=relative, offset=start, length_bytes=len(data), digest=digest)
            )
    return tuple(found)


def fetch(root: Path, ref: OutputRef) -> bytes:
    """The bytes a reference names.

    Raises:
        StoreError: they are gone or changed.
    """
    try:
        with (root / ref.path).open("rb") as file:
            file.seek(ref.offset)
            data = file.read(ref.length_bytes)
    except OSError as error:
        raise StoreError(
            f"cannot read {root / ref.path}: {error}", hint="it may have been deleted by hand"
        ) from error
    if hashlib.sha256(data).hexdigest() != ref.digest:
        raise StoreError(
            f"{root / ref.path} was changed since it was recorded",
            hint="what the journal says of it holds; the file is not evidence any more",
        )
    return data
