"""Three-way merge of one file.

The ancestor is the base plus what already landed, so what the person undid since stays undone; ours
is the file as the person has it; theirs is the ancestor plus what is to land.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from makeitso.landing.line_ends import adapt
from makeitso.review import hunks as hunks_of
from makeitso.workspace.git_process import git_fault, try_git

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.protocol.change import Hunk
    from makeitso.workspace.git import Repository

_ERROR_FROM = 128
"""`git merge-file` answers with the number of conflicts, at most 127; 255 is binary or an error."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """The file with what could be landed in it."""

    text: bytes
    landed: tuple[Hunk, ...]
    conflicts: tuple[Hunk, ...]
    moved_on: bool
    """Whether ours was not simply the ancestor, so that there was something to merge with."""


def merge_text(repo: Repository, *, ancestor: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    """Merge, keeping the line ends and byte order mark of ours; None: they conflict."""
    ancestor, theirs = adapt(ours, ancestor=ancestor, theirs=theirs)
    if ours in (ancestor, theirs):
        return theirs
    if ancestor == theirs:
        return ours
    with tempfile.TemporaryDirectory(prefix="makeitso-merge-") as scratch:
        names = ("ours", "ancestor", "theirs")
        for name, data in zip(names, (ours, ancestor, theirs), strict=True):
            (Path(scratch) / name).write_bytes(data)
        done = try_git(
            ["merge-file", "-p", "-q", "--diff3", *names], place=repo.objects(), cwd=Path(scratch)
        )
    if done.code == 0:
        return done.out
    if done.code >= _ERROR_FROM and b"\0" not in ours + ancestor + theirs:
        raise git_fault("merge-file", done)
    return None


def land_hunks(
    repo: Repository,
    *,
    base: bytes,
    proposal: bytes,
    ours: bytes,
    landed: Sequence[Hunk],
    accepted: Sequence[Hunk],
) -> Merged:
    """Put accepted hunks into ours; those that conflict are set aside, the rest lands.

    Base, proposal and ours are in git's form (filters undone). All at once is tried first; only
    when that conflicts, hunk after hunk.
    """
    ancestor = hunks_of.apply(base, proposal, landed)
    adapted, _ = adapt(ours, ancestor=ancestor, theirs=ancestor)
    moved_on = adapted != ours

    def attempt(chosen: Sequence[Hunk]) -> bytes | None:
        theirs = hunks_of.apply(base, proposal, [*landed, *chosen])
        return merge_text(repo, ancestor=ancestor, ours=ours, theirs=theirs)

    whole = attempt(accepted)
    if whole is not None:
        return Merged(text=whole, landed=tuple(accepted), conflicts=(), moved_on=moved_on)
    text = ours
    taken: list[Hunk] = []
    aside: list[Hunk] = []
    for hunk in accepted:
        with_it = attempt([*taken, hunk]) if len(accepted) > 1 else None
        if with_it is None:
            aside.append(hunk)
        else:
            taken.append(hunk)
            text = with_it
    return Merged(text=text, landed=tuple(taken), conflicts=tuple(aside), moved_on=moved_on)
