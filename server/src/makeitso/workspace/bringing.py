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
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from makeitso.workspace.git_process import GitPlace

MOST_FILES = 200_000
MOST_BYTES = 4_000_000_000
"""Bounds of what is copied into one worktree; past them a run says so and does not begin."""
_MOST_LOOKED_AT = 500_000
"""Names looked at below ignored directories for one set of globs."""


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


def size_of(root: Path, paths: Sequence[str]) -> tuple[int, int]:
    """Files and bytes of chosen paths; links are not followed, what vanishes is nothing."""
    files = total = 0
    for path in paths:
        for one in _files(root / path):
            files += 1
            total += one
    return files, total


def _files(path: Path) -> list[int]:
    try:
        status = path.lstat()
        if not stat.S_ISDIR(status.st_mode):
            return [status.st_size]
    except OSError:
        return []
    sizes: list[int] = []
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                sizes.append(os.lstat(os.path.join(folder, name)).st_size)  # noqa: PTH118 -- many
            except OSError:
                continue
    return sizes


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
