"""What the workspace holds that git ignores, and what of it a worktree will therefore lack."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.policy.environments import kind_of
from makeitso.workspace.git_process import run_git

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from makeitso.workspace.git_process import GitPlace

LOOK_S = 20.0
"""Longest look at what is ignored, in seconds; it is a courtesy, and a run begins without it."""


def ignored(place: GitPlace, *, timeout_s: float = LOOK_S) -> tuple[str, ...]:
    """Ignored files below a working tree; a directory ignored as a whole is one path ending in `/`.

    Git does not go into such directories, so this is quick with large environments too. Paths that
    are not UTF-8 keep their bytes as surrogates, as `os.fsencode` undoes.

    Raises:
        EnvironmentFault: git failed or was too slow.
    """
    out = run_git(
        ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"],
        place=place,
        timeout_s=timeout_s,
    )
    names = (os.fsdecode(path) for path in out.split(b"\0") if path)
    return tuple(name for name in names if name.split("/", 1)[0] != ".makeitso")


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """What stands in the workspace and will not stand in a worktree, by what it is."""

    environments: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


def lacking(paths: Iterable[str], *, copied: Collection[str]) -> Lacking:
    """Sort what git ignores by what it is; caches that nobody misses are left out.

    Args:
        paths: from the root; a directory ignored as a whole ends in `/`.
        copied: those that a worktree is given, without a `/` at the end.
    """
    found: dict[str, list[str]] = {"environment": [], "settings": [], "other": []}
    for path in paths:
        kind = kind_of(path)
        if kind in found and path.rstrip("/") not in copied:
            found[kind].append(path)
    return Lacking(
        environments=tuple(found["environment"]),
        settings=tuple(found["settings"]),
        other=tuple(found["other"]),
    )


def some(paths: Sequence[str], *, most: int = 6) -> str:
    """A few names out of many, and how many more there are."""
    more = f" and {len(paths) - most:,} more" if len(paths) > most else ""
    shown = (os.fsencode(path).decode("utf-8", "backslashreplace") for path in paths[:most])
    return ", ".join(shown) + more
