"""Two-stage matching: one set says which patterns match, then only those capture.

Per-line patterns see single clean lines; multi-line patterns see complete delimited blocks. Time is
linear in the input for any pattern and any bytes: captures are read by `re` only where that is
shown, else by RE2.
"""

from __future__ import annotations

import re
import sys
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from makeitso.parsing.fast import pattern_set
from makeitso.parsing.linear import LinearRegex
from makeitso.parsing.patterns import EXTRACT_JSON, Pattern, PatternState
from makeitso.parsing.safe import safe_regex
from makeitso.parsing.sets import HEAVY_SIZE, PatternSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from makeitso.parsing.library import Library

LIVE: frozenset[PatternState] = frozenset({"active"})
_ENDS_OF_TEXT = re.compile(rb"\\[AzZC]|\(\?[a-zA-Z]*-[a-zA-Z]*m")
MAX_BLOCK_HITS = 1000
"""Most matches of one pattern in one block; a pattern that matches everywhere ends there."""


CAPTURE_STEPS = 8_000_000
"""Bytes of a line times instructions of a pattern that RE2 may take to read captures, 5 ns each."""
SHORT_BYTES = CAPTURE_STEPS // HEAVY_SIZE
"""Shorter lines are within these steps for every pattern; larger ones than that have limits."""


class Hit(NamedTuple):
    """A pattern matched; its captures as text, invalid bytes replaced."""

    pattern: Pattern
    captures: dict[str, str]
    start: int
    """Byte offset of the match in the line or block."""


class _Table:
    """One set with the expressions behind it."""

    __slots__ = ("_apart", "_made", "_patterns", "_set", "_sources", "_together")

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        sources = [p.compiled_source() for p in patterns]
        self._patterns = tuple(patterns)
        self._sources = sources
        self._made: dict[int, _Matcher] = {}
        self._set = pattern_set(sources)
        # Over many lines at once: in this mode `^` and `$` are the ends of a line, and whatever
        # else a pattern says can only match more than it does in each line. An end of the text is
        # no end of a line, so a pattern that names one is not to be tried so.
        self._apart = any(_ENDS_OF_TEXT.search(source) for source in sources)
        self._together: PatternSet | None = None

    def __len__(self) -> int:
        return len(self._patterns)

    def none_in(self, lines: bytes) -> bool:
        """Whether for sure no pattern matches any of these lines; False: look at each."""
        if self._apart:
            return False
        if self._together is None:
            self._together = PatternSet([b"(?m)" + one for one in self._sources])
        return not self._together.ids(lines)

    def _matcher(self, index: int) -> _Matcher:
        """The matcher of a pattern; most patterns of a library never match anything."""
        made = self._made.get(index)
        if made is None:
            made = self._made[index] = _Matcher(self._patterns[index], self._sources[index])
        return made

    def names(self, data: bytes) -> list[str]:
        return [self._patterns[index].name for index in self._ids(data)]

    def _ids(self, data: bytes) -> list[int]:
        ids = self._set.ids(data)
        if len(data) > SHORT_BYTES:
            return [index for index in ids if len(data) <= self._matcher(index).longest]
        return ids

    def hits(self, data: bytes) -> Iterator[Hit]:
        """A hit of each pattern that matches, in order; captured as it is asked for."""
        return (self._matcher(index).hit(data) for index in self._ids(data))

    def first(self, data: bytes) -> Hit | None:
        ids = self._ids(data)
        return self._matcher(ids[0]).hit(data) if ids else None

    def block(self, data: bytes) -> list[Hit]:
        return [hit for index in self._set.ids(data) for hit in self._matcher(index).all(data)]


class _Matcher:
    """Takes the captures of one pattern out of a line that it is known to match."""

    __slots__ = ("_groups", "_limit", "_linear", "_once", "_pattern", "_quick", "longest")

    def __init__(self, pattern: Pattern, source: bytes) -> None:
        self._pattern = pattern
        self._linear = LinearRegex(source)
        self._groups = _groups(pattern, self._linear)
        safe = None if pattern.multiline or not self._groups else safe_regex(source)
        self._quick = None if safe is None else safe.regex.search
        if safe is not None and safe.anchored:
            self._quick = safe.regex.match
        self._limit = sys.maxsize if safe is None or safe.limit_bytes is None else safe.limit_bytes
        self.longest = sys.maxsize
        """Of lines over so many bytes the captures would take too long: it says nothing of them."""
        if self._groups and not pattern.multiline and (safe is None or safe.limit_bytes):
            self.longest = CAPTURE_STEPS // self._linear.size
        # Without captures there is nothing to find out.
        self._once = Hit(pattern, {}, 0) if not self._groups and not pattern.multiline else None

    def hit(self, data: bytes) -> Hit:
        if self._once is not None:
            return self._once
        if self._quick is not None and len(data) <= self._limit:
            found = self._quick(data)
            if found is not None:
                captures = {
                    name: str(value, "utf-8", "replace")
                    for name, number in self._groups
                    if (value := found[number]) is not None
                }
                return Hit(self._pattern, captures, found.start())
        spans = self._linear.search(data)
        if spans is None:
            return Hit(self._pattern, {}, 0)
        return Hit(self._pattern, _captures(data, spans, self._groups), spans[0][0])

    def all(self, data: bytes) -> Iterator[Hit]:
        """All matches in a block, up to the cap."""
        for spans in islice(self._linear.finditer(data), MAX_BLOCK_HITS):
            yield Hit(self._pattern, _captures(data, spans, self._groups), spans[0][0])


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
        """Whether for sure no pattern, on trial or not, matches any of these clean lines.

        False: ask for each.
        """
        return self._lines.none_in(lines) and (not self.trials or self._trial.none_in(lines))

    def all_hits(self, data: bytes) -> Iterator[Hit]:
        """Every live pattern that matches a line, in library order; two are an ambiguity."""
        return self._lines.hits(data)

    @property
    def trials(self) -> int:
        """How many patterns are on trial: they explain nothing, their hits are counted."""
        return len(self._trial)

    def trial_hits(self, data: bytes) -> Iterator[Hit]:
        """What patterns on trial would say of a line."""
        return self._trial.hits(data)

    def trial_names(self, data: bytes) -> list[str]:
        """Names of the patterns on trial that match a line."""
        return self._trial.names(data)

    def block(self, data: bytes) -> list[Hit]:
        """All matches of multi-line patterns in a delimited block, by pattern then place."""
        return self._blocks.block(data)


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
