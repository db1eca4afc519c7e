"""Whether output changes under a pattern: shares that shift, and misses that become more."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from makeitso.learning.masks import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHIFTED = 0.25
"""An index of at least this is a shift to look at; under 0.1 there is none."""
CUSUM_SLACK = 0.05
CUSUM_LIMIT = 0.5
_SMALLEST_SHARE = 1e-3


def psi(before: Mapping[str, int], after: Mapping[str, int]) -> float:
    """Population stability index of two counts over the same classes; 0: the same shares.

    Args:
        before: counts in the window that is the measure.
        after: counts in the window that is measured.
    """
    old, new = sum(before.values()), sum(after.values())
    if not old or not new:
        return 0.0
    total = 0.0
    for name in sorted({*before, *after}):
        a = max(before.get(name, 0) / old, _SMALLEST_SHARE)
        b = max(after.get(name, 0) / new, _SMALLEST_SHARE)
        total += (b - a) * math.log(b / a)
    return total


def value_types(captures: Iterable[Mapping[str, str]]) -> Counter[str]:
    """How often each field of a pattern held which kind of value, for `psi`."""
    found: Counter[str] = Counter()
    for fields in captures:
        for name, value in fields.items():
            kinds = {token.kind for token in tokens(value)} - {"SP", "PUNCT"}
            kind = next(iter(kinds)) if len(kinds) == 1 else "TEXT" if kinds else "EMPTY"
            found[f"{name}={kind}"] += 1
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cusum:
    """A running sum of how much worse than usual something is.

    Attributes:
        usual: rate that is usual, from 0 to 1.
        total: the sum; never below 0.
    """

    usual: float
    total: float = 0.0

    def seen(self, rate: float, *, slack: float = CUSUM_SLACK) -> Cusum:
        """The sum after one more run with this rate; a little more than usual adds nothing."""
        return Cusum(usual=self.usual, total=max(0.0, self.total + rate - self.usual - slack))

    def alarm(self, *, limit: float = CUSUM_LIMIT) -> bool:
        """Whether it has been worse for so long that it is no chance."""
        return self.total >= limit


def drift_of(
    before: Mapping[str, tuple[int, int]], after: Mapping[str, tuple[int, int]]
) -> dict[str, float]:
    """The shift of each pattern's hit rate between two windows.

    Args:
        before: by pattern, its hits and the lines of the window.
        after: the same, later.
    """
    return {
        name: psi(_parts(before.get(name, (0, 0))), _parts(after.get(name, (0, 0))))
        for name in sorted({*before, *after})
    }


def _parts(counts: tuple[int, int]) -> dict[str, int]:
    hits, lines = counts
    return {"hit": hits, "other": max(lines - hits, 0)}
