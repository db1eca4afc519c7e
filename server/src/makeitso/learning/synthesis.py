"""A group of lines becomes an entry of a library, with its reasons and its examples."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from makeitso.learning.literals import literal_count
from makeitso.learning.masks import SEVERITIES, tokens
from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.patterns import Pattern
from makeitso.protocol.proposal import PatternEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from makeitso.learning.mining import Group

EXAMPLES = 5
COUNTER_EXAMPLES = 3
NAME_WORDS = 4
_NAME = re.compile(r"[^a-z0-9]+")
_GENERIC = SEVERITIES | {"a", "an", "the", "of", "to", "in", "for", "is", "on", "at", "by", "and"}


class CannotProposeError(ValueError):
    """No pattern can be made of a group; the text says why."""


def pattern_of(entry: PatternEntry, *, origin: str = "") -> Pattern:
    """The entry as the engine knows it."""
    return Pattern(
        name=entry.name,
        intent=entry.intent,
        regex=entry.regex,
        multiline=entry.multiline,
        reflags=entry.reflags,
        fields=tuple(entry.fields.items()),
        joins=entry.joins,
        under=entry.under or None,
        examples=entry.examples,
        counter_examples=entry.counter_examples,
        rationale=entry.rationale,
        origin=origin,
    )


def compiled(entry: PatternEntry) -> LinearRegex:
    """The expression of an entry.

    Raises:
        PatternError: the engine refuses it.
    """
    return LinearRegex(pattern_of(entry).compiled_source())


def entry_of(
    group: Group, *, taken: Collection[str] = (), others: Iterable[str] = ()
) -> PatternEntry:
    """The entry for a group.

    Args:
        group: lines and expression.
        taken: names that the library has.
        others: lines of other groups and patterns; the nearest become counter-examples.

    Raises:
        CannotProposeError: the engine refuses the expression, it does not match its own lines, or
            it would match anything.
    """
    entry = PatternEntry(
        name=_name(group, taken),
        intent=group.intent,
        regex=group.regex,
        examples=_spread(group.lines, EXAMPLES),
        rationale=rationale(group),
    )
    try:
        regex = compiled(entry)
    except PatternError as error:
        raise CannotProposeError(f"the engine refuses its expression: {error}") from error
    if literal_count(group.regex) == 0:
        raise CannotProposeError("nothing in these lines is fixed: any text would match")
    missed = next((line for line in group.lines if not regex.matches(line.encode())), None)
    if missed is not None:
        raise CannotProposeError(f"its expression does not match a line it is made of: {missed!r}")
    near = _nearest(group, (line for line in others if not regex.matches(line.encode())))
    return entry.model_copy(update={"counter_examples": near})


def rationale(group: Group) -> str:
    """Why the pattern is as it is, for a person."""
    lines = "line" if len(group.lines) == 1 else f"{len(group.lines)} different lines"
    runs = f" in {len(group.runs)} run{'s' * (len(group.runs) != 1)}" if group.runs else ""
    slots = f"; what varies: {', '.join(group.slots)}" if group.slots else "; nothing varies"
    return (
        f"Made from {lines} printed {group.count} times{runs}{slots}. Told with the pattern they "
        f"are shorter by about {max(group.saving, 0):.0f} words."
    )


def _name(group: Group, taken: Collection[str]) -> str:
    """A name from the fixed words; the digest of the expression makes it the same every time."""
    shared = {token.text for token in tokens(group.lines[0])}
    for line in group.lines[1:50]:
        shared &= {token.text for token in tokens(line)}
    words: list[str] = []
    for token in tokens(group.lines[0]):
        word = _NAME.sub("_", token.text.lower()).strip("_")
        if token.kind == "WORD" and token.text in shared and word and word not in _GENERIC:
            words.append(word)
    stem = "_".join(dict.fromkeys(words[:NAME_WORDS]))[:40].strip("_") or group.intent
    digest = hashlib.sha256(group.regex.encode()).hexdigest()
    size = 4
    while f"{stem}_{digest[:size]}" in taken and size < len(digest):
        size += 4
    return f"{stem}_{digest[:size]}"


def _spread(lines: Sequence[str], most: int) -> tuple[str, ...]:
    """Some of the lines, from the shortest to the longest."""
    if len(lines) <= most:
        return tuple(lines)
    by_length = sorted(lines, key=lambda line: (len(line), line))
    picked = [by_length[round(n * (len(lines) - 1) / (most - 1))] for n in range(most)]
    return tuple(sorted(dict.fromkeys(picked)))


def _nearest(group: Group, others: Iterable[str]) -> tuple[str, ...]:
    """Lines of others that share most words with the group: what it must stay apart from."""
    own = {token.text for token in tokens(group.lines[0]) if token.kind == "WORD"}
    ranked = sorted(
        (
            (-len(own & {token.text for token in tokens(line) if token.kind == "WORD"}), line)
            for line in {line.strip() for line in others}
            if line and len(line) < 400
        ),
    )
    return tuple(line for shared, line in ranked[:COUNTER_EXAMPLES] if shared < 0)
