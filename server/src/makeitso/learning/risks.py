"""What about a proposal makes it a person's decision, however well it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from makeitso.learning.literals import gap_count, literal_count
from makeitso.parsing.patterns import CONTEXT, CONTINUATION, EXTRACT_JSON, PREFIX

if TYPE_CHECKING:
    from makeitso.parsing.library import Library
    from makeitso.protocol.proposal import PatternEntry, Risk

FEWEST_LITERALS = 6
MOST_GAPS = 1
CONTROL_INTENTS = frozenset({EXTRACT_JSON, CONTEXT, CONTINUATION, PREFIX, "frame"})
"""Intents that steer how other lines are read."""


def risks_of(entry: PatternEntry, library: Library, *, replaces: str = "") -> tuple[Risk, ...]:
    """Why a person must decide; empty: nobody needs to.

    Args:
        entry: the suggested pattern.
        library: the library it would join.
        replaces: expression it takes the place of; empty: it is new.
    """
    found: list[Risk] = []
    if entry.multiline or "s" in entry.reflags:
        found.append("block-pattern")
    if entry.intent in CONTROL_INTENTS or "MIS:" in entry.regex:
        found.append("control-intent")
    if gap_count(entry.regex) > MOST_GAPS:
        found.append("gaps")
    if literal_count(entry.regex) < FEWEST_LITERALS:
        found.append("few-literals")
    if replaces or library.named(entry.name) is not None or entry.joins or entry.under:
        found.append("changes-existing")
    return tuple(found)
