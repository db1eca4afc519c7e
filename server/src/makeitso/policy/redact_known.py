"""Known values out of a byte stream, cut anywhere."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from ahocorasick_rs import BytesAhoCorasick, MatchKind


@dataclass(frozen=True, slots=True)
class KnownValues:
    """An automaton over all forms of all values; immutable, rebuilt when a value is added."""

    replacements: dict[bytes, bytes]
    """What each form is replaced by."""
    _forms: list[bytes] = field(init=False)
    _automaton: BytesAhoCorasick = field(init=False)
    _heads: frozenset[bytes] = field(init=False)
    _longest: int = field(init=False)

    def __post_init__(self) -> None:
        forms = sorted(self.replacements)
        heads = frozenset(form[:size] for form in forms for size in range(1, _HEAD + 1))
        object.__setattr__(self, "_forms", forms)
        object.__setattr__(self, "_heads", heads)
        object.__setattr__(self, "_longest", max(map(len, forms), default=0))
        object.__setattr__(
            self, "_automaton", BytesAhoCorasick(forms, matchkind=MatchKind.LeftmostLongest)
        )

    def redact(self, data: bytes, *, last: bool) -> tuple[bytes, bytes]:
        """Replace what is found.

        Args:
            data: bytes held back earlier, then new ones.
            last: nothing follows.

        Returns:
            What is final, and the tail that could still be the beginning of a value. The tail is
            as short as it can be, so that ordinary text is not delayed.
        """
        found = self._automaton.find_matches_as_indexes(data)
        hold = len(data) if last else self._hold(data)
        out: list[bytes] = []
        at = 0
        for index, start, end in found:
            # A match that begins before the tail is final even where it reaches into it: a longer
            # form at its place would have made the tail begin there.
            if start >= hold:
                break
            out += (data[at:start], self.replacements[self._forms[index]])
            at = end
        out.append(data[at:hold])
        return b"".join(out), data[max(at, hold) :]

    def _hold(self, data: bytes) -> int:
        """The first place from where everything up to the end begins some form."""
        size = len(data)
        for at in range(max(size - self._longest + 1, 0), size):
            if data[at : at + _HEAD] in self._heads and self._begins(data[at:]):
                return at
        return size

    def _begins(self, tail: bytes) -> bool:
        """Whether some form begins with `tail` and is longer."""
        place = bisect_left(self._forms, tail)
        while place < len(self._forms) and self._forms[place].startswith(tail):
            if len(self._forms[place]) > len(tail):
                return True
            place += 1
        return False


_HEAD = 4
"""Bytes compared before the list of forms is searched."""
