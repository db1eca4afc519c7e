"""Patterns as Hyperscan has compiled them, kept for the next process; all can be made anew."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path

KEPT = 8
"""Databases kept; each is a few MB, and every change of a library makes another."""
_KEY = re.compile(r"[0-9a-f]{64}")


class CompiledPatterns:
    """A folder of databases by their key. What cannot be read or written is simply not kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str, /) -> bytes | None:
        """What was kept under a key of 64 hex digits."""
        try:
            return self._file(key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes, /) -> None:
        """Keep it, and of all only the newest."""
        file = self._file(key)
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._folder, prefix=".", suffix=".new")
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(data)
                Path(name).replace(file)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._forget()

    def _forget(self) -> None:
        found = sorted(self._folder.glob("*.hs"), key=lambda one: one.stat().st_mtime, reverse=True)
        for old in found[KEPT:]:
            old.unlink(missing_ok=True)

    def _file(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            msg = f"no key of a database: {key!r}"
            raise ValueError(msg)
        return self._folder / f"{key}.hs"
