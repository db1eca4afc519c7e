"""Hunks that stand as their parts, and parts that stand as theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def leaves(splits: Mapping[str, tuple[str, ...]], hunk: str) -> tuple[str, ...]:
    """The hunks that a hunk stands as now, in order: itself, or its parts down to the smallest."""
    parts = splits.get(hunk)
    if parts is None:
        return (hunk,)
    return tuple(leaf for part in parts for leaf in leaves(splits, part))


def parent_of(hunk: str) -> str:
    """The hunk that git draws, of which this is a part; itself when it is none."""
    return hunk.partition(".")[0]


def inside(splits: Mapping[str, tuple[str, ...]], hunk: str) -> tuple[str, ...]:
    """The hunk and all parts of it that stand as parts themselves, outermost first."""
    if hunk not in splits:
        return ()
    return (hunk, *(name for part in splits[hunk] for name in inside(splits, part)))
