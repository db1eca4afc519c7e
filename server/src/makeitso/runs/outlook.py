"""What a worktree will lack of the workspace, said before anything is spent, with the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.errors import EnvironmentFault
from makeitso.workspace.bringing import choose, forecast
from makeitso.workspace.git_process import GitPlace
from makeitso.workspace.ignored import ignored, lacking, some

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from makeitso.policy.redaction import Redactor
    from makeitso.protocol.config import Bootstrap
    from makeitso.workspace.bringing import Chosen, Forecast
    from makeitso.workspace.git import Repository
    from makeitso.workspace.ignored import Lacking


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """What is to be said of the worktrees to come."""

    brought: tuple[str, ...] = ()
    """What they get besides what git knows; one line each."""
    lacks: tuple[str, ...] = ()
    """What they will lack, one line a kind."""
    doubts: tuple[str, ...] = ()
    """What is probably not as meant."""

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.brought, *self.lacks, *self.doubts)


def outlook(
    repo: Repository, root: Path, settings: Bootstrap, *, refuse: Callable[[bytes], str]
) -> Outlook:
    """Look at what git ignores in a workspace; bounded, however large it is.

    `refuse` gives the reason why a file with such bytes is not copied, or empty.
    """
    place = GitPlace(git_dir=repo.git_dir, work_tree=root)
    try:
        found = ignored(place)
        chosen = choose(place, root, settings.copy_, among=found)
    except EnvironmentFault as error:
        return Outlook(doubts=(f"what a worktree will lack is not known: {error.message}",))
    lack = lacking(found, copied=frozenset(chosen.paths))
    seen, brought = forecast(root, chosen.paths, refuse=refuse)
    return Outlook(
        brought=_brought(seen, brought, settings),
        lacks=_lacks(lack, settings),
        doubts=(*doubts(chosen), *not_copied(dict(seen.left_out))),
    )


def not_copied(left_out: Mapping[str, str]) -> tuple[str, ...]:
    """What is not copied though it is chosen, a line a reason."""
    return tuple(
        f"not copied, {reason}: {some([path for path, why in left_out.items() if why == reason])}"
        for reason in dict.fromkeys(left_out.values())
    )


def refusal(redactor: Redactor) -> Callable[[bytes], str]:
    """Why a file with such bytes may not go where a worker reads it; empty: it may."""

    def refuse(data: bytes) -> str:
        holds = redactor.data(data, rules=False) != data
        return "it holds a secret of your environment" if holds else ""

    return refuse


def _brought(seen: Forecast, paths: tuple[str, ...], settings: Bootstrap) -> tuple[str, ...]:
    lines: list[str] = []
    if paths:
        lines.append(
            f"copied into each worktree, for a worker to read: {some(paths)}"
            f" ({seen.files:,} file{'' if seen.files == 1 else 's'}, {seen.size_bytes:,} bytes)"
        )
    if settings.commands:
        net = "with" if settings.network == "auto" else "without"
        lines.append(f"set-up, {net} the network: {'; '.join(settings.commands)}")
    return tuple(lines)


def _lacks(lack: Lacking, settings: Bootstrap) -> tuple[str, ...]:
    lines: list[str] = []
    if lack.environments and not settings.commands:
        lines.append(
            f"a worktree will lack these environments: {some(lack.environments)}"
            " (`[bootstrap] commands` make them)"
        )
    if lack.settings:
        lines.append(
            f"a worktree will lack these settings: {some(lack.settings)}"
            " (`[bootstrap] copy` brings them; a worker can read them then)"
        )
    if lack.other:
        lines.append(
            f"a worktree will lack what git ignores: {some(lack.other)}"
            " (where it is needed: `[bootstrap] copy`, or a command that makes it)"
        )
    return tuple(lines)


def doubts(chosen: Chosen) -> tuple[str, ...]:
    """What `[bootstrap] copy` names in vain."""
    key = "[bootstrap] copy names"
    lines: list[str] = []
    if chosen.known:
        lines.append(
            f"{key} {some(chosen.known)}, which every worktree has: git does not ignore it"
        )
    if chosen.nothing:
        lines.append(f"{key} {some(chosen.nothing)}, and no file is called so")
    if chosen.outside:
        lines.append(f"{key} {some(chosen.outside)}, which leaves the workspace; it is not copied")
    return tuple(lines)
