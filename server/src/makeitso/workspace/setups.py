"""What set-up commands made, kept for the next worktree that wants exactly the same.

An entry is a directory `<key>/` of `manifest.json` and `files/`. It is made aside and renamed into
place, and it is copied out of, never linked: a worker can write its worktree and nothing here. What
is in an entry was made by the commands of a person out of a base nobody had worked on.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from makeitso.errors import ConflictError, EnvironmentFault
from makeitso.policy.environments import is_lock_file
from makeitso.workspace import copying
from makeitso.workspace.git_process import run_git
from makeitso.workspace.paths import private_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from makeitso.workspace.git import Repository

MOST_FILES = 300_000
NEW = ".new-"
"""Start of the name of an entry that is being made."""
_OURS = f"{NEW}{secrets.token_hex(6)}-"
_FORMAT = 1
_MANIFEST, _FILES = "manifest.json", "files"
_TOOLS = (
    "python", "python3", "node", "npm", "pnpm", "yarn", "bun", "deno", "uv", "poetry", "cargo",
    "rustc", "go", "java", "ruby", "bundle", "php", "composer", "cc", "make",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that what set-up makes may depend on; different facts, different key."""

    commands: tuple[str, ...]
    network: bool
    sandboxed: bool
    locks: tuple[tuple[str, str], ...]
    """Path and object id of every lock file and manifest in the base."""
    copied: tuple[tuple[str, int, int], ...]
    """Path, size and time of change of every file that was copied in before."""
    tools: tuple[tuple[str, str, int], ...]
    """Programs of package managers: name, real path, time of change."""

    def key(self, *, tree: str = "") -> str:
        """The name of the entry; with `tree` only for worktrees that begin at just this tree."""
        text = json.dumps(
            [
                _FORMAT, sys.platform, platform.machine(), *platform.libc_ver(), self.commands,
                self.network, self.sandboxed, self.locks, self.copied, self.tools, tree,
            ]
        )  # fmt: skip
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def lock_files(repo: Repository, tree: str) -> tuple[tuple[str, str], ...]:
    """Lock files and manifests of a tree, each with its object id.

    Raises:
        EnvironmentFault: git failed.
    """
    out = run_git(["ls-tree", "-r", "-z", tree], place=repo.objects())
    found: list[tuple[str, str]] = []
    for row in out.split(b"\0"):
        facts, _, name = row.partition(b"\t")
        path = os.fsdecode(name)
        if name and is_lock_file(path):
            found.append((path, facts.split()[2].decode("ascii")))
    return tuple(found)


def tools() -> tuple[tuple[str, str, int], ...]:
    """The programs environments are made with, as they are now: another one makes another."""
    found: list[tuple[str, str, int]] = []
    for name in _TOOLS:
        where = shutil.which(name)
        if where is not None:
            real = Path(where).resolve()
            found.append((name, str(real), real.stat().st_mtime_ns))
    return tuple(found)


def find(setups: Path, keys: Sequence[str]) -> str | None:
    """The first of the keys that has an entry."""
    return next((key for key in keys if (setups / key / _MANIFEST).is_file()), None)


def restore(setups: Path, key: str, worktree: Path) -> copying.Copied:
    """Copy an entry into a worktree, in the place of what is there of it.

    Raises:
        EnvironmentFault: it is damaged or cannot be copied; what there is of it is taken out again.
    """
    entry = setups / key
    roots, paths = _manifest(entry)
    into = copying.Copied(most_files=len(paths) + 1, most_bytes=sum(map(abs, paths.values())) + 1)
    try:
        for root in roots:
            copying.remove(worktree, root)
            copying.copy(entry / _FILES, worktree, root, into=into)
        if into.paths != paths:
            raise EnvironmentFault(f"the set-up kept in {entry} is not whole")
    except (EnvironmentFault, ConflictError) as error:
        for root in roots:
            copying.remove(worktree, root)
        raise EnvironmentFault(error.message, hint=error.hint) from error
    os.utime(entry)
    return into


def keep(
    setups: Path,
    key: str,
    worktree: Path,
    roots: Sequence[str],
    *,
    most_bytes: int,
    fault: Callable[[str], None] = lambda name: None,
) -> str:
    """Keep what stands in a worktree at some paths under a key; the reason if it cannot be kept.

    Nothing is kept that holds the path of the worktree: elsewhere it would lead back to it.
    """
    into = copying.Copied(
        most_files=MOST_FILES,
        most_bytes=most_bytes,
        needle=os.fsencode(worktree),
        search_all=True,
    )
    aside = private_dir(setups) / f"{_OURS}{key}-{secrets.token_hex(4)}"
    try:
        (aside / _FILES).mkdir(mode=0o700, parents=True)
        for root in roots:
            copying.copy(worktree, aside / _FILES, root, into=into)
        if into.holding:
            return f"{into.holding[0]} holds the path of its worktree"
        for path, reason in into.left_out.items():
            return f"{path} is {reason}"
        manifest = {"roots": [root.rstrip("/") for root in roots], "paths": into.paths}
        (aside / _MANIFEST).write_text(json.dumps(manifest), "utf-8")
        os.sync()  # one call for all of it: a name may not outlive its bytes after a power cut
        fault("setup.aside")
        try:
            aside.rename(setups / key)
        except OSError:
            return ""  # another task was quicker; it kept the same
        fault("setup.kept")
    except (EnvironmentFault, ConflictError, OSError) as error:
        return error.message if not isinstance(error, OSError) else str(error)
    finally:
        copying.remove(setups, aside.name)
    return ""


def drop(setups: Path, name: str) -> None:
    """Delete an entry, or one that was never finished; twice is the same as once.

    Raises:
        EnvironmentFault: it cannot be deleted.
    """
    copying.remove(setups, name)


def tidy(setups: Path, *, but: str, days: int, most_bytes: int, now_ms: int) -> None:
    """Delete half-made entries of processes that are gone, old ones, and the oldest beyond a size.

    Only for the owner of the workspace. An entry that just vanishes under another task is made
    again by it.
    """
    for name in _names(setups):
        if name.startswith(NEW) and not name.startswith(_OURS):
            _try_drop(setups, name)
    kept = sorted(
        ((used_ms(setups / name), name) for name in _names(setups) if not name.startswith(NEW)),
        reverse=True,
    )
    total = 0
    for used, name in kept:
        total += bytes_of(setups / name)
        old = now_ms - used > days * 86_400_000
        if name != but and (old or total > most_bytes):
            _try_drop(setups, name)


def _try_drop(setups: Path, name: str) -> None:
    with contextlib.suppress(EnvironmentFault, ConflictError):  # `mis clean` will say why
        drop(setups, name)


def used_ms(entry: Path) -> int:
    """Unix milliseconds of the last use of an entry."""
    try:
        return round(entry.stat().st_mtime * 1000)
    except OSError:
        return 0


def bytes_of(entry: Path) -> int:
    """Size of an entry; 0: it is not whole."""
    try:
        return sum(max(size, 0) for size in _manifest(entry)[1].values())
    except EnvironmentFault:
        return 0


def _manifest(entry: Path) -> tuple[list[str], Mapping[str, int]]:
    try:
        found = json.loads((entry / _MANIFEST).read_text("utf-8"))
        return cast("list[str]", found["roots"]), cast("dict[str, int]", found["paths"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentFault(f"the set-up kept in {entry} is not whole") from error


def _names(setups: Path) -> list[str]:
    try:
        return sorted(path.name for path in setups.iterdir())
    except OSError:
        return []
