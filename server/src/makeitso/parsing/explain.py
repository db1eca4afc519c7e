"""Which pattern explains a line, after the line before it and behind what was put before it.

Two things one expression cannot say. A line may go on with the one before it, as the text of a
warning goes on under its heading; alone it would be nothing, so its pattern counts only there. And
a line may stand behind something that is not the tool's: a time, the name of a stage or of a task
runner. Such an opening is taken off, and the rest is looked at for itself.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from makeitso.parsing.engine import Hit, engine_for
from makeitso.parsing.library import Library
from makeitso.parsing.linear import LinearRegex
from makeitso.parsing.patterns import CONTINUATION, PREFIX
from makeitso.parsing.records import makes_record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from makeitso.parsing.patterns import Pattern, PatternState

MAX_PREFIXES = 3
"""Openings taken off one line; `[INFO]  [exec]  12:00:01` are three."""


class Explainer:
    """A library, asked about one line after the other."""

    __slots__ = ("_after", "_engine", "_followed", "_trial")

    def __init__(self, library: Library, *, live: frozenset[PatternState]) -> None:
        """Compile, or take what another stream of the same library has compiled."""
        alone, after = _parted(library)
        self._engine = engine_for(alone, live=live)
        self._after = engine_for(after, live=live) if after.patterns else None
        trial = _on_trial(library, live)
        self._trial = engine_for(trial) if trial.patterns else None
        self._followed = frozenset(name for p in after.patterns for name in p.joins)

    def line(self, data: bytes, *, before: str | None = None, complete: bool = False) -> Hit | None:
        """What explains a clean line.

        Args:
            data: the line.
            before: name of the pattern whose record is not complete yet, if there is one.
            complete: nothing is wanted for it any more; more of the same only says nothing.
        """
        rest = data
        for _ in range(MAX_PREFIXES + 1):
            hit = self._hit(rest, before, complete=complete)
            if hit is None:
                break
            if not _opens(hit):
                return hit
            rest = _rest(hit.pattern, rest)
        if rest is data:
            return None
        # Behind its opening it says nothing to us: what else knows the line as it stands?
        known = (h for h in self._engine.all_hits(data) if not _opens(h))
        return next(known, self._going_on(data, before))

    def goes_on(self, name: str) -> bool:
        """Whether lines may go on with those of this pattern."""
        return name in self._followed

    def none_in(self, lines: bytes) -> bool:
        """Whether for sure no pattern says anything of any of these clean lines, each by itself."""
        if self._trial is not None and not self._trial.none_in(lines):
            return False
        return self._engine.none_in(lines)

    def on_trial(self, data: bytes) -> Iterable[Hit]:
        """What patterns on trial would say of a clean line; they explain nothing."""
        return () if self._trial is None else self._trial.all_hits(data)

    def block(self, data: bytes) -> list[Hit]:
        """All matches of multi-line patterns in a delimited block."""
        return self._engine.block(data)

    def _hit(self, data: bytes, before: str | None, *, complete: bool) -> Hit | None:
        after = self._going_on(data, before)
        if after is not None and after.captures and not complete:
            return after
        alone = self._engine.line(data)
        # What only leads over, as a line of source does, gives way to a line that says something.
        if after is None or (alone is not None and (makes_record(alone) or _opens(alone))):
            return alone
        return after

    def _going_on(self, data: bytes, before: str | None) -> Hit | None:
        if self._after is None or before not in self._followed:
            return None
        return next((h for h in self._after.all_hits(data) if before in h.pattern.joins), None)


def _opens(hit: Hit) -> bool:
    return hit.pattern.intent == PREFIX


@lru_cache(maxsize=4)
def _parted(library: Library) -> tuple[Library, Library]:
    after = tuple(p for p in library.patterns if p.intent == CONTINUATION)
    return Library(tuple(p for p in library.patterns if p.intent != CONTINUATION)), Library(after)


@lru_cache(maxsize=4)
def _on_trial(library: Library, live: frozenset[PatternState]) -> Library:
    """What reads lines on trial, as a library of its own."""
    return Library(
        tuple(
            replace(p, state="active")
            for p in library.patterns
            if p.state not in live and p.state != "off" and not p.multiline
        )
    )


@lru_cache(maxsize=64)
def _opening(pattern: Pattern) -> LinearRegex:
    return LinearRegex(pattern.compiled_source())


def _rest(pattern: Pattern, data: bytes) -> bytes:
    regex = _opening(pattern)
    spans, group = regex.search(data), regex.names.get("message")
    if spans is None or group is None or spans[group][0] < 0:
        return b""
    return data[spans[group][0] :]
