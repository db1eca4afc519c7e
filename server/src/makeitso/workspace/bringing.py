"""`[bootstrap] copy`: the ignored files of a workspace that a worktree is given as well."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.plans.globs import leaves_repository, matches, normal_glob, overlap
from makeitso.workspace import copying
from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from makeitso.workspace.git_process import GitPlace

MOST_FILES = 200_000
MOST_BYTES = 4_000_000_000
"""Bounds of what is copied into one worktree; past them a run says so and does not begin."""
_MOST_LOOKED_AT = 500_000
"""Names looked at below ignored directories for one set of globs."""
_MOST_LOOKED_INTO = 5_000
"""Files that a forecast opens."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What the globs choose of a workspace."""

    paths: tuple[str, ...] = ()
    """Files and whole directories, none inside another."""
    known: tuple[str, ...] = ()
    """Globs that match only what git does not ignore: that is in every worktree already."""
    nothing: tuple[str, ...] = ()
    """Globs that match nothing at all."""
    outside: tuple[str, ...] = ()
    """Globs that leave the workspace; they choose nothing."""


def choose(place: GitPlace, root: Path, globs: Sequence[str], *, among: Iterable[str]) -> Chosen:
    """Find what the globs choose, by name alone.

    Args:
        place: the workspace's working tree.
        root: its directory.
        globs: of `[bootstrap] copy`.
        among: what git ignores there; a directory ignored as a whole ends in `/`.

    Raises:
        EnvironmentFault: git failed, or there are too many names to look at.
    """
    if not globs:
        return Chosen()
    outside = tuple(glob for glob in globs if leaves_repository(glob))
    inside = [glob for glob in globs if glob not in outside]
    found: list[str] = []
    budget = [_MOST_LOOKED_AT]
    for path in among:
        found += _chosen(root, path, inside, budget)
    used = {glob for glob in inside for path in found if _chooses(glob, path)}
    idle = [glob for glob in inside if glob not in used]
    present = _present(place) if idle else []
    known = tuple(glob for glob in idle if any(matches(glob, path) for path in present))
    return Chosen(
        paths=tuple(found),
        known=known,
        nothing=tuple(glob for glob in idle if glob not in known),
        outside=outside,
    )


def _chooses(glob: str, path: str) -> bool:
    """Whether a glob matches a path, or something below it."""
    return matches(glob, path) or overlap(glob, _below(path))


def _below(path: str) -> str:
    """A glob of everything below a path; a wildcard in its name may be any character here."""
    return re.sub(r"[*?\[{]", "?", path) + "/**"


def _chosen(root: Path, path: str, globs: Sequence[str], budget: list[int]) -> list[str]:
    """What globs choose at a path and below; a directory has a `/` at its end."""
    plain, directory = path.rstrip("/"), path.endswith("/")
    if any(matches(glob, plain) or normal_glob(glob) == f"{plain}/**" for glob in globs):
        return [plain]
    below = [glob for glob in globs if overlap(glob, _below(plain))] if directory else []
    if not below:
        return []
    try:
        with os.scandir(root / plain) as entries:
            names = sorted(
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name
                for entry in entries
            )
    except OSError:
        return []
    budget[0] -= len(names)
    if budget[0] < 0:
        raise EnvironmentFault(
            f"[bootstrap] copy makes us look at more than {_MOST_LOOKED_AT:,} ignored files",
            hint="name directories or files, such as `packages/*/.env`, not `**`",
        )
    return [one for name in names for one in _chosen(root, f"{plain}/{name}", below, budget)]


def _present(place: GitPlace) -> list[str]:
    out = run_git(["ls-files", "-z", "--cached", "--others", "--exclude-standard"], place=place)
    return [os.fsdecode(path) for path in out.split(b"\0") if path]


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What copying would come to."""

    files: int = 0
    size_bytes: int = 0
    left_out: tuple[tuple[str, str], ...] = ()
    """Files that would not be copied, with the reason."""


def forecast(
    root: Path, paths: Sequence[str], *, refuse: Callable[[bytes], str]
) -> tuple[Forecast, tuple[str, ...]]:
    """What would be copied of chosen paths, and which of these paths have something that is.

    Links are not followed, what vanishes is nothing. Small files are looked into as the copy does,
    up to a number that takes no time; those behind it count by their names.
    """
    files = total = looked = 0
    left_out: list[tuple[str, str]] = []
    brought: list[str] = []
    for path in paths:
        before = files
        for name, size, plain in _files(root, path):
            looked += 1
            reason = ""
            if plain and size <= copying.SMALL_BYTES and looked <= _MOST_LOOKED_INTO:
                reason = refuse(_content(root / name))
            if reason:
                left_out.append((name, reason))
                continue
            files += 1
            total += size
        if files > before or path.endswith("/"):
            brought.append(path)
    found = Forecast(files=files, size_bytes=total, left_out=tuple(left_out))
    return found, tuple(brought)


def _files(root: Path, path: str) -> Iterator[tuple[str, int, bool]]:
    """Each file and link of a path: its path, size in bytes, and whether it is a plain file."""
    try:
        status = (root / path).lstat()
    except OSError:
        return
    if not stat.S_ISDIR(status.st_mode):
        yield path, status.st_size, stat.S_ISREG(status.st_mode)
        return
    for folder, _, names in os.walk(root / path):
        for name in sorted(names):
            full = os.path.join(folder, name)  # noqa: PTH118 -- many
            try:
                status = os.lstat(full)
            except OSError:
                continue
            yield os.path.relpath(full, root), status.st_size, stat.S_ISREG(status.st_mode)


def _content(path: Path) -> bytes:
    """A small plain file; what cannot be read is nothing."""
    try:
        found = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(found, "rb") as file:
            return file.read(copying.SMALL_BYTES)
    except OSError:
        return b""


def bring(
    root: Path, worktree: Path, chosen: Chosen, *, refuse: Callable[[bytes], str]
) -> copying.Copied:
    """Copy what is chosen into a worktree, in the place of what a broken-off try left there.

    Args:
        root: the workspace.
        worktree: a worktree nobody has worked in yet.
        chosen: what to copy.
        refuse: the reason why a file with such bytes may not be copied, or empty.

    Raises:
        EnvironmentFault: it is too much, or cannot be read or written.
        ConflictError: a directory on the way is a link.
    """
    into = copying.Copied(
        most_files=MOST_FILES,
        most_bytes=MOST_BYTES,
        needle=os.fsencode(root),
        refuse=refuse,
    )
    for path in chosen.paths:
        copying.remove(worktree, path)
        copying.copy(root, worktree, path, into=into)
    return into
