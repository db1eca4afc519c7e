"""Taking hard links apart: a file that a worktree shares with a place outside it is made its own.

Package managers (pnpm, uv) fill an environment with hard links into their download cache. Who
writes such a file writes the cache, and with it every environment to come.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
from pathlib import Path

from makeitso.errors import EnvironmentFault


def unshare(root: Path) -> int:
    """Give every regular file below `root` an inode of its own; returns how many had none.

    Links are not followed; content, modes and times stay. Nothing else may write there meanwhile.

    Raises:
        EnvironmentFault: a file cannot be copied.
    """
    count = 0
    for folder, _, names in os.walk(root):
        here = Path(folder)
        shared = [here / name for name in names if _is_shared(here / name)]
        if not shared:
            continue
        try:
            _replace(here, shared)
        except OSError as error:
            raise EnvironmentFault(
                f"a file in {here} shares its bytes with others and could not be copied: "
                f"{error.strerror or error}",
                hint="free some disk space, or tell the package manager to copy instead of linking",
            ) from error
        count += len(shared)
    return count


def _is_shared(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def _replace(here: Path, paths: list[Path]) -> None:
    mode = stat.S_IMODE(here.stat().st_mode)
    here.chmod(mode | stat.S_IRWXU)  # some package managers make directories read-only
    try:
        for path in paths:
            own = here / f".own-{secrets.token_hex(8)}"
            try:
                shutil.copy2(path, own, follow_symlinks=False)
                own.replace(path)
            finally:
                own.unlink(missing_ok=True)
    finally:
        here.chmod(mode)
