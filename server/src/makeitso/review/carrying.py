"""Which hunks of a change say the same as hunks of the round before, on another base. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.review.marks import all_hunks

if TYPE_CHECKING:
    from makeitso.protocol.change import Change

Said = tuple[str, str, tuple[str, ...]]
"""Path, kind, changed lines."""


def renamed(before: Change, after: Change) -> dict[str, str]:
    """Ids of hunks of `after` that are new ids of what `before` said, with their old ids.

    A hunk's id holds the base of its file: when that moves, as in a rebase, the same lines get
    another one. What has no lines is the same only when its id is. Of several that say the same,
    in order, each is its own again only while there are as many: when one is gone, nobody can say
    which.
    """
    old, new = _said(before), _said(after)
    known = {hunk_id for ids in old.values() for hunk_id in ids}
    return {
        now: then
        for said, ids in new.items()
        if len(ids) == len(old.get(said, ()))
        for now, then in zip(ids, old[said], strict=True)
        if now not in known
    }


def _said(change: Change) -> dict[Said, list[str]]:
    """Ids of the hunks by what they say."""
    found: dict[Said, list[str]] = {}
    for hunk in all_hunks(change):
        lines = tuple(line for line in hunk.diff.split("\n")[1:] if line[:1] in ("+", "-", "\\"))
        if hunk.kind == "rename":
            lines = (hunk.diff,)
        if lines:
            found.setdefault((hunk.path, hunk.kind, lines), []).append(hunk.id)
    return found
