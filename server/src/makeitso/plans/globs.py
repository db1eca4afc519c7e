"""Globs of files: which paths one matches, and whether two can match the same path.

`*` and `?` match within a segment, `**` as a whole segment any number of segments, `[a-z]` and
`[!a-z]` one character, `{a,b}` either. A path without any of these is a file, or a folder with all
beneath it. Matching starts at the root of the repository; dots at the start of a name are nothing
special. `overlap` is exact: it answers yes if and only if some path matches both.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Interval = tuple[int, int]
"""First and last code point of a run of characters."""

_SLASH = ord("/")
_LONGEST = 256
"""Characters of a glob read exactly; a longer one counts as matching anything."""
_WILD = re.compile(r"[*?\[{]")
_WILD_END = re.compile(r"[*?\]}]")
_ANY: tuple[Interval, ...] = ((0, _SLASH - 1), (_SLASH + 1, 0x10FFFF))
_MAX_ALTERNATIVES = 64
"""Most globs that braces are expanded to; beyond, it matches anything (never too little)."""


Token = Literal["*"] | tuple[Interval, ...]
"""One step of a segment: any run of characters, or one character out of intervals."""
Segment = tuple[Token, ...] | None
"""None is `**`."""
Pattern = tuple[Segment, ...]


def normal_glob(glob: str) -> str:
    """One spelling for globs that mean the same: no `./`, no doubled or closing slash."""
    parts = [part for part in glob.replace("\\", "/").split("/") if part not in ("", ".")]
    if glob.endswith(("/", "\\")) and parts:
        parts.append("**")
    return "/".join(parts)


def leaves_repository(glob: str) -> bool:
    """Whether a path or glob is absolute or climbs out by `..`."""
    path = glob.replace("\\", "/")
    return path.startswith(("/", "~")) or ".." in path.split("/") or path[1:2] == ":"


def literal_prefix(glob: str) -> str:
    """The characters before the first wildcard: a path that matches, closed by `/`, begins so."""
    plain = normal_glob(glob)
    wild = _WILD.search(plain)
    return plain[: wild.start()] if wild else f"{plain}/"


def literal_suffix(glob: str) -> str:
    """Characters that every path a glob matches ends with; none for a folder's contents."""
    plain = normal_glob(glob)
    return "" if is_literal(plain) else _WILD_END.split(plain)[-1].lstrip("/")


def is_literal(glob: str) -> bool:
    """Whether a glob is a plain path."""
    return _WILD.search(glob) is None


def matches(glob: str, path: str) -> bool:
    """Whether a glob matches a path of the repository, `/` between its segments."""
    names = [part for part in path.split("/") if part not in ("", ".")]
    exact: Pattern = tuple(tuple(((ord(c), ord(c)),) for c in name) for name in names)
    return any(_meet(pattern, exact) for pattern in compile_glob(glob))


def overlap(left: str, right: str) -> bool:
    """Whether some path matches both globs."""
    return any(_meet(a, b) for a in compile_glob(left) for b in compile_glob(right))


@lru_cache(maxsize=4096)
def compile_glob(glob: str) -> tuple[Pattern, ...]:
    """The patterns that a glob stands for: alternatives of its braces, a folder's contents."""
    patterns: list[Pattern] = []
    for plain in _expand(normal_glob(glob)):
        parts = [part for part in plain.split("/") if part]
        if len(plain) > _LONGEST:
            parts = ["**"]
        pattern = tuple(None if part == "**" else _segment(part) for part in parts)
        patterns.append(pattern)
        if is_literal(plain) and parts:
            patterns.append((*pattern, None))
    return tuple(patterns)


def _expand(glob: str) -> list[str]:
    done: list[str] = []
    waiting = [glob]
    while waiting:
        text = waiting.pop()
        match = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if match is None:
            done.append(text)
            continue
        if len(done) + len(waiting) >= _MAX_ALTERNATIVES:
            done.append("**")
            continue
        for choice in match[1].split(","):
            waiting.append(text[: match.start()] + choice + text[match.end() :])  # noqa: PERF401 -- grows while it is walked
    return done


def _segment(text: str) -> tuple[Token, ...]:
    tokens: list[Token] = []
    index = 0
    while index < len(text):
        character = text[index]
        if character == "*":
            if not tokens or tokens[-1] != "*":
                tokens.append("*")
        elif character == "?":
            tokens.append(_ANY)
        elif character == "[" and (end := _class_end(text, index)) > 0:
            tokens.append(_class(text[index + 1 : end]))
            index = end
        else:
            tokens.append(((ord(character), ord(character)),))
        index += 1
    return tuple(tokens)


def _class_end(text: str, start: int) -> int:
    """Index of the `]` that closes a class; -1 when none does, and then `[` is itself."""
    first = start + 1
    if text[first : first + 1] in ("!", "^"):
        first += 1
    return text.find("]", first + 1)


def _class(body: str) -> tuple[Interval, ...]:
    negated = body[0] in "!^"
    chars = body[1:] if negated else body
    held: list[Interval] = []
    index = 0
    while index < len(chars):
        low = high = ord(chars[index])
        if chars[index + 1 : index + 2] == "-" and index + 2 < len(chars):
            high = ord(chars[index + 2])
            index += 2
        if low <= high:
            held.append((low, high))
        index += 1
    held.sort()
    if not negated:
        return tuple(_without_slash(held))
    outside: list[Interval] = []
    start = 0
    for low, high in held:
        if low > start:
            outside.append((start, low - 1))
        start = max(start, high + 1)
    outside.append((start, 0x10FFFF))
    return tuple(_without_slash(outside))


def _without_slash(held: list[Interval]) -> list[Interval]:
    kept: list[Interval] = []
    for low, high in held:
        if low <= _SLASH <= high:
            kept += [(low, _SLASH - 1)] if low < _SLASH else []
            kept += [(_SLASH + 1, high)] if high > _SLASH else []
        elif low <= high:
            kept.append((low, high))
    return kept


def _share(left: tuple[Interval, ...], right: tuple[Interval, ...]) -> bool:
    return any(a <= d and c <= b for a, b in left for c, d in right)


def _meet(left: Pattern, right: Pattern) -> bool:
    """Walk both patterns at once over the segments of a path neither of them names."""
    reached = {(0, 0)}
    queue = [(0, 0)]

    def reach(i: int, j: int) -> None:
        if (i, j) not in reached:
            reached.add((i, j))
            queue.append((i, j))

    for i, j in queue:
        a = left[i] if i < len(left) else ()
        b = right[j] if j < len(right) else ()
        if a is None:
            reach(i + 1, j)
            if b:
                reach(i, j + 1)
        if b is None:
            reach(i, j + 1)
            if a:
                reach(i + 1, j)
        if a and b and _segments_meet(a, b):
            reach(i + 1, j + 1)
    return (len(left), len(right)) in reached


@lru_cache(maxsize=16384)
def _segments_meet(left: tuple[Token, ...], right: tuple[Token, ...]) -> bool:
    """Whether some non-empty name matches both segments."""
    if left == right and () not in left:
        return True
    reached = {(0, 0)}
    queue = [(0, 0)]

    def reach(i: int, j: int) -> None:
        if (i, j) not in reached:
            reached.add((i, j))
            queue.append((i, j))

    for i, j in queue:
        a = left[i] if i < len(left) else None
        b = right[j] if j < len(right) else None
        if a == "*":
            reach(i + 1, j)
            if b:
                reach(i, j + 1)
        if b == "*":
            reach(i, j + 1)
            if a:
                reach(i + 1, j)
        if a and b and a != "*" and b != "*" and _share(a, b):
            reach(i + 1, j + 1)
    return (len(left), len(right)) in reached
