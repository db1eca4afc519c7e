"""Which hunks of a change say the same as hunks of the round before, on another base. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from makeitso.review.marks import all_hunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from makeitso.protocol.change import Change, Hunk

Said = tuple[str, str, tuple[str, ...], int]
"""Path, kind, changed lines, and the number among those that say all of that alike."""


def renamed(before: Change, after: Change) -> dict[str, str]:
    """Ids of hunks of `after` that are new ids of what `before` said, with their old ids.

    A hunk's id holds the base of its file: when that moves, as in a rebase, the same lines get
    another one. What has no lines is the same only when its id is.
    """
    old = {said: hunk.id for said, hunk in _said(all_hunks(before))}
    known = set(old.values())
    return {
        hunk.id: old[said]
        for said, hunk in _said(all_hunks(after))
        if hunk.id not in known and said in old
    }


def _said(hunks: Iterable[Hunk]) -> Iterator[tuple[Said, Hunk]]:
    seen = Counter[tuple[str, str, tuple[str, ...]]]()
    for hunk in hunks:
        lines = tuple(line for line in hunk.diff.split("\n")[1:] if line[:1] in ("+", "-", "\\"))
        if lines:
            what = (hunk.path, hunk.kind, lines)
            yield (*what, seen[what]), hunk
            seen[what] += 1
