"""A git that waits where a test wants it to: a program of that name in front of the real one."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = """#!/bin/sh
if [ -e '{wish}' ]; then
    case "$*" in *"$(cat '{wish}')"*)
        echo $$ > '{held}.new' && mv '{held}.new' '{held}'
        while [ -e '{wish}' ]; do sleep 0.05; done
    esac
fi
exec '{git}' "$@"
"""


@dataclass(frozen=True)
class SlowGit:
    """Where it lies, and how it is told."""

    folder: Path

    @property
    def path(self) -> str:
        """PATH with it in front."""
        return f"{self.folder}:{os.environ['PATH']}"

    def hold(self, words: str) -> None:
        """From here on calls with these words wait; begun anew for each wish."""
        (self.folder / "held").unlink(missing_ok=True)
        (self.folder / "wish.new").write_text(words)
        (self.folder / "wish.new").rename(self.folder / "wish")

    def release(self) -> None:
        (self.folder / "wish").unlink(missing_ok=True)

    @property
    def waits(self) -> int:
        """Process id of one that waits, or waited last; 0: none."""
        held = self.folder / "held"
        return int(held.read_text()) if held.exists() else 0


def slow_git(folder: Path) -> SlowGit:
    found = shutil.which("git")
    assert found is not None
    folder.mkdir()
    script = folder / "git"
    names = {"wish": folder / "wish", "held": folder / "held", "git": found}
    script.write_text(SCRIPT.format(**names))
    script.chmod(0o755)
    return SlowGit(folder)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
