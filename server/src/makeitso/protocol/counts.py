"""Counts as people read them."""

from __future__ import annotations


def counted(number: int, noun: str, *, many: str = "") -> str:
    """A number with its noun: `1 hunk`, `2,500 files`.

    Args:
        number: how many.
        noun: the word for one.
        many: the word for others; empty: that of one with an s.
    """
    return f"{number:,} {noun if number == 1 else many or f'{noun}s'}"
