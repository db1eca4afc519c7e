"""Which of many expressions match: the first of the two stages.

Expressions that can only match at the first byte have a set of their own. The others are tried at
every byte, and some of them make so many states that all that stand with them are slowed down.
Those that can make a new state at every byte of a line, a count after something that overlaps with
it, stand alone, and see only lines that are short for their size.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from makeitso.parsing.linear import LinearRegex, LinearSet
from makeitso.parsing.safe import is_anchored, safe_regex

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAVY_STEPS = 2_000_000
"""Bytes of a line times instructions of an expression, where each byte may make a new state; some
12 ns each."""
HEAVY_SIZE = 700
"""Those up to this size share one set, and the longest line that one of this size may see."""
SHARED_LIMIT = HEAVY_STEPS // HEAVY_SIZE
LIGHT_SIZE = 40
"""Up to so many instructions nothing is heavy, whatever they are."""
_COUNT = re.compile(rb"\{(?:\d+,)?(?:1[6-9]|[2-9]\d|\d{3,})\b")
"""A repetition that is counted to sixteen or more."""


class PatternSet:
    """Expressions in one order, tested at once."""

    __slots__ = (
        "_alone",
        "_anchored",
        "_anywhere",
        "_heavy",
        "_huge",
        "_loose",
        "_shared",
        "_strict",
    )

    def __init__(self, sources: Sequence[bytes]) -> None:
        """Compile.

        Raises:
            PatternError: one is refused, or all together do not fit the memory ceiling.
        """
        limits = {n: limit for n, one in enumerate(sources) if (limit := heavy_limit(one))}
        self._shared = [n for n, limit in limits.items() if limit == SHARED_LIMIT]
        self._heavy = LinearSet([sources[n] for n in self._shared])
        self._huge = [
            (n, LinearRegex(sources[n]), limit)
            for n, limit in limits.items()
            if limit < SHARED_LIMIT
        ]
        light = [n for n in range(len(sources)) if n not in limits]
        self._strict = [n for n in light if is_anchored(sources[n])]
        strict = set(self._strict)
        self._loose = [n for n in light if n not in strict]
        self._alone = len(self._strict) == len(sources)
        """All of them are in one set, the most common case, and have its numbers."""
        self._anchored = LinearSet([sources[n] for n in self._strict], anchored=True)
        self._anywhere = LinearSet([sources[n] for n in self._loose])

    def ids(self, data: bytes) -> list[int]:
        """Indexes of the expressions that match somewhere in `data`, ascending."""
        if self._alone:
            return self._anchored.ids(data)
        found = [self._strict[n] for n in self._anchored.ids(data)]
        if self._loose:
            found += [self._loose[n] for n in self._anywhere.ids(data)]
        if self._shared and len(data) <= SHARED_LIMIT:
            found += [self._shared[n] for n in self._heavy.ids(data)]
        for index, regex, limit in self._huge:
            if len(data) <= limit and regex.matches(data):
                found.append(index)
        return sorted(found) if len(found) > 1 else found


def heavy_limit(source: bytes) -> int | None:
    """Longest line that an expression may see; None: any.

    Raises:
        PatternError: it is refused.
    """
    safe = safe_regex(source)
    if safe is not None and safe.limit_bytes is None:
        return None
    size = LinearRegex(source).size
    if size > HEAVY_SIZE:
        return HEAVY_STEPS // size
    return SHARED_LIMIT if size > LIGHT_SIZE and _COUNT.search(source) else None
