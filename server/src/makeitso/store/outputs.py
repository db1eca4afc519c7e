"""Output files beside the journal: append only, fsynced before the journal points into them."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from makeitso.errors import StoreError
from makeitso.protocol.events import OutputRef

if TYPE_CHECKING:
    from pathlib import Path


class OutputFile:
    """One growing file; `mark()` closes a stretch and says where it is.

    Bytes must be redacted before they come here.
    """

    def __init__(self, root: Path, relative: str) -> None:
        self.relative = relative
        self.path = root / relative
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._start = os.fstat(self._file).st_size
        except OSError as error:
            raise StoreError(f"cannot open the output file {self.path}: {error}") from error
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
                view = view[os.write(self._file, view) :]
        except OSError as error:
            raise StoreError(
                f"cannot write {self.path}: {error}",
                hint="free some disk space, then `mis resume`",
            ) from error
        self._length += len(data)
        self._digest.update(data)

    def mark(self) -> OutputRef:
        """Make what was written since the last mark durable and return where it is."""
        try:
            os.fsync(self._file)
        except OSError as error:
            raise StoreError(f"cannot write {self.path}: {error}") from error
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

    def close(self) -> None:
        """Release the file; idempotent."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def keep(root: Path, relative: str, data: bytes) -> OutputRef:
    """Write one whole file durably, replacing what stood there, and return where it is.

    Raises:
        StoreError: the disk is full or broken.
    """
    path = root / relative
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"cannot write {path}: {error}", hint="free some disk space, then `mis resume`"
        ) from error
    return OutputRef(
        path=relative,
        offset=0,
        length_bytes=len(data),
        digest=hashlib.sha256(data).hexdigest(),
    )


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
        raise StoreError(f"cannot read {root / ref.path}: {error}") from error
    if hashlib.sha256(data).hexdigest() != ref.digest:
        raise StoreError(f"{root / ref.path} was changed since it was recorded")
    return data
