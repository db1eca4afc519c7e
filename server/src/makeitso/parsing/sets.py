"""Which of many expressions match: the first of the two stages.

Expressions that can only match at the first byte have a set of their own. The others are tried at
every byte, and some of them make so many states that all that stand with them are slowed down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.parsing.linear import LinearSet
from makeitso.parsing.safe import is_anchored

if TYPE_CHECKING:
    from collections.abc import Sequence


class PatternSet:
    """Expressions in one order, tested at once."""

    __slots__ = ("_anchored", "_anywhere", "_loose", "_strict")

    def __init__(self, sources: Sequence[bytes]) -> None:
        """Compile.

        Raises:
            PatternError: one is refused, or all together do not fit the memory ceiling.
        """
        self._strict = [n for n, source in enumerate(sources) if is_anchored(source)]
        strict = set(self._strict)
        self._loose = [n for n in range(len(sources)) if n not in strict]
        self._anchored = LinearSet([sources[n] for n in self._strict], anchored=True)
        self._anywhere = LinearSet([sources[n] for n in self._loose])

    def ids(self, data: bytes) -> list[int]:
        """Indexes of the expressions that match somewhere in `data`, ascending."""
        found = self._anchored.ids(data)
        if not self._loose:
            return found
        strict, loose = self._strict, self._loose
        others = [loose[n] for n in self._anywhere.ids(data)]
        return sorted([*(strict[n] for n in found), *others]) if found else others
