"""Two-stage matching: one set says which patterns match, then only those capture.

Per-line patterns see single clean lines; multi-line patterns see complete delimited blocks. Time is
linear in the input for any pattern and any bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from makeitso.parsing.linear import LinearRegex, LinearSet
from makeitso.parsing.patterns import EXTRACT_JSON, Pattern, PatternState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from makeitso.parsing.library import Library

LIVE: frozenset[PatternState] = frozenset({"active"})
_ENDS_OF_TEXT = re.compile(rb"\\[AzZC]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
MAX_BLOCK_HITS = 1000
"""Most matches of one pattern in one block; a pattern that matches everywhere ends there."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A pattern matched; its captures as text, invalid bytes replaced."""

    pattern: Pattern
    captures: dict[str, str]
    start: int
    """Byte offset of the match in the line or block."""


class _Table:
    """One set with the expressions behind it."""

    __slots__ = ("_apart", "_groups", "_patterns", "_regexes", "_set", "_together")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        sources = [p.compiled_source() for p in patterns]
        self._patterns = tuple(patterns)
        self._regexes = [LinearRegex(source) for source in sources]
        self._groups = [_groups(p, r) for p, r in zip(patterns, self._regexes, strict=True)]
        self._set = LinearSet(sources)
        # Over many lines at once: in this mode `^` and `$` are the ends of a line, and whatever
        # else a pattern says can only match more than it does in each line. An end of the text is
        # no end of a line, so a pattern that names one is not to be tried so.
        self._apart = any(_ENDS_OF_TEXT.search(source) for source in sources)
        self._together = LinearSet([] if self._apart else [b"(?m)" + one for one in sources])

    def none_in(self, lines: bytes) -> bool:
        """Whether for sure no pattern matches any of these lines; False: look at each."""
        return not self._apart and not self._together.ids(lines)

    def hits(self, data: bytes, *, limit: int) -> list[Hit]:
        found: list[Hit] = []
        for index in self._set.ids(data):
            pattern, groups = self._patterns[index], self._groups[index]
            if limit == 1:
                spans = self._regexes[index].search(data) if groups else ((0, 0),)
                if spans is not None:
                    found.append(Hit(pattern, _captures(data, spans, groups), spans[0][0]))
                continue
            for count, spans in enumerate(self._regexes[index].finditer(data)):
                if count == limit:
                    break
                found.append(Hit(pattern, _captures(data, spans, groups), spans[0][0]))
        return found

    def first(self, data: bytes) -> Hit | None:
        ids = self._set.ids(data)
        if not ids:
            return None
        index = ids[0]
        groups = self._groups[index]
        spans = self._regexes[index].search(data) if groups else ((0, 0),)
        captures = {} if spans is None else _captures(data, spans, groups)
        return Hit(self._patterns[index], captures, 0 if spans is None else spans[0][0])


class Engine:
    """A library compiled."""

    def __init__(self, library: Library, *, live: frozenset[PatternState] = LIVE) -> None:
        """Compile.

        Args:
            library: loaded patterns; all of them are known to compile one by one.
            live: states whose patterns explain lines.

        Raises:
            PatternError: the set as a whole does not fit its memory ceiling.
        """
        chosen = [p for p in library.patterns if p.state in live]
        trial = [p for p in library.patterns if p.state not in live and p.state != "off"]
        self._lines = _Table([p for p in chosen if not p.multiline])
        self._blocks = _Table([p for p in chosen if p.multiline])
        self._trial = _Table([p for p in trial if not p.multiline])

    def line(self, data: bytes) -> Hit | None:
        """The first pattern, in library order, that explains a clean line."""
        return self._lines.first(data)

    def none_in(self, lines: bytes) -> bool:
        """Whether for sure no pattern explains any of these clean lines; False: ask for each."""
        return self._lines.none_in(lines)

    def all_hits(self, data: bytes) -> list[Hit]:
        """Every live pattern that matches a line; more than one is an ambiguity."""
        return self._lines.hits(data, limit=1)

    def trial_hits(self, data: bytes) -> list[Hit]:
        """What shadow patterns would say of a line; they explain nothing."""
        return self._trial.hits(data, limit=1)

    def block(self, data: bytes) -> list[Hit]:
        """All matches of multi-line patterns in a delimited block, by pattern then place."""
        return self._blocks.hits(data, limit=MAX_BLOCK_HITS)


@lru_cache(maxsize=4)
def engine_for(library: Library, *, live: frozenset[PatternState] = LIVE) -> Engine:
    """The compiled engine of a library; streams of one run share it."""
    return Engine(library, live=live)


def _groups(pattern: Pattern, regex: LinearRegex) -> tuple[tuple[str, int], ...]:
    if pattern.intent == EXTRACT_JSON and "json" not in regex.names and regex.groups:
        return (("json", 1),)
    return tuple(regex.names.items())


def _captures(
    data: bytes, spans: tuple[tuple[int, int], ...], groups: tuple[tuple[str, int], ...]
) -> dict[str, str]:
    return {
        name: data[spans[number][0] : spans[number][1]].decode("utf-8", "replace")
        for name, number in groups
        if spans[number][0] >= 0
    }
