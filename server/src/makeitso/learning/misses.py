"""Kinds of lines that nothing explains, and the pattern a drifted line was once known by.

A line is drifted when it is almost a line that a pattern has as its example. Then it is said where
the pattern stops to match, and the pattern is widened there, rather than a second one written.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from makeitso.learning.literals import Atom, branches
from makeitso.learning.masks import MAX_CHARACTERS, Token, skeleton, tokens
from makeitso.learning.slots import escape, slot
from makeitso.parsing.linear import LinearRegex, PatternError
from makeitso.parsing.patterns import CONTINUATION, PREFIX, translate
from makeitso.protocol.proposal import PatternEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from makeitso.learning.mining import Group
    from makeitso.parsing.library import Library
    from makeitso.parsing.patterns import Pattern
    from makeitso.protocol.record import Miss

MissKind = Literal["new", "drifted", "noise", "truncated", "spoofed"]
"""new: an event no pattern is near to; drifted: almost a line of a known pattern; noise: it has no
words; truncated: it was cut; spoofed: a control token this run did not hand out."""

NEAR = 0.75
"""Part of the tokens that a drifted line shares with the example of its pattern."""
MOST_EXAMPLES = 40
_NOT_ALONE = frozenset({CONTINUATION, PREFIX})
FEWEST_WORDS = 2
SHARED_WORDS = 0.6
"""Of the words of the example, so many must stand in the line: marks alone make no tool known."""
_WORDS = re.compile(r"[A-Za-z]{2,}")
_UNITS = re.compile(r"\b(?:[kKMGT]?i?B|eta|ETA|ms|min)\b")
_BLOB = re.compile(r"^[A-Za-z0-9+/=_-]{40,}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """The pattern a line is near to, with the reason why it does not match."""

    pattern: str
    example: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MissGroup:
    """Misses of one kind and shape, counted.

    Attributes:
        kind: what they are.
        text: the first of them by text.
        count: how many lines.
        near: for a drifted line, the pattern it was known by.
    """

    kind: MissKind
    text: str
    count: int
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Examples of a library, findable by the words in them."""

    by_word: Mapping[str, tuple[tuple[str, str], ...]]
    """For a word, (pattern, example) of those that have it."""
    patterns: Mapping[str, Pattern]


def known_templates(library: Library) -> Known:
    """The examples of the patterns that read single lines."""
    found: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    patterns: dict[str, Pattern] = {}
    for pattern in library.patterns:
        if pattern.multiline or pattern.state != "active" or pattern.intent in _NOT_ALONE:
            continue
        patterns[pattern.name] = pattern
        for example in pattern.examples:
            for word in {t.text for t in tokens(example) if t.kind == "WORD"}:
                found[word].append((pattern.name, example))
    return Known({word: tuple(rows) for word, rows in found.items()}, patterns)


def kind_of(text: str, *, reason: str = "unexplained") -> MissKind:
    """The kind of a line by itself; whether it drifted is not seen in it alone."""
    if reason == "spoofed_frame":
        return "spoofed"
    if reason in {"truncated", "json_error", "stray_end"} or len(text) >= MAX_CHARACTERS:
        return "truncated"
    stripped = text.strip()
    if not _WORDS.search(_UNITS.sub("", stripped)) or _BLOB.match(stripped):
        return "noise"
    return "new"


def group_misses(misses: Iterable[Miss], library: Library) -> list[MissGroup]:
    """Misses by kind and shape, the most frequent first."""
    counts: Counter[tuple[MissKind, tuple[str, ...]]] = Counter()
    first: dict[tuple[MissKind, tuple[str, ...]], str] = {}
    for miss in misses:
        kind = kind_of(miss.text, reason=miss.reason)
        key = (kind, ("",) if kind == "noise" else skeleton(miss.text))
        counts[key] += miss.count
        first[key] = min(first.get(key, miss.text), miss.text)
    known = known_templates(library)
    groups: list[MissGroup] = []
    for key in sorted(counts, key=lambda k: (-counts[k], k)):
        kind, text = key[0], first[key]
        near = near_pattern(text, known) if kind == "new" else None
        kind = "drifted" if near is not None else kind
        groups.append(MissGroup(kind=kind, text=text, count=counts[key], near=near))
    return groups


def near_pattern(text: str, known: Known) -> Near | None:
    """The pattern that almost matches a line; None when none is near."""
    words = {t.text for t in tokens(text) if t.kind == "WORD"}
    votes = Counter(row for word in sorted(words) for row in known.by_word.get(word, ()))
    ranked = sorted(votes, key=lambda row: (-votes[row], row))[:MOST_EXAMPLES]
    best: tuple[float, str, str] | None = None
    own = skeleton(text)
    for name, example in ranked:
        known_words = {t.text for t in tokens(example) if t.kind == "WORD"}
        shared = votes[name, example]
        if shared < FEWEST_WORDS or shared < SHARED_WORDS * len(known_words):
            continue
        alike = likeness(own, skeleton(example))
        if alike >= NEAR and (best is None or alike > best[0]):
            best = (alike, name, example)
    if best is None:
        return None
    _, name, example = best
    return Near(pattern=name, example=example, why=why_not(known.patterns[name], text))


def likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """Part of the tokens two skeletons share in the same order, blanks aside; from 0 to 1."""
    a = [key for key in one if key != "\0SP"][:200]
    b = [key for key in other if key != "\0SP"][:200]
    if not a or not b:
        return 0.0
    row = [0] * (len(b) + 1)
    for key in a:
        before = 0
        for index, against in enumerate(b):
            above = row[index + 1]
            row[index + 1] = before + 1 if key == against else max(above, row[index])
            before = above
    return 2 * row[-1] / (len(a) + len(b))


def why_not(pattern: Pattern, text: str) -> str:
    """Where a pattern stops to match a line, for a person."""
    place = _stop(pattern, text.strip())
    if place is None:
        return "it does not match, and it cannot be told where"
    atoms, index, end = place
    if index >= len(atoms):
        return "it matches"
    wanted = f"the field {atoms[index].name!r}" if atoms[index].name else repr(atoms[index].source)
    rest = text.strip().encode()[end:].decode("utf-8", "replace")
    return f"it expects {wanted} where the line has {rest[:60]!r}"


def widen(group: Group, library: Library, known: Known) -> tuple[PatternEntry, str] | None:
    """The pattern that a group drifted from, made to match it, too; with its old expression.

    None when no pattern is near, or when it cannot be widened at one place so that it still holds
    to its examples and counter-examples.
    """
    near = near_pattern(group.lines[0], known)
    pattern = library.named(near.pattern) if near is not None else None
    if near is None or pattern is None or pattern.reflags:
        return None
    regex = _widened(pattern, group.lines[0].strip())
    if regex is None or not _holds(regex, pattern, group.lines):
        return None
    entry = PatternEntry(
        name=pattern.name,
        intent=pattern.intent,
        regex=regex,
        reflags=pattern.reflags,
        fields=dict(pattern.fields),
        joins=pattern.joins,
        under=pattern.under or "",
        examples=(*pattern.examples, *group.lines[:2]),
        counter_examples=pattern.counter_examples,
        rationale=f"{pattern.rationale} Widened: {near.why}.".strip(),
    )
    return entry, pattern.regex


def _holds(regex: str, pattern: Pattern, lines: Sequence[str]) -> bool:
    try:
        trial = LinearRegex(translate(regex, pattern.reflags))
    except PatternError:
        return False
    good = all(trial.matches(text.encode()) for text in (*pattern.examples, *lines))
    return good and not any(trial.matches(text.encode()) for text in pattern.counter_examples)


def _atoms(pattern: Pattern) -> list[Atom] | None:
    """The pattern's atoms, fixed characters as words; None when it has alternatives on top."""
    found = branches(pattern.regex)
    if len(found) != 1:
        return None
    out: list[Atom] = []
    for atom in found[0]:
        fixed = not atom.quantifier and not atom.group and atom.body.isalnum()
        if fixed and out and out[-1].body.isalnum() and not (out[-1].quantifier or out[-1].group):
            text = out[-1].source + atom.source
            out[-1] = Atom(text, text, "", "", group=False)
        else:
            out.append(atom)
    return out


def _stop(pattern: Pattern, text: str) -> tuple[list[Atom], int, int] | None:
    """The atoms, the index of the first that fails, and the byte where it fails."""
    atoms = _atoms(pattern)
    if atoms is None:
        return None
    data = text.encode()
    for index in range(len(atoms), -1, -1):
        end = _end("".join(a.source for a in atoms[:index]), pattern, data)
        if end is not None:
            return atoms, index, end
    return None


def _end(source: str, pattern: Pattern, data: bytes) -> int | None:
    try:
        spans = LinearRegex(translate(source or "^", pattern.reflags)).search(data)
    except PatternError:
        return None
    return spans[0][1] if spans is not None and spans[0][0] == 0 else None


def _widened(pattern: Pattern, text: str) -> str | None:
    place = _stop(pattern, text)
    if place is None or place[1] >= len(place[0]) or place[1] == 0:
        return None
    atoms, index, end = place
    data = text.encode()
    failing = atoms[index]
    head = "".join(a.source for a in atoms[:index])
    for skipped in (index + 1, index):
        rest = "".join(a.source for a in atoms[skipped:])
        found = _from(rest, pattern, data, end)
        if found is None:
            continue
        value = data[end:found].decode("utf-8", "replace")
        if skipped == index + 1 and not value:
            return head + f"(?:{failing.source})?" + rest
        if not value or len(value) > 60 or "\ufffd" in value:
            continue
        typed = _typed(value)
        if skipped == index:
            return head + f"(?:{typed})?" + rest
        if failing.name:
            return head + f"(?P<{failing.name}>{failing.body}|{typed}){failing.quantifier}" + rest
        return head + f"(?:{failing.source}|{typed})" + rest
    return None


def _from(source: str, pattern: Pattern, data: bytes, start: int) -> int | None:
    """Where the rest of a pattern matches at or after `start`."""
    if not source or source in {"$", r"\s*$"}:
        return len(data)
    try:
        spans = LinearRegex(translate(source, pattern.reflags)).search(data[start:])
    except PatternError:
        return None
    return None if spans is None else start + spans[0][0]


def _typed(value: str) -> str:
    """A text that is to be let in, with what varies in it typed."""
    out: list[str] = []
    for token in _whole(value):
        if token.kind in {"WORD", "PUNCT"}:
            out.append(escape(token.text))
        elif token.kind == "SP":
            out.append(" +")
        else:
            out.append(slot({token.text}, {token.kind}, before="", after="").source)
    return "".join(out)


def _whole(value: str) -> list[Token]:
    """Tokens of a text with the blanks around it."""
    stripped = value.strip()
    lead = [Token("SP", " ")] if value[:1].isspace() else []
    trail = [Token("SP", " ")] if value[-1:].isspace() and stripped else []
    return [*lead, *tokens(stripped), *trail]
