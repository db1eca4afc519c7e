"""Parts of a hunk that says the same on another base: they are the same parts. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from makeitso.review.hunks import opened

if TYPE_CHECKING:
    from makeitso.protocol.change import Hunk


def parted_alike(one: Hunk, other: Hunk) -> bool:
    """Whether whatever splits or cuts one of two hunks cuts the same lines off the other.

    So it is when they change the same lines with something unchanged between the same of them.
    """
    if not one.diff.startswith("@@") or not other.diff.startswith("@@") or one.kind != other.kind:
        return False
    return _blocks(one) == _blocks(other)


def _blocks(hunk: Hunk) -> list[list[str]]:
    """Lines that are changed, without those between that are not."""
    lines = opened(hunk)[1]
    return [list(block) for same, block in groupby(lines, key=_unchanged) if not same]


def _unchanged(line: str) -> bool:
    return line[:1] == " "
