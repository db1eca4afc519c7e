"""Where each key and value of a TOML text stands.

The parser of the standard library gives values without places. This finds the places in a text
that parser has accepted, so it need not judge, only follow: dotted and quoted keys, inline tables,
arrays over several lines, arrays of tables.
"""

from __future__ import annotations

import bisect
import re
import tomllib
from dataclasses import dataclass, field

from makeitso.protocol.text import Span

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BASIC = re.compile(r'"(?:[^"\\]|\\.)*"')
_LITERAL = re.compile(r"'[^']*'")
_MULTI_BASIC = re.compile(r'"""(?:[^\\]|\\.)*?""""{0,2}', re.DOTALL)
_MULTI_LITERAL = re.compile(r"'''.*?''''{0,2}", re.DOTALL)
_SCALAR = re.compile(r"[^,\]}#\r\n]+")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")


@dataclass(frozen=True)
class Place:
    """Where a key stands, and its value; of a table, its header twice."""

    key: Span
    value: Span


@dataclass(frozen=True)
class LineIndex:
    """Turns offsets of a text into lines and columns."""

    starts: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> LineIndex:
        """The index of a text; only a line feed ends a line, as in TOML."""
        return cls((0, *(match.end() for match in re.finditer("\n", text))))

    def span(self, start: int, end: int) -> Span:
        """The span between two offsets."""
        line = bisect.bisect_right(self.starts, start) - 1
        end_line = bisect.bisect_right(self.starts, end) - 1
        return Span(
            line=line,
            column=start - self.starts[line],
            end_line=end_line,
            end_column=end - self.starts[end_line],
        )


def positions(text: str) -> dict[KeyPath, Place]:
    """Places of all keys of a TOML text by their path; elements of arrays have a number as key.

    The text must be valid TOML; of any other text some places are missing or wrong.
    """
    scan = _Scan(text=text, lines=LineIndex.of(text))
    scan.document()
    return scan.found


@dataclass
class _Scan:
    text: str
    lines: LineIndex
    at: int = 0
    found: dict[KeyPath, Place] = field(default_factory=dict[KeyPath, Place])
    counts: dict[KeyPath, int] = field(default_factory=dict[KeyPath, int])

    def document(self) -> None:
        table: KeyPath = ()
        while True:
            self.skip(_GAP)
            if self.at >= len(self.text):
                return
            before = self.at
            if self.text.startswith("[", self.at):
                table = self.header()
            else:
                self.pair(table)
            if self.at == before:  # not TOML after all: give up rather than turn in place
                return

    def skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def eat(self, literal: str) -> bool:
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False

    def header(self) -> KeyPath:
        start = self.at
        double = self.text.startswith("[[", start)
        self.at += 2 if double else 1
        names, _ = self.key()
        self.eat("]]" if double else "]")
        span = self.lines.span(start, self.at)
        path: KeyPath = ()
        for depth, name in enumerate(names):
            path = (*path, name)
            last = depth == len(names) - 1
            if path in self.counts and not (last and double):
                path = (*path, self.counts[path] - 1)
            elif last and double:
                self.counts[path] = self.counts.get(path, 0) + 1
                self.found.setdefault(path, Place(span, span))
                path = (*path, self.counts[path] - 1)
            self.found.setdefault(path, Place(span, span))
        if path and names:
            self.found[path] = Place(span, span)
        return path

    def key(self) -> tuple[list[str], list[Span]]:
        """Read a dotted key; its names and the span of each."""
        names: list[str] = []
        spans: list[Span] = []
        while True:
            self.skip(_BLANK)
            match = (
                _BARE.match(self.text, self.at)
                or _BASIC.match(self.text, self.at)
                or _LITERAL.match(self.text, self.at)
            )
            if match is None:
                return names, spans
            self.at = match.end()
            names.append(_name(match.group()))
            spans.append(self.lines.span(match.start(), match.end()))
            self.skip(_BLANK)
            if not self.eat("."):
                return names, spans

    def pair(self, table: KeyPath) -> None:
        names, spans = self.key()
        if not names:
            return
        self.skip(_BLANK)
        self.eat("=")
        self.skip(_BLANK)
        path: KeyPath = (*table, *names)
        start = self.at
        self.value(path)
        value = self.lines.span(start, self.at)
        for depth, span in enumerate(spans[:-1], start=1):
            self.found.setdefault((*table, *names[:depth]), Place(span, value))
        self.found[path] = Place(spans[-1], value)

    def value(self, path: KeyPath) -> None:
        for pattern in (_MULTI_BASIC, _MULTI_LITERAL, _BASIC, _LITERAL):
            match = pattern.match(self.text, self.at)
            if match:
                self.at = match.end()
                return
        if self.eat("["):
            self.array(path)
        elif self.eat("{"):
            self.inline_table(path)
        elif match := _SCALAR.match(self.text, self.at):
            self.at += len(match.group().rstrip(" \t"))

    def array(self, path: KeyPath) -> None:
        number = 0
        while True:
            self.skip(_GAP)
            if self.eat("]") or self.at >= len(self.text):
                return
            start = self.at
            element: KeyPath = (*path, number)
            self.value(element)
            span = self.lines.span(start, self.at)
            self.found[element] = Place(span, span)
            self.skip(_GAP)
            if not self.eat(",") and self.at == start:
                return
            number += 1

    def inline_table(self, path: KeyPath) -> None:
        while True:
            self.skip(_GAP)
            start = self.at
            if self.eat("}") or self.at >= len(self.text):
                return
            self.pair(path)
            self.skip(_GAP)
            self.eat(",")
            if self.at == start:
                return


def _name(raw: str) -> str:
    if not raw.startswith(('"', "'")):
        return raw
    try:
        return str(tomllib.loads(f"k = {raw}")["k"])
    except tomllib.TOMLDecodeError:
        return raw[1:-1]
