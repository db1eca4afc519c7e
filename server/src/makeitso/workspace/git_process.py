"""One hardened way to start git: clean environment, no hooks, explicit repository, a deadline.

Nothing here trusts a working tree: a worker can rewrite the `.git` file of its worktree, so callers
always name the git directory, and hooks, fsmonitor, external diff and text conversion are off.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.git_stopping import check_wanted, end_group, stoppable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TIMEOUT_S = 300.0
"""Longest git call; a clean or smudge filter of the person may be slow, for ever is too long."""

HARDENING: tuple[str, ...] = (
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.quotePath=false",
    "-c",
    "core.safecrlf=false",
    "-c",
    "core.pager=cat",
    "-c",
    "diff.suppressBlankEmpty=false",
    "-c",
    "submodule.recurse=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "--no-pager",
)

_KEPT_GIT_VARIABLES = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"})


@dataclass(frozen=True)
class GitResult:
    """How a git call ended."""

    code: int
    out: bytes
    err: bytes

    @property
    def complaint(self) -> str:
        """What git said on stderr, for a person, at most a few lines."""
        return self.err.decode("utf-8", "backslashreplace").strip()[-800:]


@dataclass(frozen=True, kw_only=True)
class GitPlace:
    """Which repository, working tree and index a call is about; None: git is not told."""

    git_dir: Path | None = None
    work_tree: Path | None = None
    index: Path | None = None

    def environment(self) -> dict[str, str]:
        """Variables that say so."""
        pairs = (
            ("GIT_DIR", self.git_dir),
            ("GIT_WORK_TREE", self.work_tree),
            ("GIT_INDEX_FILE", self.index),
        )
        return {name: os.fspath(value) for name, value in pairs if value is not None}


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment git gets: ours without any GIT_* that redirects it, in the C locale."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name in _KEPT_GIT_VARIABLES
    }
    env.update(
        LC_ALL="C",
        GIT_OPTIONAL_LOCKS="0",
        GIT_TERMINAL_PROMPT="0",
        GIT_NO_REPLACE_OBJECTS="1",
    )
    env.pop("LANGUAGE", None)
    if extra:
        env.update(extra)
    return env


def try_git(
    args: Sequence[str | bytes],
    *,
    place: GitPlace,
    stdin: bytes = b"",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> GitResult:
    """Run git and say how it ended, whatever its exit code.

    Raises:
        EnvironmentFault: git is not installed, or did not end within `timeout_s` seconds.
    """
    where = cwd or place.work_tree or place.git_dir
    check_wanted()
    try:
        process = subprocess.Popen(
            ["git", *HARDENING, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=where,
            env=clean_environment({**place.environment(), **(environment or {})}),
            start_new_session=True,
        )
    except FileNotFoundError as error:
        if where is not None and not where.is_dir():
            raise EnvironmentFault(f"There is no directory {where}.") from error
        raise EnvironmentFault(
            "git was not found on PATH.", hint="Install git 2.31 or newer."
        ) from error
    with process, stoppable(process):
        try:
            out, err = process.communicate(stdin, timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            end_group(process)
            verb = _text(args[0]) if args else "?"
            raise EnvironmentFault(
                f"`git {verb}` did not end within {timeout_s:.0f} s and was stopped.",
                hint="A filter or a slow disk may be the cause; try it by hand.",
            ) from error
        except BaseException:
            end_group(process)
            raise
    return GitResult(process.returncode, out, err)


def run_git(
    args: Sequence[str | bytes],
    *,
    place: GitPlace,
    stdin: bytes = b"",
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> bytes:
    """Run git and return its output.

    Raises:
        EnvironmentFault: git is missing, too slow, or ended with another exit code than 0.
    """
    result = try_git(
        args, place=place, stdin=stdin, cwd=cwd, environment=environment, timeout_s=timeout_s
    )
    if result.code != 0:
        raise git_fault(_text(args[0]), result)
    return result.out


def git_fault(verb: str, result: GitResult) -> EnvironmentFault:
    """The error for a git call that failed, with the way out where the cause is known."""
    complaint = result.complaint
    hint = ""
    if "Permission denied" in complaint:
        hint = "Make the file readable, or add it to .gitignore."
    elif "No space left" in complaint:
        hint = "Free some disk space and try again."
    elif "Read-only file system" in complaint or "unable to create" in complaint:
        hint = "The git directory must be writable."
    return EnvironmentFault(
        f"`git {verb}` failed with exit code {result.code}: {complaint}",
        hint=hint,
        data={"verb": verb, "exit": result.code},
    )


def _text(arg: str | bytes) -> str:
    return arg if isinstance(arg, str) else os.fsdecode(arg)
