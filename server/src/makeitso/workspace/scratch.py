"""A place for a private index, gone when it is left, with nothing to show that it was there."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from makeitso.workspace.git import Repository


@contextlib.contextmanager
def scratch(repo: Repository) -> Generator[Path]:
    """A directory inside the git directory, and so in no tree, for the time of the block."""
    new = not repo.state_dir.exists()
    repo.state_dir.mkdir(mode=0o700, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="look-", dir=repo.state_dir) as folder:
            yield Path(folder)
    finally:
        if new:
            with contextlib.suppress(OSError):  # somebody else has begun to use it
                repo.state_dir.rmdir()
