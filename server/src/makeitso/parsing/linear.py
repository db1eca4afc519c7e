"""The typed face of google-re2: regular expressions in linear time, on bytes.

Everything runs in RE2's Latin-1 mode. In its UTF-8 mode `.` does not match an invalid byte, so a
line with one bad byte would be missed in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import re2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SET_MEMORY_BYTES = 256 << 20
"""Ceiling of one set's automaton; small ceilings (8 MiB) fail to compile a few hundred patterns."""
PATTERN_MEMORY_BYTES = 8 << 20

_re2 = cast("Any", re2)

Spans = tuple[tuple[int, int], ...]
"""Start and end of the whole match, then of each group; (-1, -1) where a group took no part."""


class PatternError(ValueError):
    """A regular expression the engine refuses; the text says why."""


def _options(memory_bytes: int) -> Any:  # noqa: ANN401 -- an untyped extension module
    options = _re2.Options()
    options.encoding = _re2.Options.Encoding.LATIN1
    options.max_mem = memory_bytes
    options.log_errors = False
    return options


def _require_set() -> None:
    # Another distribution installs a module of the same name without sets and with silent
    # fall-backs to a backtracking engine.
    if not hasattr(_re2, "Set"):
        raise PatternError("the module re2 is not google-re2")


class LinearRegex:
    """One compiled expression on bytes."""

    __slots__ = ("_regex", "groups", "names", "size")

    def __init__(self, pattern: bytes) -> None:
        """Compile.

        Raises:
            PatternError: RE2 refuses it (lookaround, backreference, too big, malformed).
        """
        _require_set()
        try:
            self._regex = _re2.compile(pattern, _options(PATTERN_MEMORY_BYTES))
        except _re2.error as error:
            raise PatternError(_reason(error)) from error
        self.size: int = int(self._regex.programsize)
        """Instructions; reading captures costs at most this times the bytes of a line."""
        self.groups: int = int(self._regex.groups)
        """Number of capturing groups."""
        index = cast("dict[bytes, int]", dict(self._regex.groupindex))
        self.names: dict[str, int] = {name.decode(): number for name, number in index.items()}
        """Group number by name."""

    def search(self, data: bytes) -> Spans | None:
        """First match anywhere in `data`."""
        found = self._regex.search(data)
        return None if found is None else self._spans(found)

    def finditer(self, data: bytes) -> Iterator[Spans]:
        """All matches that do not overlap, left to right."""
        for found in self._regex.finditer(data):
            yield self._spans(found)

    def matches(self, data: bytes) -> bool:
        """Whether it matches anywhere."""
        return self._regex.search(data) is not None

    def _spans(self, found: Any) -> Spans:  # noqa: ANN401 -- as above
        return tuple((int(a), int(b)) for a, b in map(found.span, range(self.groups + 1)))


class LinearSet:
    """Many expressions tested in one pass; tells which match, not where."""

    __slots__ = ("_match",)

    def __init__(self, patterns: Sequence[bytes], *, anchored: bool = False) -> None:
        """Compile.

        Args:
            patterns: expressions.
            anchored: test them at the first byte only.

        Raises:
            PatternError: a pattern is refused, or all together do not fit the memory ceiling.
        """
        _require_set()
        self._match: Callable[[bytes], list[int] | None] | None = None
        if not patterns:
            return
        kind = _re2.Set.MatchSet if anchored else _re2.Set.SearchSet
        made = kind(_options(SET_MEMORY_BYTES))
        try:
            for pattern in patterns:
                made.Add(pattern)
            made.Compile()
        except _re2.error as error:
            raise PatternError(_reason(error)) from error
        self._match = made.Match

    def ids(self, data: bytes) -> list[int]:
        """Indexes of the patterns that match somewhere in `data`, ascending."""
        found = self._match(data) if self._match is not None else None
        if not found:
            return []
        return found if len(found) == 1 else sorted(found)


def _reason(error: Exception) -> str:
    text = error.args[0] if error.args else "refused"
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
