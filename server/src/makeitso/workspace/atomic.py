"""Replace a file as a whole: a reader sees the old bytes or the new ones, never a part."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from makeitso.errors import StoreError


def replace_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write `data` to `path` through a temporary file beside it, flushed before the rename.

    Args:
        path: the file; if it is a symbolic link, what it points to is replaced.
        data: its new content.
        mode: its permission bits; None: those it has, or 0o644 for a new one.

    Raises:
        StoreError: it cannot be written; the old content stands.
    """
    target = path.resolve() if path.is_symlink() else path
    temporary: Path | None = None
    try:
        bits = mode if mode is not None else _mode_of(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), bits)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}",
            hint="Check the permissions and the free space there.",
            data={"path": str(path)},
        ) from error


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
